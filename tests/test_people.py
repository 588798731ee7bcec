"""People: tokens of which only the hash is kept, sessions that cannot be forged, limited tries."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from liveblog.errors import ConfigError, InvalidInput, NotFound
from liveblog.people import SCOPES, SESSION_SECONDS, Attempts, People, Scope

from .conftest import Clock


@pytest.fixture
def people(tmp_path: Path) -> People:
    """Nobody yet."""
    return People(tmp_path / ".liveblog")


def test_a_token_lets_in_and_only_its_hash_is_on_disk(people: People, clock: Clock) -> None:
    """Who reads the file cannot write to the blog."""
    token = people.new("Ana", "edit", clock.now)
    found = people.by_token(token)
    assert found is not None
    assert (found.name, found.scope, found.created) == ("Ana", "edit", clock.now)
    (path,) = people._folder.glob("tokens.json")
    assert token.encode() not in path.read_bytes()
    assert token.removeprefix("lb_").encode() not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_tokens_are_all_different_and_long(people: People, clock: Clock) -> None:
    """256 bits each."""
    tokens = {people.new(f"P{n}", "post", clock.now) for n in range(20)}
    assert len(tokens) == 20
    assert all(len(token) == 46 for token in tokens)


@given(st.text(max_size=60))
def test_nothing_but_a_token_lets_in(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Not a near miss, an empty word, a hash."""
    folder = tmp_path_factory.getbasetemp() / "guess"
    people = People(folder)
    if not people.all():
        people.new("Ana", "admin", Clock().now)
    assert people.by_token(text) is None
    assert people.by_token(people.all()[0].hash) is None
    assert people.by_session(text) is None


@pytest.mark.parametrize("scope", SCOPES)
def test_each_scope_includes_those_before_it(people: People, clock: Clock, scope: Scope) -> None:
    """Post, edit, admin."""
    people.new("Ana", scope, clock.now)
    (ana,) = people.all()
    assert [s for s in SCOPES if ana.may(s)] == list(SCOPES[: SCOPES.index(scope) + 1])


def test_a_revoked_token_and_its_sessions_are_out_at_once(people: People, clock: Clock) -> None:
    """The cookie stands for the token, not beside it."""
    token = people.new("Ana", "post", clock.now)
    ana = people.by_token(token)
    assert ana is not None
    cookie = people.session(ana)
    assert people.by_session(cookie) == ana
    people.revoke("Ana")
    assert people.by_token(token) is None
    assert people.by_session(cookie) is None
    with pytest.raises(NotFound):
        people.revoke("Ana")


def test_a_session_ends_and_cannot_be_altered(people: People, clock: Clock) -> None:
    """A signature of another blog, an old one, a changed one: nobody."""
    people.new("Ana", "post", clock.now)
    (ana,) = people.all()
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as time:
        cookie = people.session(ana)
        time.shift(SESSION_SECONDS - 1)
        assert people.by_session(cookie) == ana
        time.shift(2)
        assert people.by_session(cookie) is None
    fresh = people.session(ana)
    for place in range(0, len(fresh), 7):
        other = "A" if fresh[place] != "A" else "B"
        assert people.by_session(fresh[:place] + other + fresh[place + 1 :]) is None
    (people._folder / "secret").unlink()
    assert people.by_session(fresh) is None


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201, "a\0b"])
def test_a_name_that_could_sign_nothing_is_refused(people: People, clock: Clock, name: str) -> None:
    """It stands under updates."""
    with pytest.raises(InvalidInput):
        people.new(name, "post", clock.now)
    assert people.all() == []


def test_a_name_has_one_token(people: People, clock: Clock) -> None:
    """So that revoking it is certain."""
    people.new("Ana", "post", clock.now)
    with pytest.raises(InvalidInput, match="revoke"):
        people.new("Ana", "admin", clock.now)


def test_people_added_at_once_are_all_kept(people: People, clock: Clock) -> None:
    """Two terminals, one file."""
    threads = [
        threading.Thread(target=people.new, args=(f"P{n}", "post", clock.now)) for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {person.name for person in people.all()} == {f"P{n}" for n in range(12)}


def test_a_damaged_file_is_an_error_and_lets_nobody_in(people: People, clock: Clock) -> None:
    """With the mend in it."""
    token = people.new("Ana", "post", clock.now)
    (people._folder / "tokens.json").write_text(json.dumps([{"name": "Ana"}]))
    with pytest.raises(ConfigError, match=r"tokens\.json"):
        people.by_token(token)


def test_failures_are_counted_by_address_and_forgotten_in_time() -> None:
    """Ten within five minutes, then a wait; others are not held up."""
    now = 0.0
    attempts = Attempts(3, 60, lambda: now)
    for _ in range(3):
        assert attempts.wait("a") == 0
        attempts.failed("a")
        now += 1
    assert attempts.wait("a") == 57
    assert attempts.wait("b") == 0
    now = 60.5
    assert attempts.wait("a") == 0
    attempts.failed("a")
    assert attempts.wait("a") == pytest.approx(0.5)


def test_counting_failures_takes_bounded_memory() -> None:
    """However many addresses try."""
    attempts = Attempts(3, 60, lambda: 0.0)
    for number in range(25_000):
        attempts.failed(str(number))
    assert len(attempts._failures) == 10_000
