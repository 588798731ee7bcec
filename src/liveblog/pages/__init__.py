"""Pages: HTML made of entries and digests by Jinja2 templates."""
