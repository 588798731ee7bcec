"""The process that ``liveblog`` and ``python -m liveblog`` are."""

from __future__ import annotations

import atexit
import gc
import os
from typing import NoReturn

COLLECT_AFTER = 50_000
"""Threshold of the garbage collector: new objects before it runs."""


def run() -> NoReturn:
    """Run the command line, and end the process."""
    code = 1
    # A command creates about 50,000 objects that live until it ends. Collecting garbage after every
    # few hundred, Python's default, took a twentieth of its time.
    gc.set_threshold(COLLECT_AFTER)

    # The function registered first is called last. After it, Python would only free every object,
    # which takes a sixth of the time of a post, and flush the standard streams, which main() did.
    @atexit.register
    def leave() -> None:
        os._exit(code)

    try:
        from .cli import main

        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
        raise
    except KeyboardInterrupt:
        code = 130  # before or after a command could say so
        raise SystemExit(code) from None


if __name__ == "__main__":
    run()
