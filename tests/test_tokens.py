"""Tokens: tokens of which only the hash is kept, sessions that cannot be forged, limited tries."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog.model.errors import ConfigError, InvalidInput, NotFound, StorageError
from liveblog.model.permissions import SCOPES, Scope, has_scope
from liveblog.storage.atomic import replace_file
from liveblog.tokens import SESSION_SECONDS, SESSIONS, Revocation, Session, Tokens

from .conftest import Clock


@pytest.fixture
def people(tmp_path: Path) -> Tokens:
    """Nobody yet."""
    return Tokens(tmp_path / ".liveblog")


def test_a_token_lets_in_and_only_its_hash_is_on_disk(people: Tokens, clock: Clock) -> None:
    """Who reads the file cannot write to the blog."""
    token = people.new("Ana", "edit", clock.now)
    found = people.by_token(token)
    assert found is not None
    assert (found.name, found.scope, found.created) == ("Ana", "edit", clock.now)
    (path,) = people._folder.glob("tokens.json")
    assert token.encode() not in path.read_bytes()
    assert token.removeprefix("lb_").encode() not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_tokens_are_all_different_and_long(people: Tokens, clock: Clock) -> None:
    """256 bits each."""
    tokens = {people.new(f"P{n}", "post", clock.now) for n in range(20)}
    assert len(tokens) == 20
    assert all(len(token) == 46 for token in tokens)


@given(st.text(max_size=60))
def test_nothing_but_a_token_lets_in(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Not a near miss, an empty word, a hash."""
    folder = tmp_path_factory.getbasetemp() / "guess"
    people = Tokens(folder)
    if not people.all():
        people.new("Ana", "admin", Clock().now)
    assert people.by_token(text) is None
    assert people.by_token(people.all()[0].hash) is None
    assert people.by_session(text, Clock().now) is None


@pytest.mark.parametrize("scope", SCOPES)
def test_each_scope_includes_those_before_it(people: Tokens, clock: Clock, scope: Scope) -> None:
    """Post, edit, admin."""
    people.new("Ana", scope, clock.now)
    (ana,) = people.all()
    assert [s for s in SCOPES if has_scope(ana, s)] == list(SCOPES[: SCOPES.index(scope) + 1])


def test_a_revoked_token_and_its_sessions_are_out_at_once(people: Tokens, clock: Clock) -> None:
    """The cookie stands for the token, not beside it."""
    token = people.new("Ana", "post", clock.now)
    ana = people.by_token(token)
    assert ana is not None
    session = people.sign_in(ana, clock.now)
    assert people.by_session(session, clock.now) == ana
    people.revoke("Ana")
    assert people.by_token(token) is None
    assert people.by_session(session, clock.now) is None
    with pytest.raises(NotFound):
        people.revoke("Ana")


def test_a_session_ends_in_time_and_cannot_be_guessed(people: Tokens, clock: Clock) -> None:
    """An old one, a changed one, the hash on the disk: nobody."""
    people.new("Ana", "post", clock.now)
    (ana,) = people.all()
    session = people.sign_in(ana, clock.now)
    clock.go(seconds=SESSION_SECONDS - 1)
    assert people.by_session(session, clock.now) == ana
    clock.go(seconds=2)
    assert people.by_session(session, clock.now) is None
    fresh = people.sign_in(ana, clock.now)
    for place in range(0, len(fresh), 7):
        other = "A" if fresh[place] != "A" else "B"
        assert people.by_session(fresh[:place] + other + fresh[place + 1 :], clock.now) is None
    path = people._folder / "sessions.json"
    (kept,) = json.loads(path.read_text())
    assert people.by_session(kept["id"], clock.now) is None
    assert fresh not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_signing_out_ends_one_session_and_no_other(people: Tokens, clock: Clock) -> None:
    """The telephone is signed out, the laptop is not; a copy of the cookie is worth nothing."""
    people.new("Ana", "post", clock.now)
    (ana,) = people.all()
    phone, laptop = people.sign_in(ana, clock.now), people.sign_in(ana, clock.now)
    people.sign_out(phone)
    people.sign_out("never was one")
    assert people.by_session(phone, clock.now) is None
    assert people.by_session(laptop, clock.now) == ana


@pytest.mark.parametrize("name", ["sessions.json", "tokens.json"])
def test_without_its_file_nobody_is_signed_in(people: Tokens, clock: Clock, name: str) -> None:
    """``.liveblog/`` deleted: what is not known lets nobody in, and new ones can be made."""
    people.new("Ana", "post", clock.now)
    (ana,) = people.all()
    session = people.sign_in(ana, clock.now)
    (people._folder / name).unlink()
    assert people.by_session(session, clock.now) is None


