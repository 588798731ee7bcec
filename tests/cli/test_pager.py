"""What is longer than the screen of a terminal is shown in a pager."""

from __future__ import annotations

from pathlib import Path

import pytest

from liveblog import Blog

from ..command import run
from ..conftest import Clock
from .test_commands import on_terminal

ROWS = {"LINES": "45", "COLUMNS": "80", "NO_COLOR": "1"}


@pytest.fixture
def long_day(blog: Blog, clock: Clock) -> Blog:
    """A blog with a day of sixty updates."""
    for number in range(60):
        clock.go(minutes=1)
        blog.post(f"Fait {number}.")
    return blog


def pager(folder: Path) -> dict[str, str]:
    """Return an environment whose pager says that it ran, and what it was given."""
    path = folder / "my pager"
    path.write_text('#!/bin/sh\necho "paged $1"\ncat\n')
    path.chmod(0o755)
    return {**ROWS, "PAGER": f"'{path}' -x"}


@pytest.mark.parametrize(
    "command",
    [
        ["digest", "2012-07-15"],
        pytest.param(["log", "2012-07-15"], marks=pytest.mark.slow),
    ],
)
def test_a_long_text_is_shown_in_the_pager(
    long_day: Blog, tmp_path: Path, command: list[str]
) -> None:
    """That of the user, with its options; without a terminal it is printed as ever."""
    root = long_day.paths.root
    code, shown = on_terminal(command, root, pager(tmp_path))
    assert code == 0
    assert shown.startswith("paged -x\r\n")
    piped = run("-C", str(root), *command)
    assert "paged" not in piped.stdout
    assert "Fait 59." in piped.stdout
    assert shown.removeprefix("paged -x\r\n").replace("\r\n", "\n") == piped.stdout


@pytest.mark.slow
def test_what_fits_on_the_screen_is_printed(long_day: Blog, tmp_path: Path) -> None:
    """And so is what may not be paged, and what no pager can show."""
    root, environment = long_day.paths.root, pager(tmp_path)
    _, shown = on_terminal(["log"], root, environment)
    assert "Fait 59." in shown
    assert "paged" not in shown
    _, shown = on_terminal(["digest", "2012-07-15", "--no-pager"], root, environment)
    assert "Fait 59." in shown
    assert "paged" not in shown
    for other in ("", "/no/pager"):
        _, shown = on_terminal(["digest", "2012-07-15"], root, {**environment, "PAGER": other})
        assert "Fait 59." in shown
