"""Feeds that are followed: which they are, when each is asked again, and what it said last.

The list lies with the entries, in ``followed.json``: it is the author's wish, and no run can make
it again. A server is asked politely: only for what changed (RFC 9110 §13), not before it wants to
be asked, less and less often while it fails, and never again once the feed is gone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import msgspec
from msgspec import Struct

from ..http_client import Answer, Client, private_place
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
from ..storage.atomic import make_folder, replace_file
from ..storage.locks import Lock
from ..storage.paths import Paths
from . import Item
from .feed import ACCEPT, FutureUpdate, Reading, from_answer, is_address

EVERY = timedelta(minutes=5)
FRESH = timedelta(hours=1)  #: a server's wish to be left alone is heeded for that long
WORKED_ON = 120.0  #: seconds that one feed is worked on at a time
LONGEST = timedelta(days=1)  #: and that long while it fails

BringIn = Callable[[str, Iterable[Item]], str]
"""Brings in what the source of a name yields; returns in words what came of it, or nothing."""


class Subscription(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A feed that is followed."""

    name: str  #: of the source: its updates are named by it, wherever the feed moves
    url: str  #: where it is now
    due: Instant  #: when it is asked next
    read: Instant | None = None  #: when it was read last
    etag: str = ""
    modified: str = ""  #: the server's Last-Modified, as it wrote it
    failures: int = 0  #: in a row
    trouble: str = ""  #: what was wrong the last time
    private: str | None = None  #: its place in the owner's network, empty if it is a public one
    is_over: bool = False  #: the server says that it is gone for good


def answered(source: Subscription, answer: Answer, now: datetime) -> Subscription:
    """Return the state of a feed after its server said something."""
    headers = answer.headers
    if answer.status == 410:
        trouble = f"{source.url} is gone for good; it is not asked any more"
        return msgspec.structs.replace(source, trouble=trouble, is_over=True)
    if answer.status not in (200, 304):
        return failed(source, f"{source.url} answers {answer.status}", now, _retry(headers, now))
    said = re.search(r"\bmax-age=(\d{1,9})", headers.get("cache-control", ""))
    fresh = timedelta(seconds=int(said[1])) if said else EVERY
    known = {} if answer.status == 304 else {"etag": "", "modified": "", "read": now}
    known |= {
        field: headers[name]
        for field, name in (("etag", "etag"), ("modified", "last-modified"))
        if name in headers
    }
    return msgspec.structs.replace(
        source,
        url=answer.moved or source.url,
        due=now + min(max(EVERY, fresh), FRESH),
        failures=0,
        trouble="",
        **known,
    )


def failed(
    source: Subscription, trouble: str, now: datetime, wait: timedelta = timedelta()
) -> Subscription:
    """Return the state of a feed that could not be read: asked later and later, as it wishes."""
    backoff = min(EVERY * 2 ** min(source.failures, 20), LONGEST)
    return msgspec.structs.replace(
        source,
        due=now + min(max(backoff, wait), LONGEST),
        failures=source.failures + 1,
        trouble=trouble,
    )


