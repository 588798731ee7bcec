"""Feeds that are followed: asked when they are due, politely, and nothing is missed.

The servers are real sockets on loopback; the clock is set.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog import Blog, http_client
from liveblog.http_client import Answer, Client
from liveblog.imports import Item, Update, subscriptions
from liveblog.imports.subscriptions import (
    MAX_BACKOFF,
    POLL_INTERVAL,
    Subscription,
    Subscriptions,
    after_answer,
    after_failure,
    poll_due,
)
from liveblog.model.errors import InvalidInput, NotFound, StorageError
from liveblog.scheduler import Schedule
from liveblog.storage import locks
from liveblog.storage.paths import Paths

from ..conftest import Clock
from ..outside import Outside, outside, says
from .test_feed import atom, entry

NOW = datetime(2012, 7, 16, 12, tzinfo=UTC)
FEED = Subscription(name="n", url="http://e.org/feed", due=NOW)


@pytest.fixture
def server() -> Iterator[Outside]:
    """A server on loopback."""
    with outside() as running:
        yield running


@pytest.fixture
def following(tmp_path: Path) -> Subscriptions:
    """A list of feeds, empty."""
    return Subscriptions(Paths(tmp_path))


class Desk:
    """Takes what feeds say, and keeps it for the test."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def __call__(self, name: str, items: Iterable[Item]) -> str:
        found = [item.key for item in items if isinstance(item, Update)]
        self.keys += found
        return f"{len(found)} updates" if found else ""


