"""The short names of entries, and texts that begin with a hyphen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from liveblog import Blog
from liveblog.cli.references import EntryId

from ..command import Done, run
from ..conftest import Clock, begun
from .test_arguments import commands


@pytest.fixture
def ids(tmp_path: Path) -> list[str]:
    """Return the ids of three entries, posted in another order than they happened."""
    clock = Clock()
    blog = begun(tmp_path, clock)
    found = []
    for text, day in (("One", 12), ("Two", 15), ("Three", 13)):
        clock.go(minutes=1)
        found.append(blog.post(text, at=clock.now.replace(day=day)).id)
    return found


def call(folder: Path, *words: str) -> Done:
    """Run ``liveblog`` in a folder."""
    return run(*words, cwd=folder)


def body(done: Done) -> str:
    """Return the text of the entry that a command printed as JSON."""
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["body"])


@pytest.mark.parametrize(
    ("name", "text"), [("last", "Three"), ("@", "Three"), ("last-1", "Two"), ("@-2", "One")]
)
def test_the_newest_are_named_in_the_order_of_posting(
    tmp_path: Path, ids: list[str], name: str, text: str
) -> None:
    """Whatever time they are about; an edit of an older one changes nothing."""
    Blog(tmp_path).edit(ids[0], title="Old")
    assert body(call(tmp_path, "show", name, "--json")) == text


def test_a_removed_entry_is_not_the_last(tmp_path: Path, ids: list[str]) -> None:
    """After an entry was removed, the one before it is meant."""
    assert call(tmp_path, "remove", "last", "--yes").returncode == 0
    assert body(call(tmp_path, "edit", "last", "Changed", "--json")) == "Changed"
    assert Blog(tmp_path).timeline.entry(ids[1]).now.body == "Changed"


def test_a_part_of_an_id_is_enough(tmp_path: Path, ids: list[str]) -> None:
    """Its beginning, its end, or the beginning of what follows its day."""
    for part in (ids[1][:11], ids[1][-4:], ids[1][9:13], ids[1][-5:].upper()):
        assert body(call(tmp_path, "show", part, "--json")) == "Two"


def test_what_may_be_several_is_refused_with_them(tmp_path: Path, ids: list[str]) -> None:
    """So nothing is withdrawn by mistake."""
    done = call(tmp_path, "retract", ids[0][:6], "--why", "x", "--yes")
    assert done.returncode == 2
    assert all(entry_id in done.stderr for entry_id in ids)
    assert "One" in done.stderr
    for unknown in ("zzzz", "last-9", "2"):
        assert call(tmp_path, "show", unknown).returncode == 2


def test_every_command_and_option_for_an_id_takes_a_short_name() -> None:
    """There is one type of argument for it."""
    found = [
        parameter
        for _, command in commands()
        for parameter in command.params
        if parameter.metavar == "ID"
    ]
    assert len(found) >= 8
    assert all(isinstance(parameter.type, EntryId) for parameter in found)


@pytest.mark.parametrize(
    "text", ["- the ferry runs\n- so does the bus", "-5 a", "-5 °C = cold", "--- no more ---"]
)
def test_a_text_may_begin_with_a_hyphen(tmp_path: Path, ids: list[str], text: str) -> None:
    """Wherever a command takes a text, before or after its options."""
    line = text.split("\n")[0]
    assert body(call(tmp_path, "post", text, "--title", "- x", "--json")) == text
    assert body(call(tmp_path, "edit", "--key", "last-1", text, "--json")) == text
    assert call(tmp_path, "search", text).returncode == 0
    assert call(tmp_path, "token", "new", line).returncode == 0
    assert call(tmp_path, "chapter", "new", line, "2012-07-15", "--close", "").returncode in (0, 2)
    assert body(call(tmp_path, "post", "--json", "--", f"-{text}")) == f"-{text}"


def test_an_option_that_does_not_exist_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """A typo of an option never becomes a text."""
    begun(tmp_path, Clock())
    for word in ("-x", "--tagg", "--titel=A title"):
        done = call(tmp_path, "post", word, "x")
        assert done.returncode == 2
        assert "post -- " in done.stderr
    assert call(tmp_path, "post", "--title").returncode == 2


@pytest.mark.parametrize(
    "words",
    [
        *(
            [word]
            for word in ("ls", "help", "view", "remov", "retrac", "mov", "en", "rm", "delete")
        ),
        ["chapter", "remov"],
        ["token", "revok"],
    ],
)
def test_nothing_that_destroys_is_suggested(tmp_path: Path, words: list[str]) -> None:
    """A typo must not lead to a command that takes something away."""
    done = call(tmp_path, *words)
    assert done.returncode == 2
    for command in ("remove", "retract", "revoke", "move", "end"):
        assert f"'{command}'" not in done.stderr
