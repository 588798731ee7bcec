"""Dispatches deliveries: plans what is due, and sends what the outbox holds.

Everything is decided from the journal, the settings and the outbox. A process that dies at any
moment loses nothing: the next one plans the same deliveries, and the outbox knows what was sent.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from ..changes import Changes, StreamPosition, changes_since
from ..config import Config
from ..digest import Digest, page_path, title
from ..digest.build import build, build_chapter
from ..http_client import private_host_port
from ..journal import Journal
from ..model import addresses, period
from ..model.chapter import PREFIX
from ..model.errors import InvalidInput, LiveblogError, StorageError
from ..model.period import Period
from ..site.publisher import Publisher
from ..text import bidi
from ..text.fragments import html_to_text
from ..text.locale import Words
from ..text.markup import to_html
from ..timeline import Entry, Timeline
from . import DeliveryError, chat, planning, websub
from .closing import close_periods
from .outbox import GIVE_UP_AFTER, Delivery, Kind, Outbox, retry_delay

PUBLIC = "public"
"""Recorded in the outbox instead of host and port for a hub outside of the owner's network."""

CHAPTERS = "chapters"
"""Name of the fact in the outbox: the instant after which published chapters are sent."""

POSITION = "place"
"""Name of the fact in the outbox: the position up to which chat messages were planned."""

PING_DELAY = timedelta(seconds=0.3)
"""Delay of a ping: changes of a topic within it share one ping."""

LEAST_ATTEMPTS = 5
"""Minimum number of attempts before a delivery is given up, also if the clock was set."""

MAX_DELAY = 86_400.0
"""Maximum delay in seconds that a server may ask for."""

log = logging.getLogger("liveblog")


class _NotNeeded(Exception):
    """A delivery is not needed any more; the message says why."""


@dataclass(frozen=True)
class SendResult:
    """Numbers of deliveries that were sent, postponed and given up."""

    done: int = 0
    waiting: int = 0  #: failed, to be tried again
    failed: int = 0  #: given up

    def __str__(self) -> str:
        parts = [f"{self.done} sent"]
        parts += [f"{self.waiting} to be tried again"] if self.waiting else []
        parts += [f"{self.failed} given up"] if self.failed else []
        return ", ".join(parts)