def _retry(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Return how long a server wants to be left alone (RFC 9110 §10.2.3)."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit() and len(said) < 9:
        return timedelta(seconds=int(said))
    try:
        when = parsedate_to_datetime(said)
        return when.replace(tzinfo=when.tzinfo or UTC) - now
    except (ValueError, TypeError, OverflowError):
        return timedelta()


def poll(client: Client, source: Subscription, now: datetime) -> tuple[Answer | None, Subscription]:
    """Ask a feed whether it has changed; return what it says if it has, and its state from then on.

    The state is to be kept once the answer was imported, so that nothing is missed.
    """
    headers = {"accept": ACCEPT}
    headers |= {"if-none-match": source.etag} if source.etag else {}
    headers |= {"if-modified-since": source.modified} if source.modified else {}
    try:
        answer = client.get(source.url, headers)
    except Unreachable as error:
        return None, failed(source, error.message, now)
    return (answer if answer.status == 200 else None), answered(source, answer, now)


def catch_up(following: Subscriptions, client: Client, import_items: BringIn, now: datetime) -> str:
    """Ask each feed that is due and bring in what it says; return in words what came of it.

    The first time a feed is read whole, later as far back as it was read before.
    """
    said = []
    for source in following.due(now):
        # Kept ahead of the request: whatever breaks, a server is not asked again at once.
        following.keep(failed(source, "the last attempt did not come to its end", now))
        answer, after = poll(client, source, now)
        words = ""
        if answer:
            reading = Reading(client, now, since=source.read)
            early: list[FutureUpdate] = []
            try:
                items = _in_time(_watched(from_answer(answer, reading), early), source.url)
                words = import_items(source.name, items)
                if early:  # then the same answer is read again
                    after = msgspec.structs.replace(after, etag="", modified="")
            except LiveblogError as error:
                after = failed(source, error.message, now)
        following.keep(after)
        words = "; ".join(filter(None, [words, after.trouble]))
        said += [f"{source.name}: {words}"] if words else []
    return "; ".join(said)


def _watched(items: Iterable[Item], early: list[FutureUpdate]) -> Iterator[Item]:
    """Hand on what a feed says, and note what will be said again when its time has come."""
    for item in items:
        if isinstance(item, FutureUpdate):
            early.append(item)
        yield item


def _in_time(items: Iterable[Item], url: str) -> Iterator[Item]:
    """Hand on what a feed says for :data:`WORKED_ON` at most.

    Raises :class:`Unreachable` then; what was handed on stays.
    """
    deadline = time.monotonic() + WORKED_ON
    for item in items:
        if time.monotonic() > deadline:
            raise Unreachable(
                f"{url} took more than {WORKED_ON:.0f} seconds to be read; the rest is left out",
                "Read it whole with 'liveblog import feed'.",
            )
        yield item


class Subscriptions:
    """The feeds that a blog follows."""

    def __init__(self, folders: Paths) -> None:
        self._paths = folders

    def all(self) -> list[Subscription]:
        """Return every feed, in the order in which they were added.

        Raises :class:`InvalidInput` if the list cannot be read.
        """
        path = self._paths.followed
        try:
            return msgspec.json.decode(path.read_bytes(), type=list[Subscription])
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StorageError.of(error, "read", path) from error
        except msgspec.DecodeError as error:
            raise InvalidInput(
                f"{path} is damaged: {error}.",
                "Correct it, or delete it and follow the feeds anew.",
            ) from None

    def follow(
        self, url: str, now: datetime, name: str = "", private: str | None = None
    ) -> Subscription:
        """Follow a feed from now on; its updates are named by *name*, or by its address.

        *private* is its :func:`private_place`, if that is known.

        Raises :class:`InvalidInput` if it is no address or is followed already.
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
        """Follow a feed no more, given its name or address.

        Raises :class:`NotFound` if it is not followed.
        """
        with self._changing() as found:
            kept = [source for source in found if name not in (source.name, source.url)]
            if len(kept) == len(found):
                near = did_you_mean(name, (source.name for source in found))
                raise NotFound(f"'{name}' is not followed.", near or "Nothing was changed.")
            found[:] = kept

    def keep(self, source: Subscription) -> None:
        """Keep the state of a feed, unless it is followed no more."""
        with self._changing() as found:
            found[:] = [source if source.name == known.name else known for known in found]

    def due(self, now: datetime) -> list[Subscription]:
        """Return the feeds that are to be asked."""
        return [source for source in self.all() if source.due <= now and not source.is_over]

    def private_places(self) -> list[str]:
        """Return the places in their owner's network at which feeds may be asked.

        Their owner named them, so they may lie there; what they lead to may not, and neither may a
        name that was a public one when it was looked up first.
        """
        for source in self.all():
            if source.private is None:
                named = source.name if is_address(source.name) else source.url
                with suppress(Unreachable):  # then it is looked up again
                    self.keep(msgspec.structs.replace(source, private=private_place(named)))
        return [source.private for source in self.all() if source.private]

    def next_due(self) -> datetime | None:
        """Return when the next feed is to be asked."""
        return min((source.due for source in self.all() if not source.is_over), default=None)

    @contextmanager
    def _changing(self) -> Iterator[list[Subscription]]:
        """Give the list to one process at a time to be changed; it is kept unless this raises."""
        with Lock(self._paths.derived / "followed.lock"):
            found = self.all()
            yield found
            make_folder(self._paths.entries, self._paths.root)
            data = msgspec.json.format(msgspec.json.encode(found), indent=2)
            replace_file(self._paths.followed, data + b"\n")
