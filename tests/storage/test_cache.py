"""Results that are kept: made once, whatever comes between, and always the right ones."""

from __future__ import annotations

import errno
import os
import tempfile
import threading
from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from liveblog.storage import cache, overflow
from liveblog.storage.cache import Kept, hold_in
from liveblog.storage.overflow import Scratch


@pytest.fixture(params=[False, True], ids=["memory", "files"])
def has_files(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether the process is one that uses files."""
    hold_in(Scratch if request.param else None)
    yield request.param
    hold_in(None)


@pytest.fixture
def files() -> Iterator[None]:
    """A process that uses files."""
    hold_in(Scratch)
    yield
    hold_in(None)


@pytest.fixture(autouse=True)
def not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """No disk refused anything before."""
    monkeypatch.setattr(Scratch, "_is_refused", False)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for little, so that everything goes round often."""
    monkeypatch.setattr(cache, "RECENT", 3)
    monkeypatch.setattr(cache, "RECENT_BESIDE_STORE", 2)
    monkeypatch.setattr(overflow, "_BITS", 7)
    monkeypatch.setattr(overflow, "MOST", 2**7 - 1)


class Maker:
    """Makes a text of a number, and counts how often."""

    def __init__(self, length: int = 10) -> None:
        self.made = 0
        self.length = length

    def __call__(self, number: int) -> str:
        self.made += 1
        return f"{number} «é» " * self.length


def test_what_was_made_last_is_not_made_again(has_files: bool) -> None:
    """As many of them as are held in memory."""
    found, make = Kept(str), Maker()
    for _ in range(3):
        for number in range(cache.RECENT_BESIDE_STORE):
            assert found.get(number, partial(make, number)) == Maker()(number)
    assert make.made == cache.RECENT_BESIDE_STORE


@pytest.mark.usefixtures("files")
def test_with_files_none_of_a_long_day_is_made_again() -> None:
    """Round after round, though memory holds a few only."""
    found, make = Kept(str), Maker()
    for _ in range(3):
        for number in range(3_000):
            assert found.get(number, partial(make, number)) == Maker()(number)
    assert make.made == 3_000
    assert len(found._recent) == cache.RECENT_BESIDE_STORE


@pytest.mark.usefixtures("small")
def test_where_hashes_are_short_nothing_is_held_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine of 32 bits, where two keys may have the same."""
    monkeypatch.setattr(cache, "HASHED", 2 * cache.HASHED)
    hold_in(Scratch)
    found, make = Kept(str), Maker(1)
    for number in (*range(cache.RECENT + 1), 0):
        found.get(number, partial(make, number))
    assert make.made == cache.RECENT + 2
    assert not found._places


def same(result: tuple[bytes, int]) -> tuple[bytes, int]:
    """Make what is known already."""
    return result


@pytest.mark.usefixtures("small")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 9), st.booleans())))
def test_the_result_is_always_the_right_one(asked: list[tuple[int, bool]]) -> None:
    """Whenever files come into use, and however often they are begun anew."""
    found: Kept[tuple[bytes, int]] = Kept(tuple[bytes, int])
    try:
        for number, wanted in asked:
            hold_in(Scratch if wanted else None)
            result = (b"\xff" * 20 * number, number)  # the longest fit into no file
            assert found.get(number, partial(same, result)) == result
    finally:
        hold_in(None)


@pytest.mark.usefixtures("small", "files")
def test_threads_share_it() -> None:
    """None reads what another one overwrites."""
    found, wrong = Kept(str), []

    def ask() -> None:
        for turn in range(2_000):
            number = turn % 11
            if found.get(number, partial(Maker(2), number)) != Maker(2)(number):
                wrong.append(number)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.usefixtures("small", "files")
def test_a_process_that_is_forked_leaves_the_files_alone() -> None:
    """What it keeps is its own."""
    found = Kept(str)
    for number in range(5):
        found.get(number, partial(Maker(1), number))
    child = os.fork()
    if not child:
        for number in range(5):
            found.get(f"other {number}", lambda: "x" * 10)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    for number in range(5):
        assert found.get(number, partial(Maker(1), number)) == Maker(1)(number)


@pytest.mark.usefixtures("files")
def test_without_a_place_for_the_file_it_is_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a system that can only be read, say."""

    def refuse(**options: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    found, make = Kept(str), Maker()
    for _ in range(2):
        for number in range(cache.RECENT_BESIDE_STORE + 1):
            assert found.get(number, partial(make, number)) == Maker()(number)
    assert make.made == 2 * (cache.RECENT_BESIDE_STORE + 1)


def test_what_is_long_is_not_kept(has_files: bool) -> None:
    """Memory stays bounded whatever anybody writes."""
    made = []

    @cache.kept(str)
    def shout(text: str) -> str:
        made.append(len(text))
        return text.upper()

    for text in ("a", "b" * cache.SHORT, "c" * (cache.SHORT + 1)) * 2:
        assert shout(text) == text.upper()
    assert made == [1, cache.SHORT, cache.SHORT + 1, cache.SHORT + 1]


def test_whatever_a_text_or_an_update_holds_it_is_kept(has_files: bool) -> None:
    """Half a character, a number that is larger than machines have."""

    class Fact(Struct, frozen=True):
        value: int | float
        words: str = ""

    @cache.kept(str, length=lambda fact: 1)
    def told(fact: Fact | str) -> str:
        return repr(fact)

    facts: list[Fact | str] = [
        Fact(10**20),
        Fact(10**20 + 1),
        Fact(1),
        Fact(1.5),
        Fact(1, "1"),
        "\ud800",
        "1",
    ]
    for fact in [*facts, *facts]:
        assert told(fact) == repr(fact)


def test_what_is_forgotten_is_nowhere(has_files: bool) -> None:
    """Neither in memory nor in a file; then all goes on."""
    found, make = Kept(str), Maker()
    for _ in range(2):
        for number in range(cache.RECENT_BESIDE_STORE + 5):
            found.get(number, partial(make, number))
        cache.forget()
        assert not found._recent
        assert not found._places
        assert found._store is None
    assert make.made == 2 * (cache.RECENT_BESIDE_STORE + 5)


@pytest.mark.usefixtures("small", "files")
def test_what_is_held_outside_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each lies takes memory too."""
    monkeypatch.setattr(cache, "OUTSIDE", 4)
    found = Kept(int)
    for number in range(20):
        assert found.get(number, partial(int, number)) == number
        assert len(found._places) <= 4


@pytest.mark.usefixtures("files")
def test_a_disk_that_refused_once_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What room comes free is the journal's."""
    tried = []

    def refuse(fd: int, data: bytes, place: int) -> int:
        tried.append(place)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", refuse)
    found = Kept(str)
    for number in range(cache.RECENT_BESIDE_STORE + 9):
        assert found.get(number, partial(Maker(), number)) == Maker()(number)
    assert tried == [0]