def says_with(status: int, **headers: str) -> Answer:
    """Return an answer with headers; their names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, b"", FEED.url)


# -- updates without a date ---------------------------------------------------------------------


def test_an_update_without_a_date_has_the_time_at_which_it_was_first_seen(
    blog: Blog, clock: Clock, server: Outside
) -> None:
    """It keeps that date at the next reading, also where its text changes."""
    started = clock()
    following = Subscriptions(blog.paths)
    following.follow(f"{server.url}/feed", started)
    client = Client(allow=[server.place])

    def read(*items: str) -> list[tuple[str, datetime, int]]:
        server.pages["/feed"] = says(undated(*items).encode())
        poll_due(following, client, lambda n, i: str(blog.import_items(i, source=n)), clock())
        return [(e.now.title, e.now.published, e.now.rev) for e in blog.timeline.newest_first()]

    assert read("B", "A") == [("B", started, 1), ("A", started, 1)]
    clock.go(hours=1)
    later = clock()
    assert read("C", "B", "A") == [("C", later, 1), ("B", started, 1), ("A", started, 1)]
    clock.go(hours=1)
    assert read("C", "B", "A<p>more</p>") == [("C", later, 1), ("B", started, 1), ("A", started, 2)]


def undated(*texts: str) -> str:
    """Return an RSS feed, newest first, whose items have a title and no date."""
    items = (
        f"<item><title>{text[0]}</title><guid>{text[0]}</guid>"
        f"<description>{text.replace('<', '&lt;')} is new.</description></item>"
        for text in texts
    )
    return f"<rss version='2.0'><channel><title>n</title>{''.join(items)}</channel></rss>"


# -- the list --------------------------------------------------------------------------------------


def test_the_list_is_stored_with_the_entries(tmp_path: Path, following: Subscriptions) -> None:
    """Another process reads it as it was written, in its order."""
    following.follow("https://e.org/a", NOW, "A")
    following.follow("https://e.org/b", NOW)
    again = Subscriptions(Paths(tmp_path))
    assert [(f.name, f.url) for f in again.all()] == [
        ("A", "https://e.org/a"),
        ("https://e.org/b", "https://e.org/b"),
    ]
    assert (tmp_path / "entries" / "followed.json").exists()
    following.unfollow("A")
    following.unfollow("https://e.org/b")
    assert again.all() == []
    assert again.next_due() is None


@pytest.mark.parametrize("url", ["", "e.org", "ftp://e.org/", "https://", "https://e.org/a b"])
def test_what_is_no_address_is_not_followed(following: Subscriptions, url: str) -> None:
    """It is not stored either."""
    with pytest.raises(InvalidInput, match="cannot be followed"):
        following.follow(url, NOW)
    assert following.all() == []


def test_a_feed_is_followed_once_and_unfollowed_by_its_name(following: Subscriptions) -> None:
    """Both by its name and its address."""
    following.follow("https://e.org/a", NOW, "Agency")
    for url, name in (("https://e.org/a", "B"), ("https://e.org/b", "Agency")):
        with pytest.raises(InvalidInput, match="followed already"):
            following.follow(url, NOW, name)
    with pytest.raises(NotFound, match="Did you mean 'Agency'"):
        following.unfollow("Agenci")
    assert len(following.all()) == 1


def test_a_damaged_list_is_named(tmp_path: Path, following: Subscriptions) -> None:
    """And not written over."""
    following.follow("https://e.org/a", NOW)
    path = tmp_path / "entries" / "followed.json"
    path.write_text(path.read_text()[:-5])
    with pytest.raises(InvalidInput, match=r"followed\.json is damaged"):
        following.follow("https://e.org/b", NOW)
    assert path.read_text().startswith("[")


def test_two_who_change_the_list_at_once_both_succeed(following: Subscriptions) -> None:
    """No feed is lost."""
    threads = [
        threading.Thread(target=following.follow, args=(f"https://e.org/{n}", NOW))
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(following.all()) == 12


def test_a_feed_that_was_unfollowed_meanwhile_does_not_come_back(following: Subscriptions) -> None:
    """Its state is saved only if it is still followed."""
    source = following.follow("https://e.org/a", NOW)
    following.unfollow(source.name)
    following.save(source)
    assert following.all() == []


# -- when it is asked again ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "minutes"),
    [
        ("", 5),
        ("no-cache", 5),
        ("max-age=30", 5),
        ("public, max-age=900", 15),
        ("max-age=99999", 60),
    ],
)
def test_a_server_says_how_long_its_answer_is_fresh(control: str, minutes: int) -> None:
    """Within reason: never more often than every five minutes, never less than hourly."""
    after = after_answer(FEED, says_with(200, cache_control=control), NOW)
    assert after.due == NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("retry", "wait"),
    [
        ("1200", timedelta(minutes=20)),
        ("10", POLL_INTERVAL),
        ("Mon, 16 Jul 2012 14:00:00 GMT", timedelta(hours=2)),
        ("Mon, 16 Jul 2001 14:00:00 GMT", POLL_INTERVAL),
        ("99999999", MAX_BACKOFF),
        ("9" * 50, POLL_INTERVAL),
        ("soon", POLL_INTERVAL),
        ("Mon, 16 Jul 9999999 14:00:00 GMT", POLL_INTERVAL),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_wants_to_be_left_alone_is(status: int, retry: str, wait: timedelta) -> None:
    """RFC 9110 §10.2.3: seconds or a date."""
    after = after_answer(FEED, says_with(status, retry_after=retry), NOW)
    assert after.due == NOW + wait
    assert after.trouble == f"{FEED.url} answers {status}"


def test_a_feed_that_fails_is_asked_less_and_less_and_then_as_before() -> None:
    """Up to once a day."""
    source, waits = FEED, []
    for _ in range(12):
        source = after_failure(source, "down", NOW)
        waits.append(source.due - NOW)
    assert waits[:3] == [POLL_INTERVAL, 2 * POLL_INTERVAL, 4 * POLL_INTERVAL]
    assert waits[-1] == MAX_BACKOFF
    assert waits == sorted(waits)
    well = after_answer(source, says_with(304), NOW)
    assert (well.due, well.failures, well.trouble) == (NOW + POLL_INTERVAL, 0, "")


def test_a_feed_that_is_gone_is_not_asked_again(following: Subscriptions) -> None:
    """410, and the list says so."""
    source = following.follow(FEED.url, NOW)
    following.save(after_answer(source, says_with(410), NOW))
    assert following.due(NOW + timedelta(days=999)) == []
    assert following.next_due() is None
    assert "gone for good" in following.all()[0].trouble


@given(st.integers(0, 10_000), st.integers(100, 599), st.text(max_size=20), st.text(max_size=20))
def test_whatever_a_server_says_it_is_asked_between_five_minutes_and_a_day_later(
    failures: int, status: int, retry: str, control: str
) -> None:
    """Neither in a loop nor never."""
    source = Subscription(name="n", url="http://e.org/", due=NOW, failures=failures)
    after = after_answer(source, says_with(status, retry_after=retry, cache_control=control), NOW)
    assert after.is_over or NOW + POLL_INTERVAL <= after.due <= NOW + MAX_BACKOFF


# -- asking ----------------------------------------------------------------------------------------


def test_only_what_changed_is_asked_for(server: Outside, following: Subscriptions) -> None:
    """RFC 9110 §13: with the server's own marks, as it wrote them."""
    date = "Mon, 16 Jul 2012 11:00:00 GMT"
    server.pages["/feed"] = says(atom(entry()), ETag='W/"1"', Last_Modified=date)
    client, desk = Client(allow={server.place}), Desk()
    following.follow(f"{server.url}/feed", NOW, "Agency")
    assert poll_due(following, client, desk, NOW) == "Agency: 1 updates"
    assert "if-none-match" not in server.requests[0].lower()
    assert poll_due(following, client, desk, NOW) == ""  # not due yet
    server.pages["/feed"] = says(status="304 Not Modified")
    assert poll_due(following, client, desk, NOW + POLL_INTERVAL) == ""
    asked = server.requests[1].lower()
    assert 'if-none-match: w/"1"' in asked
    assert f"if-modified-since: {date}".lower() in asked
    assert desk.keys == ["urn:x:1"]
    assert len(server.requests) == 2
    assert following.all()[0].etag  # a 304 without them keeps them


