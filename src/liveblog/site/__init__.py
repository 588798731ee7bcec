"""The site: publishes ``feeds/`` from the journal, in full or only what changed."""
