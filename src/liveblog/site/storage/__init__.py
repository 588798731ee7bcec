"""The files of the site: ``folder`` holds them, ``compressed`` holds compressed copies."""
