"""What commands print: a terminal obeys nothing that somebody else wrote."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

import liveblog
from liveblog import Blog
from liveblog.delivery.outbox import Plan
from liveblog.imports.subscriptions import Subscriptions
from liveblog.model.entry import Figure, Source
from liveblog.text import bidi
from liveblog.tokens import Person

from ..command import MODULE, Done, run
from ..conftest import Clock, begun
from ..waiting import until

TURNED = "\u202eturned\u2067"  # leaves an override and an isolate open
ESCAPES = "\x1b]0;title\x07\x1b[2J\x9b8m\x00\x85"
OURS = re.compile(r"\x1b\[(?:0|1|2|3[0-7])(?:;1)?m|\r(?=[^\n]*\x1b\[K)|\x1b\[K")
"""The escape sequences by which we colour, and draw a line again."""


def assert_safe(printed: str) -> None:
    """Fail if a terminal would obey anything but our own colours, or turn one field by another."""
    for line in printed.split("\n"):
        for field in re.split(OURS, line):
            bad = [c for c in field if unicodedata.category(c) in ("Cc", "Cs") and c != "\t"]
            assert not bad, ascii(field)
            assert bidi.close_controls(field) == field, ascii(field)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Blog:
    """A blog whose journal, outbox, people and feeds somebody hostile wrote."""
    folder = tmp_path_factory.mktemp("hostile")
    clock = Clock()
    blog = begun(folder / "blog", clock, title=TURNED, author=TURNED)
    path = blog.paths.root / "liveblog.toml"
    path.write_text(
        path.read_text("utf-8") + "[mail]\nserver = 'localhost'\nsecurity = 'none'\n"
        f"sender = '{TURNED} <blog@example.org>'\nto = ['anna@example.org']\n",
        "utf-8",
    )
    blog = Blog(blog.paths.root, clock=clock)
    entry = blog.post(
        f"{TURNED} body\nsecond",
        title=TURNED,
        author=TURNED,
        tags=[TURNED, "plain"],
        sources=[Source(TURNED, "https://example.org/")],
        figures=[Figure(TURNED, 5, TURNED, TURNED)],
        key=True,
    )
    blog.edit(entry.id, title=TURNED + "2", note=TURNED)
    blog.post(TURNED)
    gone = blog.post("x", title=TURNED)
    blog.retract(gone.id, why=TURNED)
    blog.frame("2012-07-15", headline=TURNED, introduction=TURNED, close=TURNED)
    blog.frame("coverage", headline=TURNED)
    for number, kind in enumerate(("mail", "chat", "ping")):
        plan = Plan(kind, f"{ESCAPES}{TURNED}\nx", f"{number}{ESCAPES}")  # type: ignore[arg-type]
        blog.outbox.plan([plan], clock.now, clock.now)
        (delivery,) = blog.outbox.ready(kind, clock.now)  # type: ignore[arg-type]
        blog.outbox.postpone(delivery, f"{ESCAPES}{TURNED}\nmore", clock.now)
    Subscriptions(blog.paths).follow("https://example.org/feed", clock.now)
    blog.tokens._write(
        blog.tokens._path, [Person(f"{ESCAPES}{TURNED}\nx", "post", "0" * 64, clock.now)]
    )
    return blog


def chronicle(folder: Path) -> Path:
    """Return a text to import, under a hostile name and with a line nobody understands."""
    path = folder / f"{ESCAPES.replace(chr(0), '')}{TURNED}\nx.txt"
    path.write_text(f"Dimanche 15 juillet 2012\n\n25:99 {TURNED}\n", "utf-8")
    return path


COMMANDS: dict[str, Callable[[str, Path], list[str]]] = {
    "log": lambda entry, tmp: ["log"],
    "log --json": lambda entry, tmp: ["log", "--json"],
    "log of no tag": lambda entry, tmp: ["log", "--tag", f"a{ESCAPES[:-2]}{TURNED}"],
    "log of no time": lambda entry, tmp: ["log", f"{ESCAPES}{TURNED}"],
    "show": lambda entry, tmp: ["show", entry],
    "show --history": lambda entry, tmp: ["show", entry, "--history"],
    "show --json": lambda entry, tmp: ["show", entry, "--json", "--history"],
    "show nothing": lambda entry, tmp: ["show", f"{ESCAPES}{TURNED}"],
    "search": lambda entry, tmp: ["search", "turned"],
    "search --json": lambda entry, tmp: ["search", "turned", "--json"],
    "digest": lambda entry, tmp: ["digest", "2012-07-15"],
    "digest of a week": lambda entry, tmp: ["digest", "2012-W28"],
    "digest markdown": lambda entry, tmp: ["digest", "2012-07-15", "--format", "markdown"],
    "digest html": lambda entry, tmp: ["digest", "2012-07-15", "--format", "html"],
    "digest json": lambda entry, tmp: ["digest", "2012-07-15", "--format", "json"],
    "export jsonl": lambda entry, tmp: ["export", "--format", "jsonl"],
    "export html": lambda entry, tmp: ["export", "--format", "html"],
    "export to a bad file": lambda entry, tmp: (
        ["export", "--format", "html", "-o", str(tmp / f"no{ESCAPES[:-2]}" / f"x{TURNED}")]
    ),
    "publish": lambda entry, tmp: ["-v", "publish"],
    "check": lambda entry, tmp: ["check"],
    "outbox": lambda entry, tmp: ["outbox"],
    "outbox --json": lambda entry, tmp: ["outbox", "--json"],
    "outbox retry": lambda entry, tmp: ["outbox", "retry", f"{ESCAPES}{TURNED}\nx"],
    "send": lambda entry, tmp: ["send", "2012-07-15", "--dry-run"],
    "send eml": lambda entry, tmp: ["send", "2012-07-15", "--format", "eml"],
    "send to nobody": lambda entry, tmp: ["send", "2012-07-15", "--to", f"a{ESCAPES}@b"],
    "schedule": lambda entry, tmp: ["schedule", "--list"],
    "token list": lambda entry, tmp: ["token", "list"],
    "token list --json": lambda entry, tmp: ["token", "list", "--json"],
    "token revoke": lambda entry, tmp: ["token", "revoke", f"x{ESCAPES}"],
    "import text": lambda entry, tmp: ["import", "text", "--dry-run", str(chronicle(tmp))],
    "import no file": lambda entry, tmp: ["import", "text", str(tmp / f"no{TURNED}\x1b[2J\n")],
    "import --followed": lambda entry, tmp: ["import", "feed", "--followed"],
    "remove": lambda entry, tmp: ["remove", entry, "--dry-run"],
    "a picture": lambda entry, tmp: ["post", "x", "--alt", "x", "--image", f"no{ESCAPES[:-2]}.png"],
    "a figure": lambda entry, tmp: ["post", "x", "--figure", f"{ESCAPES}{TURNED}"],
    "a time": lambda entry, tmp: ["post", "x", "--at", f"{ESCAPES}{TURNED}"],
    "a text": lambda entry, tmp: ["post", f"{ESCAPES}{TURNED}"],
    "no command": lambda entry, tmp: [f"{ESCAPES}{TURNED}"],
    "no option": lambda entry, tmp: ["log", f"--{ESCAPES}{TURNED}"],
    "no choice": lambda entry, tmp: ["digest", "--format", f"{ESCAPES}{TURNED}"],
    "no number": lambda entry, tmp: ["search", "x", "--limit", f"{ESCAPES}{TURNED}"],
    "no folder": lambda entry, tmp: ["-C", f"/no{ESCAPES[:-2]}{TURNED}", "log"],
    "no settings": lambda entry, tmp: ["--config", f"/no{ESCAPES[:-2]}{TURNED}", "log"],
}


@pytest.mark.parametrize("is_terminal", [False, True], ids=["pipe", "terminal"])
@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_lets_a_text_act(
    hostile: Blog, tmp_path: Path, name: str, is_terminal: bool
) -> None:
    """Controls are shown, directions closed; only a document in a pipe stays as it is."""
    entry_id = hostile.timeline.newest_first().__next__().id
    arguments = COMMANDS[name](entry_id, tmp_path)
    done = run(*arguments, cwd=hostile.paths.root, is_terminal=is_terminal)
    assert done.returncode in (0, 1, 2)
    assert done.stdout or done.stderr
    assert "inside liveblog" not in done.stderr
    assert_safe(done.stderr)
    documents = ("digest markdown", "digest html", "export jsonl", "export html", "send eml")
    if is_terminal or name not in documents:
        assert_safe(done.stdout)


def test_the_check_itself_bites() -> None:
    """What it is to find, it finds."""
    for bad in ("\x1b[2J", "\x1b]0;x\x07", "\x9b2J", "a\u202eb", "\x1b[8m", "\rx", "\x08"):
        with pytest.raises(AssertionError):
            assert_safe(f"fine\n{bad} fine")
    assert_safe("\x1b[1mfine\x1b[0m \x1b[33m[x]\x1b[0m")


def test_a_hostile_name_can_still_be_read(hostile: Blog) -> None:
    """It stands in the message, every character of it."""
    done = run("outbox", cwd=hostile.paths.root)
    assert r"\x1b]0;title\x07\x1b[2J\x9b8m\x00\x85" in done.stdout


def test_json_says_exactly_what_it_was(hostile: Blog) -> None:
    """It is escaped, as JSON allows, and so nothing is lost to a program."""
    (named, *_) = json.loads(run("outbox", "--json", cwd=hostile.paths.root).stdout)
    assert named["target"] == f"{ESCAPES}{TURNED}\nx"


def test_a_document_in_a_pipe_is_as_it_is(hostile: Blog) -> None:
    """Whoever processes it gets the author's text, byte for byte."""
    done = run("export", "--format", "jsonl", cwd=hostile.paths.root)
    assert TURNED in done.stdout