def test_a_mark_is_stored_only_after_its_updates(server: Outside, following: Subscriptions) -> None:
    """If they cannot be imported, the same answer is asked for again."""

    def refuse(name: str, items: Iterable[Item]) -> str:
        raise InvalidInput("The disk is full.")

    def crash(name: str, items: Iterable[Item]) -> str:
        raise ZeroDivisionError

    server.pages["/feed"] = says(atom(entry()), ETag='"1"')
    client, desk = Client(allow={server.place}), Desk()
    following.follow(f"{server.url}/feed", NOW, "Agency")
    assert poll_due(following, client, refuse, NOW) == "Agency: The disk is full."
    with pytest.raises(ZeroDivisionError):
        poll_due(following, client, crash, NOW + MAX_BACKOFF)
    (source,) = following.all()
    assert (source.etag, source.failures) == ("", 2)
    assert poll_due(following, client, desk, NOW + MAX_BACKOFF) == ""  # not at once
    assert poll_due(following, client, desk, NOW + 2 * MAX_BACKOFF) == "Agency: 1 updates"


def test_a_feed_that_moved_is_asked_where_it_is(server: Outside, following: Subscriptions) -> None:
    """For good (301, 308), not for now (302); its name stays."""
    server.pages["/old"] = says(status="301 Relocation Permanently", Location="/new")
    server.pages["/new"] = says(status="302 Found", Location="/today")
    server.pages["/today"] = says(atom(entry()))
    following.follow(f"{server.url}/old", NOW, "Agency")
    poll_due(following, Client(allow={server.place}), Desk(), NOW)
    (source,) = following.all()
    assert (source.name, source.url) == ("Agency", f"{server.url}/new")


def test_a_feed_in_a_private_network_is_not_reached(
    server: Outside, following: Subscriptions
) -> None:
    """It is reported, and the other feeds are requested."""
    server.pages["/feed"] = says(atom(entry()))
    following.follow(f"{server.url}/feed", NOW, "Inner")
    assert "no public address" in poll_due(following, Client(), Desk(), NOW)
    assert server.requests == []


def test_one_feed_that_fails_does_not_keep_the_others(
    server: Outside, following: Subscriptions
) -> None:
    """Each is asked in its turn."""
    server.pages["/1"] = says(b"<html>", status="200 OK")
    server.pages["/3"] = says(atom(entry()))
    for number in (1, 2, 3):
        following.follow(f"{server.url}/{number}", NOW, f"N{number}")
    desk = Desk()
    said = poll_due(following, Client(allow={server.place}), desk, NOW)
    assert "N1: " in said
    assert "is a web page" in said
    assert f"N2: {server.url}/2 answers 404" in said
    assert "N3: 1 updates" in said
    assert [source.failures for source in following.all()] == [1, 1, 0]


