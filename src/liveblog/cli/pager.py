"""Shows what is longer than the screen of a terminal in a pager."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click

from . import printing

USUAL = "less"
"""The pager of a user who has not set PAGER."""

LESS = "FRX"
"""Options of less unless the user has set some: colours, and nothing that stays on the screen."""


def paged(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the option --no-pager, without which what it prints is shown in a pager."""

    @click.option("--no-pager", is_flag=True, help="Print on, also what is longer than the screen.")
    @wraps(command)
    def run(*args: Any, no_pager: bool, **options: Any) -> None:
        with _pager(is_wanted=not no_pager):
            command(*args, **options)

    return run


@contextmanager
def _pager(*, is_wanted: bool) -> Iterator[None]:
    """Show what is printed to standard output meanwhile in a pager if it is longer than the screen.

    Standard output is not a terminal: it is printed as ever.
    """
    if not is_wanted or not sys.stdout.isatty():
        yield
        return
    pieces: list[str] = []
    try:
        with printing.held(pieces):
            yield
    except BaseException:
        printing.write("".join(pieces))
        raise
    _show_or_print("".join(pieces))


def _show_or_print(text: str) -> None:
    """Show a text in the user's pager if it is longer than the screen; or else print it."""
    command = shlex.split(os.environ.get("PAGER", USUAL))
    is_long = text.count("\n") >= shutil.get_terminal_size().lines
    if not (is_long and command and shutil.which(command[0]) and _show(command, text)):
        printing.write(text)


def _show(command: list[str], text: str) -> bool:
    """Show a text in a pager; return whether the pager could be started."""
    shown = click.unstyle(text) if os.environ.get("NO_COLOR") else text
    environment = {"LESS": LESS, **os.environ}
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the pager's to obey
    try:
        subprocess.run(command, input=shown.encode(), env=environment, check=False)
    except OSError:
        return False
    finally:
        signal.signal(signal.SIGINT, before)
    return True
