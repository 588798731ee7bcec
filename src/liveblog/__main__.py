"""Run the command line: ``liveblog``, or ``python -m liveblog``."""

from __future__ import annotations

import gc
from typing import NoReturn

COLLECT_AFTER = 20_000
"""New objects between two looks for garbage. Python's 700 make fifty looks out of the imports of a
``post``, which leave none: a twentieth of its time."""


def main() -> NoReturn:
    """Run the command line and exit."""
    gc.set_threshold(COLLECT_AFTER)
    from .cli import main as run

    run()


if __name__ == "__main__":
    main()