def test_what_was_missed_is_fetched_from_older_documents(
    server: Outside, following: Subscriptions
) -> None:
    """The first time all of it, later as far back as was read before; not the rest again."""
    head = '<link rel="prev-archive" href="/{}"/>'
    server.pages["/0"] = says(atom(entry(of="0", at="2012-07-14T12:00:00Z")))
    server.pages["/1"] = says(atom(entry(of="1", at="2012-07-16T11:00:00Z"), head=head.format(0)))
    client, desk = Client(allow={server.place}), Desk()
    following.follow(f"{server.url}/1", NOW, "Agency")
    poll_due(following, client, desk, NOW)
    assert desk.keys == ["urn:x:1", "urn:x:0"]
    later = NOW + timedelta(days=1)
    server.pages["/2"] = server.pages["/1"]
    server.pages["/3"] = says(atom(entry(of="3", at="2012-07-16T19:00:00Z"), head=head.format(2)))
    server.pages["/1"] = says(atom(entry(of="4", at="2012-07-17T10:00:00Z"), head=head.format(3)))
    server.requests.clear()
    poll_due(following, client, desk, later)
    assert server.paths == ["/1", "/3", "/2"]
    assert desk.keys[2:] == ["urn:x:4", "urn:x:3", "urn:x:1"]


def test_what_is_dated_in_the_future_is_imported_when_it_is_due(
    server: Outside, following: Subscriptions
) -> None:
    """Though the feed has not changed since: its server's clock was a little ahead."""
    server.pages["/feed"] = says(atom(entry(at="2012-07-16T12:03:00Z")), ETag='"1"')
    client, desk = Client(allow={server.place}), Desk()
    following.follow(f"{server.url}/feed", NOW, "Agency")
    poll_due(following, client, desk, NOW)
    assert desk.keys == []
    poll_due(following, client, desk, NOW + POLL_INTERVAL)
    assert desk.keys == ["urn:x:1"]
    assert "if-none-match" not in server.requests[1].lower()
    assert following.all()[0].etag == '"1"'


# -- the schedule ----------------------------------------------------------------------------------


def test_the_schedule_imports_what_is_new_when_a_feed_is_due(
    new_blog: Callable[..., Blog], clock: Clock, server: Outside
) -> None:
    """Every five minutes, each update once; its list says so, and without feeds it does not."""
    blog = new_blog()
    first = entry("<summary>one</summary>", at="2012-07-15T12:00:00Z")
    server.pages["/feed"] = says(atom(first, entry(of="9", at="soon")))
    schedule = Schedule(blog, client=Client(allow={server.place}))
    assert "follow" not in [job.name for job in schedule.jobs()]
    Subscriptions(blog.paths).follow(f"{server.url}/feed", clock.now, "Agency")
    assert schedule.lead()

    def bodies() -> list[str]:
        return sorted(found.now.body for found in blog.timeline.newest_first())

    def said() -> str:
        return next(job.last.words for job in schedule.jobs() if job.name == "follow" and job.last)

    schedule.once()
    assert said() == "Agency: 1 new, 1 with problems, see the log"
    assert bodies() == ["one"]
    (job,) = [job for job in schedule.jobs() if job.name == "follow"]
    assert job.next == clock.now + POLL_INTERVAL
    schedule.once()
    assert len(server.requests) == 1
    clock.go(minutes=5)
    changed = entry("<summary>One.</summary>", at="2012-07-15T12:30:00Z")
    second = entry("<summary>two</summary>", of="2", at="2012-07-15T13:00:00Z")
    server.pages["/feed"] = says(atom(second, changed))
    schedule.once()
    assert said() == "Agency: 1 new, 1 changed"
    assert bodies() == ["One.", "two"]
    clock.go(minutes=5)
    schedule.once()
    assert bodies() == ["One.", "two"]
    assert len(server.requests) == 3
    schedule.resign()


@pytest.mark.slow
def test_a_running_schedule_asks_by_itself(
    new_blog: Callable[..., Blog], clock: Clock, server: Outside
) -> None:
    """As soon as it runs."""
    asked = threading.Event()

    def speak(connection: socket.socket) -> None:
        connection.sendall(says(atom(entry())))
        asked.set()

    blog = new_blog()
    server.pages["/feed"] = speak
    Subscriptions(blog.paths).follow(f"{server.url}/feed", clock.now)
    schedule = Schedule(blog, client=Client(allow={server.place}))
    schedule.start()
    try:
        assert asked.wait(20)
    finally:
        schedule.stop()


