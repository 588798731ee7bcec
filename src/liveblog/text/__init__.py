"""Text: Markdown to safe HTML, dates, languages, front matter, control characters."""
