"""Pages: HTML rendered from entries and digests with Jinja2 templates."""