def test_the_log_of_a_long_command_is_safe(hostile: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a job says of a feed or another server is shown too."""

    def broken(*_: object) -> str:
        raise RuntimeError(f"{ESCAPES}{TURNED}\nmore")

    monkeypatch.setattr("liveblog.scheduler.jobs.Jobs._do", broken)
    done = run("schedule", "--once", cwd=hostile.paths.root, is_terminal=True)
    assert done.returncode == 1
    assert r"\x1b]0;title" in done.stderr
    assert_safe(done.stderr)


@pytest.mark.slow
def test_every_command_prints_in_one_way() -> None:
    """No module but one calls click's printing, print() or a standard stream's write."""
    package = Path(liveblog.__file__).parent
    calls = re.compile(
        r"click\.(echo|secho|style|prompt|confirm)|print|sys\.std\w+\.(buffer\.)?write"
    )
    found = {
        path.name
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and calls.fullmatch(ast.unparse(node.func))
    }
    assert found == {"printing.py"}


# -- streams that end or fail ----------------------------------------------------------------------


def shell(blog: Blog, script: str, *arguments: str) -> Done:
    """Run a script of a shell in a blog's folder; ``$@`` is the command with its arguments."""
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {script}", "bash", *MODULE, *arguments],
        cwd=blog.paths.root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def long(blog: Blog) -> Blog:
    """A blog with more to list than a pipe holds."""
    for number in range(3):
        blog.post("mot " * 8_000, title=f"{number} " + "t" * 250)
    return blog


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [("log", "2012-07-15", "--json"), ("digest", "2012-07-15"), ("export", "--format", "jsonl"),
     ("digest", "2012-07-15", "--format", "html"), ("--help",)],
)  # fmt: skip
def test_a_reader_that_leaves_is_no_error(long: Blog, arguments: tuple[str, ...]) -> None:
    """``liveblog log | head -1`` says nothing more, and succeeds."""
    done = shell(long, '"$@" | head -c 1', *arguments)
    assert (done.returncode, done.stderr, len(done.stdout)) == (0, "", 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [("log",), ("digest", "2012-07-15"), ("export", "--format", "jsonl"),
     ("digest", "2012-07-15", "--format", "html")],
)  # fmt: skip
def test_an_output_that_is_full_is_said(long: Blog, arguments: tuple[str, ...]) -> None:
    """What was to be printed was not, so the command failed."""
    done = shell(long, '"$@" > /dev/full', *arguments)
    assert done.returncode == 1
    assert "Cannot write to standard output: No space left on device." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_stops_nothing(blog: Blog, closed: str) -> None:
    """As some services start their programs."""
    done = shell(blog, f'"$@" {closed}', "post", "Un fait.")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list(blog.paths.entries.rglob("*.jsonl"))) == 1


