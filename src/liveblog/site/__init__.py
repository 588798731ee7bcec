"""The site: brought up to date with the journal, in full or by what changed."""
