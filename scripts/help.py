"""Write the help of every command into docs/command-line.md; a test compares the two."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from liveblog.cli import liveblog

PAGE = Path(__file__).parent.parent / "docs" / "command-line.md"
MARK = "The help below is refreshed by `make docs`.\n"


def commands(group: click.Command = liveblog, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the words of each command; a group before its commands."""
    yield " ".join((*path, "--help"))
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command
            yield from commands(command, (*path, name))


def main() -> None:
    """Replace what follows the mark."""
    text = PAGE.read_text("utf-8").partition(MARK)[0] + MARK
    for words in commands():
        done = subprocess.run(
            [sys.executable, "-m", "liveblog", *words.split()],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"COLUMNS": "96"},
        )
        text += f"\n```\n$ liveblog {words}\n{done.stdout}```\n"
    PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