class Dispatcher:
    """Plans and sends one blog's deliveries; only the process that leads its schedule may."""

    def __init__(
        self,
        outbox: Outbox,
        journal: Journal,
        publisher: Publisher,
        config: Config,
        clock: Callable[[], datetime],
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """Send what *outbox* holds. *clock* returns aware datetimes; *environ* holds secrets."""
        self._outbox = outbox
        self._journal = journal
        self._publisher = publisher
        self._config = config
        self._clock = clock
        self._environ = environ
        self._position: StreamPosition | None = None
        self._topics: dict[str, str] = {}
        self._unrecorded: list[tuple[Delivery, str, datetime]] = []

    @property
    def _timeline(self) -> Timeline:
        return Timeline(self._journal, self._clock())

    @property
    def _words(self) -> Words:
        return Words(self._config.language, self._config.zone)

    # -- planning -----------------------------------------------------------------------------

    def close(self) -> list[Period]:
        """Close the days and weeks that are over; see :func:`close_periods`."""
        return close_periods(self._outbox, self._timeline, self._config)

    def plan_news(self, changes: Changes | None = None) -> None:
        """Plan chat messages for entries that were posted, changed or released since the last call.

        *changes* are those that a watcher found. Without them, or if they begin later than the
        last call ended, the journal is read. The first call plans nothing.
        """
        if all(chat.post == "digests" for chat in self._config.chat.values()):
            return
        if changes is None or not self._is_known(changes.before):
            changes = self._read_changes()
        timeline = self._timeline
        if changes.entry_ids or changes.after.cursor != changes.before.cursor:
            entries = (_readable(timeline, entry_id) for entry_id in changes.entry_ids)
            plans = planning.for_news(filter(None, entries), self._config, timeline.now)
            self._outbox.record({POSITION: str(changes.after)}, plans, timeline.now)
        self._position = changes.after

    def plan_chapters(self) -> None:
        """Plan the mails and chat messages of chapters that were published since the last call.

        The first call plans nothing. A chapter is planned once, and again only if it was postponed
        before it was sent; one that is dated long before (an import brought it) is not sent.
        """
        if not planning.are_chapters_sent(self._config):
            return
        timeline = self._timeline
        since = self._outbox.fact(CHAPTERS)
        if not since:
            # Chapters are dated to the second: one of this second is news.
            start = timeline.now - timedelta(seconds=1)
            self._outbox.record({CHAPTERS: start.isoformat()}, (), timeline.now)
            return
        low = max(datetime.fromisoformat(since), self._oldest_news(timeline.now))
        for slug in self._publisher.chapters_published(low, timeline.now):
            chapter = timeline.chapter(slug).now
            if chapter.state == "live" and not self._outbox.fact(chapter.name):
                # If it was postponed before, some of its mails may have been sent.
                sent = {delivery.key for delivery in self._outbox.deliveries("done")}
                plans = planning.for_chapter(chapter, self._config)
                unsent = [plan for plan in plans if plan.key not in sent]
                self._outbox.record({chapter.name: timeline.now.isoformat()}, unsent, timeline.now)

    def _oldest_news(self, now: datetime) -> datetime:
        """Return the instant after which something is news: a day ago, or before a downtime."""
        days_to = self._outbox.fact("days_to")
        recent = now - planning.MAX_AGE
        if not days_to:
            return recent
        return min(recent, period.day_end(date.fromisoformat(days_to), self._config.zone))

    def _is_known(self, before: StreamPosition) -> bool:
        """Whether everything up to a position was planned by this process."""
        known = self._position
        if known is None or known.cursor != before.cursor:
            return False
        return known.released >= before.released

    def _read_changes(self) -> Changes:
        """Return the changes since the position that the outbox holds, from the journal."""
        timeline = self._timeline
        known = self._outbox.fact(POSITION)
        if not known:
            here = StreamPosition(self._journal.end(), int(timeline.now.timestamp()))
            self._outbox.record({POSITION: str(here)}, (), timeline.now)
            return Changes(here, here, ())
        before = StreamPosition.parse(known)
        news = self._journal.since(before.cursor)
        return changes_since(before, news, timeline, self._config.zone)

    def plan_pings(self) -> None:
        """Plan a ping for each topic that changed since its hubs were pinged."""
        if not self._config.websub.hubs:
            return
        topics = self._publisher.topics()
        if topics != self._topics:
            now = self._clock()
            plans = planning.for_topics(topics, self._config)
            self._outbox.plan(plans, now, now + PING_DELAY)
            self._topics = topics

    # -- sending ------------------------------------------------------------------------------

    def recover(self) -> list[Delivery]:
        """Return the deliveries that a process was sending when it died; let them wait again."""
        interrupted = self._outbox.recover()
        for delivery in interrupted:
            if delivery.kind != "ping":
                log.warning(
                    "A process ended while it sent '%s': it is sent again, and may arrive twice.",
                    delivery.key,
                )
        return interrupted

    def send(self, kind: Kind) -> SendResult:
        """Send the due deliveries of one kind, in order."""
        while self._unrecorded:
            self._record_end(*self._unrecorded[0])
            del self._unrecorded[0]
        counts = {"done": 0, "waiting": 0, "failed": 0}
        while deliveries := self._outbox.ready(kind, self._clock()):
            for delivery in deliveries:
                if outcome := self._try(delivery):
                    counts[outcome] += 1
        return SendResult(**counts)

    def _try(self, delivery: Delivery) -> str:
        try:
            # Rendering takes time and comes before start(): a process that dies meanwhile has sent
            # nothing.
            send = self._prepare(delivery)
        except _NotNeeded as error:
            return self._end(delivery, str(error))
        except Exception as error:
            # A delivery that cannot be rendered now cannot be later, and must not block the next.
            is_final = not isinstance(error, StorageError | DeliveryError)
            return self._fail(delivery, error, is_final=is_final)
        if not self._outbox.start(delivery):
            return ""
        try:
            send()
        except Exception as error:
            return self._fail(delivery, error)
        return self._end(delivery)

    def _end(self, delivery: Delivery, why_unneeded: str = "") -> str:
        ended = self._clock()
        try:
            self._record_end(delivery, why_unneeded, ended)
        except StorageError:
            # It was sent, which must be recorded before the next delivery is sent.
            self._unrecorded.append((delivery, why_unneeded, ended))
            raise
        return "done"

    def _record_end(self, delivery: Delivery, why_unneeded: str, ended: datetime) -> None:
        if why_unneeded:
            self._outbox.drop_unneeded(delivery, why_unneeded, ended)
        else:
            self._outbox.mark_sent(delivery, ended)

    def _fail(self, delivery: Delivery, error: Exception, *, is_final: bool = False) -> str:
        if not isinstance(error, LiveblogError):
            log.error("Cannot send '%s'.", delivery.key, exc_info=error)
            error = DeliveryError(f"{type(error).__name__}: {error}")
        text = str(error)
        refusal = error if isinstance(error, DeliveryError) else DeliveryError(text)
        now = self._clock()
        attempts = delivery.attempts + 1
        is_late = now - delivery.planned > GIVE_UP_AFTER and attempts >= LEAST_ATTEMPTS
        if is_final or refusal.is_final or is_late:
            log.error("Given up: '%s'. %s", delivery.key, text)
            self._outbox.give_up(delivery, text, now)
            return "failed"
        wait = max(retry_delay(delivery.key, attempts), min(refusal.retry_after, MAX_DELAY))
        log.warning("Not sent: '%s'; tried again in %.0f s. %s", delivery.key, wait, text)
        self._outbox.postpone(
            delivery, text, now + timedelta(seconds=wait), is_unknown=refusal.is_unknown
        )
        return "waiting"

    def _prepare(self, delivery: Delivery) -> Callable[[], object]:
        """Render a delivery; return the function that sends it."""
        config = self._config
        if delivery.kind == "ping":
            if delivery.target not in config.websub.hubs:
                raise _NotNeeded("the hub is no longer in the settings")
            return partial(self._ping, delivery.target, delivery.subject)
        if delivery.kind == "mail":
            return self._mail(delivery)
        if delivery.target not in config.chat:
            raise _NotNeeded("the chat is no longer in the settings")
        return self._chat(delivery)

    def _ping(self, hub: str, topic: str) -> None:
        """Ping a hub; one in the owner's network only if it was there at its first ping."""
        name = f"place of {hub}"
        host_port = self._outbox.fact(name)
        if not host_port:
            try:
                host_port = private_host_port(hub) or PUBLIC
            except LiveblogError as error:
                raise DeliveryError(f"The hub {hub}: {error.message}", error.hint) from None
            self._outbox.record({name: host_port}, (), self._clock())
        websub.ping(hub, topic, "" if host_port == PUBLIC else host_port)

    def _mail(self, delivery: Delivery) -> Callable[[], object]:
        from . import mail, smtp

        settings = self._config.mail
        if delivery.target not in settings.to:
            raise _NotNeeded("the address is no longer in the settings")
        digest = self._digest(delivery.subject)
        message = mail.compose(digest, self._publisher.pages, delivery.target, self._clock())
        if message is None:
            raise _NotNeeded("its entries were withdrawn")
        return partial(smtp.send, message, settings, self._environ.get(smtp.PASSWORD_VARIABLE, ""))

    def _chat(self, delivery: Delivery) -> Callable[[], object]:
        config = self._config
        try:
            digest = self._digest(delivery.subject)
        except InvalidInput:
            timeline = self._timeline
            entry = timeline.entry(delivery.subject)
            if entry.now.state != "live" or not entry.is_visible(timeline.now):
                raise _NotNeeded("the entry was withdrawn") from None
            text, path = self._entry_text(entry), addresses.entry_path(entry.id)
        else:
            text, path = self._digest_text(digest), page_path(digest)
        link = addresses.url(config.url, path)
        return partial(
            chat.post, delivery.target, self._words.typography(text), link, self._environ
        )

    def _digest(self, subject: str) -> Digest:
        """Return the digest of a chapter (its name) or a period (its id).

        Raises :class:`InvalidInput` if *subject* is neither.
        """
        timeline, first_weekday = self._timeline, self._config.first_weekday
        if not subject.startswith(PREFIX):
            return build(timeline, period.parse_period_id(subject, first_weekday))
        chapter = timeline.chapter(subject.removeprefix(PREFIX)).now
        if chapter.state != "live":
            raise _NotNeeded("the chapter was withdrawn")
        if chapter.published > timeline.now:
            self._outbox.record({chapter.name: ""}, (), timeline.now)  # to be planned again
            raise _NotNeeded("the chapter was postponed")
        return build_chapter(timeline, chapter, first_weekday)

    def _digest_text(self, digest: Digest) -> str:
        """Return a digest as the plain text of a chat message: its title; of a chapter, more."""
        summary = self._publisher.pages.digest_summary(digest) if digest.chapter else ""
        return bidi.close_controls("\n".join(filter(None, (title(digest, self._words), summary))))

    def _entry_text(self, entry: Entry) -> str:
        """Return an entry as the plain text of a chat message."""
        now = entry.now
        body = html_to_text(to_html(now.body))
        is_claim = now.verification == "unconfirmed"
        mark = f"[{self._words.say('Unconfirmed')}] " if is_claim else ""
        return bidi.close_controls(mark + "\n".join(part for part in (now.title, body) if part))


def _readable(timeline: Timeline, entry_id: str) -> Entry | None:
    """Return an entry, or None if it cannot be read: no message is planned for it."""
    try:
        return timeline.entry(entry_id)
    except Exception as error:
        is_ours = isinstance(error, LiveblogError)
        log.error("Cannot read %s: %s", entry_id, error, exc_info=None if is_ours else error)
        return None