def test_a_damaged_list_stops_no_other_job(new_blog: Callable[..., Blog], clock: Clock) -> None:
    """The job says what is wrong."""
    blog = new_blog()
    blog.paths.entries.mkdir(exist_ok=True)
    blog.paths.subscriptions.write_text("[")
    schedule = Schedule(blog)
    assert schedule.lead()
    said = [outcome for outcome in schedule.once() if outcome.is_failure]
    schedule.arrange()
    schedule.resign()
    assert len(said) == 1
    assert "followed.json is damaged" in said[0].words
    assert blog.paths.site.exists()


# -- where a feed may lie --------------------------------------------------------------------------


def allowed(following: Subscriptions, answers: dict[str, list[str]]) -> Client:
    """Return the client that the schedule makes, in a world with these names."""
    return Client(
        allow=following.private_hosts(), resolve=lambda host, port: answers.get(host, [host])
    )


def test_a_feed_in_its_owners_network_is_asked(following: Subscriptions, server: Outside) -> None:
    """A literal address, or a name that led inside when it was followed."""
    server.pages["/feed"] = says(atom(entry()))
    following.follow(f"{server.url}/feed", NOW)  # looked up when it is first asked
    place = f"desk.example:{server.port}"
    following.follow(f"http://{place}/feed", NOW, private=place)
    said = poll_due(following, allowed(following, {"desk.example": ["127.0.0.1"]}), Desk(), NOW)
    assert "leads to" not in said
    assert len(server.requests) == 2


def test_a_public_name_that_leads_inside_later_is_not_asked(
    following: Subscriptions, server: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs the name cannot make the blog ask its own network, also of an earlier list."""
    server.pages["/feed"] = says(atom(entry()))
    answers = {"feeds.example": ["93.184.216.34"]}
    monkeypatch.setattr(http_client, "socket", Names(answers))
    following.follow(f"http://feeds.example:{server.port}/feed", NOW)
    assert following.private_hosts() == []
    answers["feeds.example"] = ["127.0.0.1"]
    said = poll_due(following, allowed(following, answers), Desk(), NOW)
    assert "leads to 127.0.0.1, which is no public address" in said
    assert not server.requests


class Names:
    """Stands for the system's look-up of names."""

    SOCK_STREAM = socket.SOCK_STREAM

    def __init__(self, answers: dict[str, list[str]]) -> None:
        self._answers = answers

    def getaddrinfo(self, host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", (address, port)) for address in self._answers[host]]


def test_a_redirect_does_not_allow_a_private_host(following: Subscriptions) -> None:
    """What counts is the address that the owner named."""
    following.follow("http://93.184.216.34/feed", NOW)
    (source,) = following.all()
    following.save(msgspec.structs.replace(source, url="http://127.0.0.1/feed"))
    assert following.private_hosts() == []


def test_a_feed_is_worked_on_for_a_while_only(
    following: Subscriptions, server: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read until then stays; it is asked again later, as one that fails."""
    entries = [entry(of=str(n), at="2012-07-15T12:00:00Z") for n in range(9)]
    server.pages["/feed"] = says(atom(*entries))
    following.follow(f"{server.url}/feed", NOW)
    clock = iter(range(0, 1000, 50))
    stopwatch = SimpleNamespace(monotonic=lambda: float(next(clock)))
    monkeypatch.setattr(subscriptions, "time", stopwatch)
    desk = Desk()
    said = poll_due(following, Client(allow={server.place}), desk, NOW)
    assert "took more than 120 seconds" in said
    assert len(desk.keys) < 9
    assert following.all()[0].failures == 1


def test_who_changes_the_list_is_named_to_who_waits(
    following: Subscriptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that stands still stops nobody for ever."""
    monkeypatch.setattr(locks, "WARN_AFTER", 0.0)
    monkeypatch.setattr(locks, "GIVE_UP_AFTER", 0.2)
    with (
        locks.Lock(Paths(tmp_path).derived / "followed.lock"),
        pytest.raises(StorageError, match="has been locked by"),
    ):
        following.follow("https://example.org/feed", NOW)
