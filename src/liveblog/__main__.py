"""``python -m liveblog``."""

from .cli import main

main()
