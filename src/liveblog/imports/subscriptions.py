"""Subscriptions: the foreign feeds that are polled, when each is due, and its last answer.

The list is stored with the entries, in ``followed.json``, because it cannot be derived from
anything else. Polling is polite: conditional requests (RFC 9110 §13), not before the time that the
server asks for, less and less often while it fails, and never again once the feed is gone (410).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime

import msgspec
from msgspec import Struct

from ..http_client import Answer, Client, private_host_port
from ..model import limits
from ..model.entry import Instant
from ..model.errors import (
    InvalidInput,
    LiveblogError,
    NotFound,
    StorageError,
    Unreachable,
    did_you_mean,
)
from ..model.moment import Moment
from ..storage.atomic import make_folder, replace_file
from ..storage.locks import Lock
from ..storage.paths import Paths
from . import Item
from .feed import ACCEPT, FutureUpdate, Reading, from_answer, is_address

POLL_INTERVAL = timedelta(minutes=5)
"""Minimum time between two requests for one feed."""

MAX_FRESHNESS = timedelta(hours=1)
"""Maximum time that a feed's ``max-age`` delays the next request."""

MAX_BACKOFF = timedelta(days=1)
"""Maximum time between two requests while a feed fails."""

READING_SECONDS = 120.0
"""Maximum seconds that one feed is read at a time."""

ImportItems = Callable[[str, Iterable[Item]], str]
"""Imports the items of a named source; returns the result in words, empty if nothing changed."""


