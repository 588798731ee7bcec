"""Dispatches deliveries: plans what is due, and sends what the outbox holds.

Everything is decided from the journal, the settings and the outbox. A process that dies at any
moment loses nothing: the next one plans the same deliveries, and the outbox knows what was sent.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from ..config import Config
from ..digest import Digest, title
from ..digest.build import build
from ..http_client import private_place
from ..journal import Journal
from ..model import addresses, period
from ..model.errors import LiveblogError, StorageError
from ..model.period import Period
from ..site.publisher import Publisher
from ..text import bidi
from ..text.fragments import html_to_text
from ..text.locale import Words, words
from ..text.markup import to_html
from ..timeline import Changes, Entry, StreamPosition, Timeline, changes_since
from . import Undelivered, chat, planning, websub
from .closing import close_periods
from .outbox import GIVE_UP, Effect, Kind, Outbox, pause

PUBLIC = "public"
"""Recorded in the outbox for a hub outside of the owner's network."""

POSITION = "place"
"""Name of the outbox's fact that holds the position up to which chat messages were planned."""

PING_DELAY = timedelta(seconds=0.3)
"""The delay of a ping; changes of a topic within it share one ping."""

LEAST_TRIES = 5
"""The least number of tries before a delivery is given up, whatever the clock says."""

log = logging.getLogger("liveblog")


class _Needless(Exception):
    """An effect need not be sent any more; says why."""


@dataclass(frozen=True)
class Sent:
    """What came of sending what was due."""

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
        self._unrecorded: list[tuple[Effect, str, datetime]] = []

    @property
    def _timeline(self) -> Timeline:
        return Timeline(self._journal, self._clock())

    @property
    def _words(self) -> Words:
        return words(self._config.language, self._config.zone)

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
            self._outbox.remember({POSITION: str(changes.after)}, plans, timeline.now)
        self._position = changes.after

    def _is_known(self, before: StreamPosition) -> bool:
        """Whether everything up to a position was planned by this process."""
        known = self._position
        is_same = known is not None and known.cursor == before.cursor
        return is_same and known is not None and known.released >= before.released

    def _read_changes(self) -> Changes:
        """Return the changes since the position that the outbox holds, from the journal."""
        timeline = self._timeline
        known = self._outbox.fact(POSITION)
        if not known:
            here = StreamPosition(self._journal.end(), int(timeline.now.timestamp()))
            self._outbox.remember({POSITION: str(here)}, (), timeline.now)
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

    def recover(self) -> list[Effect]:
        """Take up what a process that died was sending: it is sent again, and that is said."""
        cut = self._outbox.recover()
        for effect in cut:
            if effect.kind != "ping":
                log.warning(
                    "A process ended while it sent '%s': it is sent again, and may arrive twice.",
                    effect.key,
                )
        return cut

    def send(self, kind: Kind) -> Sent:
        """Send what is due of one kind, in order."""
        while self._unrecorded:
            self._outbox_done(*self._unrecorded[0])
            del self._unrecorded[0]
        counts = {"done": 0, "waiting": 0, "failed": 0}
        while effects := self._outbox.ready(kind, self._clock()):
            for effect in effects:
                if outcome := self._try(effect):
                    counts[outcome] += 1
        return Sent(**counts)

    def _try(self, effect: Effect) -> str:
        try:
            # What takes time is done before: a process that dies then has sent nothing.
            send = self._prepared(effect)
        except _Needless as why:
            return self._ended(effect, str(why))
        except Exception as error:
            # What cannot be rendered now cannot be later: it makes way for what waits behind it.
            is_final = not isinstance(error, StorageError | Undelivered)
            return self._failed(effect, error, is_final=is_final)
        if not self._outbox.start(effect):
            return ""
        try:
            send()
        except Exception as error:
            return self._failed(effect, error)
        return self._ended(effect)

    def _ended(self, effect: Effect, needless: str = "") -> str:
        ended = self._clock()
        try:
            self._outbox_done(effect, needless, ended)
        except StorageError:
            # It went, and must be recorded before anything else of its kind goes.
            self._unrecorded.append((effect, needless, ended))
            raise
        return "done"

    def _outbox_done(self, effect: Effect, needless: str, ended: datetime) -> None:
        if needless:
            self._outbox.needless(effect, needless, ended)
        else:
            self._outbox.done(effect, ended)

    def _failed(self, effect: Effect, error: Exception, *, is_final: bool = False) -> str:
        if not isinstance(error, LiveblogError):
            log.error("Cannot send '%s'.", effect.key, exc_info=error)
        text = (
            str(error) if isinstance(error, LiveblogError) else f"{type(error).__name__}: {error}"
        )
        refused = error if isinstance(error, Undelivered) else Undelivered(text)
        now = self._clock()
        tries = effect.tries + 1
        is_late = now - effect.made > GIVE_UP and tries >= LEAST_TRIES
        if is_final or refused.is_final or is_late:
            log.error("Given up: '%s'. %s", effect.key, text)
            self._outbox.give_up(effect, text, now)
            return "failed"
        wait = max(pause(effect.key, tries), min(refused.retry_after, 86_400.0))
        log.warning("Not sent: '%s'; tried again in %.0f s. %s", effect.key, wait, text)
        self._outbox.again(
            effect, text, now + timedelta(seconds=wait), is_unknown=refused.is_unknown
        )
        return "waiting"

    def _prepared(self, effect: Effect) -> Callable[[], object]:
        """Return what sends an effect."""
        config = self._config
        if effect.kind == "ping":
            if effect.target not in config.websub.hubs:
                raise _Needless("the hub is no longer in the settings")
            return partial(self._ping, effect.target, effect.subject)
        if effect.kind == "mail":
            return self._mail(effect)
        if effect.target not in config.chat:
            raise _Needless("the chat is no longer in the settings")
        return self._chat(effect)

    def _ping(self, hub: str, topic: str) -> None:
        """Tell a hub, which may lie in the owner's network if it did when it was told first."""
        name = f"place of {hub}"
        place = self._outbox.fact(name)
        if not place:
            try:
                place = private_place(hub) or PUBLIC
            except LiveblogError as error:
                raise Undelivered(f"The hub {hub}: {error.message}", error.hint) from None
            self._outbox.remember({name: place}, (), self._clock())
        websub.ping(hub, topic, "" if place == PUBLIC else place)

    def _mail(self, effect: Effect) -> Callable[[], object]:
        from . import mail

        settings = self._config.mail
        if effect.target not in settings.to:
            raise _Needless("the address is no longer in the settings")
        digest = self._digest(period.parse_period_id(effect.subject, self._config.first_weekday))
        message = mail.compose(digest, self._publisher.pages, effect.target, self._clock())
        if message is None:
            raise _Needless("there is nothing to tell any more")
        return partial(mail.send, message, settings, self._environ.get(mail.PASSWORD, ""))

    def _chat(self, effect: Effect) -> Callable[[], object]:
        config = self._config
        try:
            subject = period.parse_period_id(effect.subject, config.first_weekday)
        except LiveblogError:
            timeline = self._timeline
            entry = timeline.entry(effect.subject)
            if entry.now.state != "live" or not entry.is_visible(timeline.now):
                raise _Needless("the entry was withdrawn") from None
            text, path = self._entry_text(entry), addresses.entry_path(entry.id)
        else:
            text = bidi.close_controls(title(self._digest(subject), self._words))
            path = addresses.period_path(subject)
        link = addresses.url(config.url, path)
        return partial(chat.post, effect.target, self._words.typography(text), link, self._environ)

    def _digest(self, subject: Period) -> Digest:
        return build(self._timeline, subject)

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
