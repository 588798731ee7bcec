"""What goes out, and when: closes days and weeks, plans what follows, and sends what is due.

Everything is decided from the journal, the settings and the outbox, so that a process that dies
anywhere loses nothing: the next one plans the same again, and the outbox knows what went.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from ..blog import Blog
from ..digest import build, title
from ..http_client import private_place
from ..model import addresses, period
from ..model.errors import LiveblogError, StorageError
from ..model.period import Period
from ..text import bidi
from ..text.markup import to_html, words_in
from ..timeline import Entry, Timeline
from ..watcher import StreamPosition, changed_entries
from . import Undelivered, chat, planning, websub
from .outbox import GIVE_UP, Effect, Kind, pause

PUBLIC = "public"
"""What the outbox remembers of a hub outside of the owner's network."""

COALESCE = timedelta(seconds=0.3)
"""Changes of a topic within this become one ping."""

SET_BACK = timedelta(hours=1)
"""A clock that was set back by less than this opens nothing again."""

TRIES = 5
"""Nothing is given up before it was tried so often, whatever the clock says."""

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


class Deliveries:
    """The deliveries of one blog; only who leads its schedule may use it."""

    def __init__(self, blog: Blog, environ: Mapping[str, str] = os.environ) -> None:
        """Take secrets from *environ*."""
        self._blog = blog
        self._outbox = blog.outbox
        self._environ = environ
        self._topics: dict[str, str] = {}
        self._unrecorded: list[tuple[Effect, str, datetime]] = []

    # -- closing ------------------------------------------------------------------------------

    def close(self) -> list[Period]:
        """Close every day and week that is over and is not closed yet; return them, in order.

        The first time, what is over already is taken for closed, and nothing is sent for it.
        """
        now = self._blog.now
        closing = self._blog.config.closing
        last_day = closing.last_day(now)
        last_week = self._last_week(now)
        days_to, weeks_to = (self._outbox.fact(name) for name in ("days_to", "weeks_to"))
        reached = {"days_to": last_day.isoformat(), "weeks_to": last_week.end.isoformat()}
        if not days_to:
            self._outbox.remember(reached, (), now)
            return []
        if closing.of(period.day(date.fromisoformat(days_to))) > now + SET_BACK:
            return self._reopen(now, reached)
        found = [period.day(of) for of in _after(date.fromisoformat(days_to), last_day)]
        found += self._weeks(date.fromisoformat(weeks_to), last_week)
        if not found:
            return []
        found.sort(key=lambda of: (closing.of(of), of.end, of.kind))
        closed = self._outbox.closed()
        found = [of for of in found if of.id not in closed]
        facts = {name: max(day, self._outbox.fact(name)) for name, day in reached.items()}
        timeline = Timeline(self._blog.journal, now)
        told = {of.id: _has_entries(timeline, of) for of in found}
        plans = planning.for_closed(found, told, self._blog.config)
        self._outbox.close([of.id for of in found], facts, plans, now)
        return found

    def _last_week(self, now: datetime) -> Period:
        """Return the newest week that is closed."""
        config = self._blog.config
        week = self._week(period.local_day(now, config.zone))
        while config.closing.of(week) > now:
            week = self._week(week.start - timedelta(days=1))
        return week

    def _week(self, of: date) -> Period:
        return period.week(of, self._blog.config.first_weekday)

    def _weeks(self, after: date, last: Period) -> list[Period]:
        found = {self._week(of) for of in _after(after, last.end)}
        return [week for week in found if after < week.end <= last.end]

    def _reopen(self, now: datetime, facts: dict[str, str]) -> list[Period]:
        """Take back what was closed by a clock that was ahead; what it sent stays sent."""
        closing = self._blog.config.closing
        wrong = [
            name
            for name in self._outbox.closed()
            if closing.of(period.parse_period_id(name, self._blog.config.first_weekday)) > now
        ]
        log.warning("The clock was set back: %d days and weeks are open again.", len(wrong))
        self._outbox.reopen(wrong, facts)
        self._outbox.hasten(now)
        return []

    # -- news ---------------------------------------------------------------------------------

    def plan_news(self) -> None:
        """Plan the chat messages that follow from what was appended or released since."""
        config, journal = self._blog.config, self._blog.journal
        if all(chat.post == "digests" for chat in config.chat.values()):
            return
        now = self._blog.now
        known = self._outbox.fact("place")
        if not known:
            here = StreamPosition(journal.end(), int(now.timestamp()))
            return self._outbox.remember({"place": str(here)}, (), now)
        before = StreamPosition.parse(known)
        timeline = Timeline(journal, now)
        news = journal.since(before.cursor)
        touched = changed_entries(timeline, news, before.released, config)
        place = StreamPosition(news.cursor, max(int(now.timestamp()), before.released))
        if not touched and place.cursor == before.cursor:
            return None
        entries = (_readable(timeline, entry_id) for entry_id in touched)
        plans = planning.for_news(filter(None, entries), config, now)
        return self._outbox.remember({"place": str(place)}, plans, now)

    def plan_pings(self) -> None:
        """Plan a ping for each topic that is not as the hubs were told."""
        if not self._blog.config.websub.hubs:
            return
        topics = self._blog.publisher.topics()
        if topics != self._topics:
            now = self._blog.now
            plans = planning.for_topics(topics, self._blog.config)
            self._outbox.plan(plans, now, now + COALESCE)
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
        while effects := self._outbox.ready(kind, self._blog.now):
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
        ended = self._blog.now
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
        now = self._blog.now
        tries = effect.tries + 1
        is_late = now - effect.made > GIVE_UP and tries >= TRIES
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
        config = self._blog.config
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
            self._outbox.remember({name: place}, (), self._blog.now)
        websub.ping(hub, topic, "" if place == PUBLIC else place)

    def _mail(self, effect: Effect) -> Callable[[], object]:
        from . import mail

        settings = self._blog.config.mail
        if effect.target not in settings.to:
            raise _Needless("the address is no longer in the settings")
        digest = self._blog.digest(effect.subject)
        message = mail.compose(digest, self._blog.publisher.pages, effect.target, self._blog.now)
        if message is None:
            raise _Needless("there is nothing to tell any more")
        return partial(mail.send, message, settings, self._environ.get(mail.PASSWORD, ""))

    def _chat(self, effect: Effect) -> Callable[[], object]:
        config, words = self._blog.config, self._blog.words
        try:
            of = period.parse_period_id(effect.subject, config.first_weekday)
        except LiveblogError:
            entry = self._blog.timeline.entry(effect.subject)
            if entry.now.state != "live" or not entry.is_visible(self._blog.now):
                raise _Needless("the entry was withdrawn") from None
            text, path = self._told(entry), addresses.entry_path(entry.id)
        else:
            text = bidi.closed(title(self._blog.digest(of.id), words))
            path = addresses.period_path(of)
        link = addresses.url(config.url, path)
        return partial(chat.post, effect.target, words.typography(text), link, self._environ)

    def _told(self, entry: Entry) -> str:
        """Return an entry as a chat shows it, plain."""
        words, now = self._blog.words, entry.now
        body = words_in(to_html(now.body))
        is_claim = now.verification == "unconfirmed"
        mark = f"[{words.say('Unconfirmed')}] " if is_claim else ""
        return bidi.closed(mark + "\n".join(part for part in (now.title, body) if part))


def _has_entries(timeline: Timeline, of: Period) -> bool:
    """Whether a period has something to tell; what cannot be read becomes a fault in the outbox."""
    try:
        return bool(build(timeline, of).entries)
    except Exception as error:
        _log_unreadable(of.id, error)
        return True


def _readable(timeline: Timeline, entry_id: str) -> Entry | None:
    """Return an entry, or None for one that cannot be read: no chat is told of it."""
    try:
        return timeline.entry(entry_id)
    except Exception as error:
        _log_unreadable(entry_id, error)
        return None


def _log_unreadable(name: str, error: Exception) -> None:
    is_ours = isinstance(error, LiveblogError)
    log.error("Cannot read %s to send it: %s", name, error, exc_info=None if is_ours else error)


def _after(last: date, newest: date) -> list[date]:
    """Return the days after one, up to another."""
    return [last + timedelta(days=n) for n in range(1, (newest - last).days + 1)]