class Subscription(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A feed that is polled."""

    name: str  #: of the source, to which the ids of updates belong even if the feed moves
    url: str  #: its present address
    due: Instant  #: time of the next request
    read: Instant | None = None  #: time of the last successful reading
    etag: str = ""
    modified: str = ""  #: the server's Last-Modified
    failures: int = 0  #: consecutive failures
    trouble: str = ""  #: error of the last request
    private: str | None = None  #: host and port in the owner's network; empty: public
    is_over: bool = False  #: the server answered 410 Gone


def after_answer(source: Subscription, answer: Answer, now: datetime) -> Subscription:
    """Return a subscription after an answer of its server."""
    headers = answer.headers
    if answer.status == 410:
        trouble = f"{source.url} is gone for good (410); it is not requested any more"
        return msgspec.structs.replace(source, trouble=trouble, is_over=True)
    if answer.status not in (200, 304):
        return after_failure(
            source, f"{source.url} answers {answer.status}", now, _retry_after(headers, now)
        )
    max_age = re.search(r"\bmax-age=(\d{1,9})", headers.get("cache-control", ""))
    fresh = timedelta(seconds=int(max_age[1])) if max_age else POLL_INTERVAL
    known = {} if answer.status == 304 else {"etag": "", "modified": "", "read": now}
    known |= {
        field: headers[name]
        for field, name in (("etag", "etag"), ("modified", "last-modified"))
        if name in headers
    }
    return msgspec.structs.replace(
        source,
        url=answer.moved or source.url,
        due=now + min(max(POLL_INTERVAL, fresh), MAX_FRESHNESS),
        failures=0,
        trouble="",
        **known,
    )


def after_failure(
    source: Subscription, trouble: str, now: datetime, wait: timedelta = timedelta()
) -> Subscription:
    """Return a subscription after a failure, due after *wait* or a delay that grows, if longer."""
    backoff = min(POLL_INTERVAL * 2 ** min(source.failures, 20), MAX_BACKOFF)
    return msgspec.structs.replace(
        source,
        due=now + min(max(backoff, wait), MAX_BACKOFF),
        failures=source.failures + 1,
        trouble=trouble,
    )


def _retry_after(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Return the delay of a Retry-After header (RFC 9110 §10.2.3)."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit() and len(value) < 9:
        return timedelta(seconds=int(value))
    try:
        when = parsedate_to_datetime(value)
        return when.replace(tzinfo=when.tzinfo or UTC) - now
    except (ValueError, TypeError, OverflowError):
        return timedelta()


def poll(client: Client, source: Subscription, now: datetime) -> tuple[Answer | None, Subscription]:
    """Request a feed; return its answer if it has changed, and the new subscription.

    The new subscription must be saved only after the answer was imported, so that nothing is lost.
    """
    headers = {"accept": ACCEPT}
    headers |= {"if-none-match": source.etag} if source.etag else {}
    headers |= {"if-modified-since": source.modified} if source.modified else {}
    try:
        answer = client.get(source.url, headers)
    except Unreachable as error:
        return None, after_failure(source, error.message, now)
    return (answer if answer.status == 200 else None), after_answer(source, answer, now)


def poll_due(
    subscriptions: Subscriptions,
    client: Client,
    import_items: ImportItems,
    now: datetime,
    zone: tzinfo = UTC,
) -> str:
    """Request each feed that is due and import its updates; return the results in words.

    *zone* is that of the blog's days, for dates without a time. The first time a feed is read
    completely, later back to the last reading.
    """
    results = []
    for source in subscriptions.due(now):
        # Saved before the request: even after a crash the server is not asked again at once.
        subscriptions.save(after_failure(source, "the last attempt was interrupted", now))
        answer, after = poll(client, source, now)
        words = ""
        if answer:
            # An update without a date has the time at which it was first seen.
            reading = Reading(client, now, Moment(now), since=source.read, zone=zone)
            future: list[FutureUpdate] = []
            try:
                items = _within_time(
                    _collect_future(from_answer(answer, reading), future), source.url
                )
                words = import_items(source.name, items)
                if future:  # request the same answer again
                    after = msgspec.structs.replace(after, etag="", modified="")
            except LiveblogError as error:
                after = after_failure(source, error.message, now)
        subscriptions.save(after)
        words = "; ".join(filter(None, [words, after.trouble]))
        results += [f"{source.name}: {words}"] if words else []
    return "; ".join(results)


def _collect_future(items: Iterable[Item], future: list[FutureUpdate]) -> Iterator[Item]:
    """Yield the items of a feed, and append those that are dated in the future to *future*."""
    for item in items:
        if isinstance(item, FutureUpdate):
            future.append(item)
        yield item


def _within_time(items: Iterable[Item], url: str) -> Iterator[Item]:
    """Yield the items of a feed for :data:`READING_SECONDS` at most.

    Raises :class:`Unreachable` after that time.
    """
    deadline = time.monotonic() + READING_SECONDS
    for item in items:
        if time.monotonic() > deadline:
            raise Unreachable(
                f"Reading {url} took more than {READING_SECONDS:.0f} seconds; the rest is left out",
                "Read all of it with 'liveblog import feed'.",
            )
        yield item


class Subscriptions:
    """The subscriptions of a blog."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def all(self) -> list[Subscription]:
        """Return all subscriptions in the order in which they were added.

        Raises :class:`InvalidInput` if the list cannot be read.
        """
        path = self._paths.subscriptions
        try:
            return msgspec.json.decode(path.read_bytes(), type=list[Subscription])
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StorageError.of(error, "read", path) from error
        except msgspec.DecodeError as error:
            raise InvalidInput(
                f"{path} is damaged: {error}.",
                "Correct it, or delete it and follow the feeds again.",
            ) from None

    def follow(
        self, url: str, now: datetime, name: str = "", private: str | None = None
    ) -> Subscription:
        """Subscribe to a feed; *name* is that of the source, by default its address.

        *private* is the feed's :func:`private_host_port`, if known.

        Raises :class:`InvalidInput` if *url* is not an address, or is followed already.
        """
        name = name or url
        if not re.fullmatch(r"https?://[^\s/][^\s]*", url) or len(name) > limits.NAME:
            raise InvalidInput(
                f"'{url}' cannot be followed.", "Give an address like https://example.org/feed."
            )
        with self._changing() as found:
            if any(url == source.url or name == source.name for source in found):
                raise InvalidInput(f"'{name}' is followed already.", "There is nothing to do.")
            found.append(Subscription(name=name, url=url, due=now, private=private))
            return found[-1]

    def unfollow(self, name: str) -> None:
        """Delete a subscription, given its name or address.

        Raises :class:`NotFound` if it is not followed.
        """
        with self._changing() as found:
            others = [source for source in found if name not in (source.name, source.url)]
            if len(others) == len(found):
                near = did_you_mean(name, (source.name for source in found))
                raise NotFound(f"'{name}' is not followed.", near or "Nothing was changed.")
            found[:] = others

    def save(self, source: Subscription) -> None:
        """Save a changed subscription, unless it was deleted meanwhile."""
        with self._changing() as found:
            found[:] = [source if source.name == known.name else known for known in found]

    def due(self, now: datetime) -> list[Subscription]:
        """Return the subscriptions that are due."""
        return [source for source in self.all() if source.due <= now and not source.is_over]

    def private_hosts(self) -> list[str]:
        """Return the hosts and ports in the owner's network at which feeds may be requested.

        Only an address that the owner gave may be private: not one that a feed links to or
        redirects to, and not a host that was public when it was first resolved.
        """
        for source in self.all():
            if source.private is None:
                named = source.name if is_address(source.name) else source.url
                with suppress(Unreachable):  # it is resolved again next time
                    self.save(msgspec.structs.replace(source, private=private_host_port(named)))
        return [source.private for source in self.all() if source.private]

    def next_due(self) -> datetime | None:
        """Return when the next subscription is due; None if there is none."""
        return min((source.due for source in self.all() if not source.is_over), default=None)

    @contextmanager
    def _changing(self) -> Iterator[list[Subscription]]:
        """Lock the list to change it; it is saved unless the block raises."""
        with Lock(self._paths.derived / "followed.lock"):
            found = self.all()
            yield found
            make_folder(self._paths.entries, self._paths.root)
            data = msgspec.json.format(msgspec.json.encode(found), indent=2)
            replace_file(self._paths.subscriptions, data + b"\n")
