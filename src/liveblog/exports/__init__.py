"""Exports: the journal as JSON lines or Markdown files, a digest as an HTML file or a book."""
