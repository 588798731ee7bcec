"""Plans deliveries: which follow from closed periods, chapters, changed entries and topics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from ..config import Config
from ..model import addresses
from ..model.chapter import Chapter
from ..model.period import Period
from ..timeline import Entry
from .outbox import Plan

MAX_AGE = timedelta(days=1)
"""The age up to which an entry is posted to a chat, so that an import posts nothing."""


def for_closed(periods: Sequence[Period], config: Config) -> list[Plan]:
    """Return the mails and chat messages that follow from closed *periods*, in their order.

    Of the days (and of the weeks) that close at once, all are sent or only the latest, by the
    settings.
    """
    plans: list[Plan] = []
    latest = {period.kind: period for period in periods}
    for period in periods:
        if config.schedule.catch_up == "latest" and period is not latest[period.kind]:
            continue
        is_mailed = config.mail.weekly if period.kind == "week" else config.mail.daily
        plans += [Plan("mail", to, period.id) for to in config.mail.to if is_mailed]
        plans += _for_digest_chats(period.id, config)
    return plans


def are_chapters_sent(config: Config) -> bool:
    """Whether the settings ask for chapters to be sent to anybody."""
    is_mailed = config.mail.chapters and bool(config.mail.to)
    return is_mailed or any(chat.post == "digests" for chat in config.chat.values())


def for_chapter(chapter: Chapter, config: Config) -> list[Plan]:
    """Return the mails and chat messages that follow from a published chapter."""
    version = chapter.published.isoformat()
    mails = [
        Plan("mail", to, chapter.name, version) for to in config.mail.to if config.mail.chapters
    ]
    return [*mails, *_for_digest_chats(chapter.name, config, version)]


def _for_digest_chats(subject: str, config: Config, version: str = "") -> Iterator[Plan]:
    """Yield the messages about a digest to the chats that want digests."""
    for name, chat in config.chat.items():
        if chat.post == "digests":
            yield Plan("chat", name, subject, version)


def for_news(entries: Iterable[Entry], config: Config, now: datetime) -> Iterator[Plan]:
    """Yield the chat messages that follow from entries that were posted or changed."""
    for entry in entries:
        is_news = entry.now.state == "live" and entry.is_visible(now)
        if not is_news or entry.published < now - MAX_AGE:
            continue
        for name, chat in config.chat.items():
            if chat.post == "all" or (chat.post == "key" and entry.now.key):
                yield Plan("chat", name, entry.id)


def for_topics(files: Mapping[str, str], config: Config) -> list[Plan]:
    """Return a ping of each hub for each topic of the site: the live page and every feed.

    *files* maps paths of the site to hashes of their content. The hash is the topic's version: each
    version is pinged once.
    """
    return [
        Plan("ping", hub, addresses.url(config.url, "" if path == "index.html" else path), version)
        for path, version in sorted(files.items())
        for hub in config.websub.hubs
        if path == "index.html" or path.rpartition("/")[2] in addresses.FORMATS
    ]
