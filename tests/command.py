"""Runs the command line, in this process or in another one as a shell does."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path
from unittest.mock import patch

import pytest

from liveblog.cli import main

MODULE = [sys.executable, "-m", "liveblog"]

Done = subprocess.CompletedProcess[str]
"""The exit code of a command, and what it printed on each stream."""


def run(
    *words: str,
    stdin: str | bytes = "",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    is_terminal: bool = False,
) -> Done:
    """Run ``liveblog`` in this process: all of it, from the words to the exit code.

    It has streams, a folder and an environment of its own, without a pager. None of its streams is
    a terminal, unless *is_terminal* says that it prints to one.
    """
    kind = _Terminal if is_terminal else io.TextIOWrapper
    output, errors = (kind(io.BytesIO(), "utf-8") for _ in range(2))
    with (
        patch.object(sys, "argv", ["liveblog", *words]),
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(_bytes(stdin)), "utf-8")),
        patch.object(sys, "stdout", output),
        patch.object(sys, "stderr", errors),
        patch.dict(os.environ, {**os.environ, "PAGER": ""} if env is None else env, clear=True),
        chdir(cwd or Path.cwd()),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    assert isinstance(ended.value.code, int)
    texts = []
    for stream in (output, errors):
        stream.flush()
        stream.seek(0)
        texts.append(stream.read())
    return subprocess.CompletedProcess(words, ended.value.code, *texts)


def run_apart(
    *words: str,
    stdin: str | bytes = "",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Done:
    """Run ``liveblog`` as a process of its own."""
    done = subprocess.run(
        [*MODULE, *words],
        input=_bytes(stdin),
        capture_output=True,
        env=env,
        cwd=cwd,
        timeout=60,
        check=False,
    )
    return subprocess.CompletedProcess(
        words, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
