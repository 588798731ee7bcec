"""The process that ``liveblog`` and ``python -m liveblog`` are."""

from __future__ import annotations

import atexit
import gc
import os
from typing import NoReturn

COLLECT_AFTER = 50_000
"""Objects more than before after which a command looks for garbage."""


def run() -> NoReturn:
    """Run the command line, and end the process."""
    code = 1
    # A command loads some 50,000 objects that stay to its end. To look through them for garbage
    # after every few hundred, as Python does, was a twentieth of its time.
    gc.set_threshold(COLLECT_AFTER)

    # The first to be registered is the last to be called. What is left of Python's farewell then is
    # to free every object one by one, a sixth of the time that a post takes, and to empty the
    # buffers of the standard streams, which main has done.
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