@pytest.mark.slow
@pytest.mark.parametrize("given", ["< /proc/self/mem", "<&-"])
def test_an_input_that_cannot_be_read_is_said(blog: Blog, given: str) -> None:
    """A file that cannot be read, or nothing at all."""
    done = shell(blog, f'"$@" {given}', "post", "-")
    assert done.returncode in (1, 2)
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_an_interrupt_ends_a_command_cleanly(blog: Blog) -> None:
    """Ctrl-C: one word, exit 130, and no traceback."""
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [*MODULE, "post", "-"], cwd=blog.paths.root, stdin=reading, stderr=subprocess.PIPE
    )
    os.close(reading)
    status = Path(f"/proc/{process.pid}/wchan")
    until(lambda: "pipe" in status.read_text(), what="reading of the input")
    errors = b""
    while process.returncode is None:  # a busy machine may deliver a signal late
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            _, errors = process.communicate(timeout=20)
    os.close(writing)
    assert process.returncode == 130
    assert errors.decode().split() == ["Cancelled."]


@pytest.mark.slow
def test_an_interrupt_while_it_starts_leaves_no_traceback(blog: Blog) -> None:
    """Before a command was found, there is nothing to cancel."""
    script = (
        "import builtins, liveblog.__main__ as m, sys\n"
        "sys.modules['liveblog.cli'] = None\n"
        "original = builtins.__import__\n"
        "def cut(*given):\n"
        "    if 'main' in (given[3] or ()): raise KeyboardInterrupt\n"
        "    return original(*given)\n"
        "builtins.__import__ = cut\n"
        "m.run()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "")