def test_open_sessions_are_limited(people: Tokens, clock: Clock) -> None:
    """The oldest ends."""
    people.new("Ana", "post", clock.now)
    (ana,) = people.all()
    first = people.sign_in(ana, clock.now)
    kept = [Session(str(number), ana.hash, clock.now) for number in range(SESSIONS - 1)]
    people._write(people._sessions, [*people._all_sessions(), *kept])
    assert people.by_session(first, clock.now) == ana
    last = people.sign_in(ana, clock.now)
    assert people.by_session(first, clock.now) is None
    assert people.by_session(last, clock.now) == ana


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201, "a\0b"])
def test_a_name_that_could_sign_nothing_is_refused(people: Tokens, clock: Clock, name: str) -> None:
    """It stands under updates."""
    with pytest.raises(InvalidInput):
        people.new(name, "post", clock.now)
    assert people.all() == []


def test_a_name_has_one_token(people: Tokens, clock: Clock) -> None:
    """So that revoking it is certain."""
    people.new("Ana", "post", clock.now)
    with pytest.raises(InvalidInput, match="revoke"):
        people.new("Ana", "admin", clock.now)


def test_people_added_at_once_are_all_kept(people: Tokens, clock: Clock) -> None:
    """Two terminals, one file."""
    threads = [
        threading.Thread(target=people.new, args=(f"P{n}", "post", clock.now)) for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {person.name for person in people.all()} == {f"P{n}" for n in range(12)}


def test_a_damaged_file_is_an_error_and_lets_nobody_in(people: Tokens, clock: Clock) -> None:
    """With the hint in it."""
    token = people.new("Ana", "post", clock.now)
    (people._folder / "tokens.json").write_text(json.dumps([{"name": "Ana"}]))
    with pytest.raises(ConfigError, match=r"tokens\.json"):
        people.by_token(token)


def tokens_in(folder: Path) -> Tokens:
    """Return the tokens of a new blog in a folder."""
    folder.mkdir()
    return Tokens(folder / ".liveblog")


def test_one_token_may_be_valid_in_several_blogs(tmp_path: Path, clock: Clock) -> None:
    """In all of those that were named or in none; revoked in one, it is revoked in all."""
    north, south, west = (tokens_in(tmp_path / name) for name in ("n", "s", "w"))
    token = north.new("Ana", "edit", clock.now, [south, north])
    assert [blog.by_token(token) is not None for blog in (north, south, west)] == [
        True,
        True,
        False,
    ]
    found = south.by_token(token)
    assert found
    assert (found.name, found.scope, len(found.folders)) == ("Ana", "edit", 2)
    west.new("Bob", "post", clock.now)
    with pytest.raises(InvalidInput, match=f"already in {tmp_path / 'w'}"):
        south.new("Bob", "post", clock.now, [west])
    assert [person.name for person in south.all()] == ["Ana"]
    session = south.sign_in(found, clock.now)
    revoked = north.revoke("Ana")
    assert revoked == Revocation((tmp_path / "s",), ())
    assert south.by_token(token) is None
    assert south.by_session(session, clock.now) is None


def test_a_token_that_can_be_written_in_one_blog_only_is_valid_in_none(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blog that cannot be written to leaves the others as they were."""
    north, south = tokens_in(tmp_path / "n"), tokens_in(tmp_path / "s")
    south.new("Bob", "post", clock.now)

    def failing(path: Path, data: bytes, *, mode: int) -> None:
        if path.parts[-3] == "s" and b"Ana" in data:
            raise StorageError("The disk is full.")
        replace_file(path, data, mode=mode)

    monkeypatch.setattr("liveblog.tokens.replace_file", failing)
    for one, other in ((north, south), (south, north)):
        with pytest.raises(StorageError, match="full"):
            one.new("Ana", "edit", clock.now, [other])
        assert (len(north.all()), len(south.all())) == (0, 1)


def test_where_a_token_cannot_be_revoked_is_said(tmp_path: Path, clock: Clock) -> None:
    """A blog that was moved keeps its tokens; nothing is made in its place."""
    north, south = tokens_in(tmp_path / "n"), tokens_in(tmp_path / "s")
    token = north.new("Ana", "edit", clock.now, [south])
    (tmp_path / "s").rename(tmp_path / "elsewhere")
    assert north.revoke("Ana") == Revocation((), (tmp_path / "s",))
    assert not (tmp_path / "s").exists()
    moved = Tokens(tmp_path / "elsewhere" / ".liveblog")
    assert moved.by_token(token) is not None
    assert moved.revoke("Ana") == Revocation((tmp_path / "n",), (tmp_path / "s",))
