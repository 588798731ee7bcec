"""What is to go out: which effects follow from what was closed, changed or posted. Plans only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from ..config import Config
from ..model import addresses
from ..model.period import Period
from ..timeline import Entry
from .outbox import Plan

STALE = timedelta(days=1)
"""An entry older than this is no news, and is not posted to a chat: an import posts nothing."""


def for_closed(periods: Sequence[Period], told: Mapping[str, bool], config: Config) -> list[Plan]:
    """Return what the closing of *periods*, in their order, sends.

    *told* says of each period's id whether it has anything to tell: no entry, no mail. Of days
    (and of weeks) that close at once, the blog sends all or the latest one with something to tell.
    """
    plans: list[Plan] = []
    worth = [of for of in periods if told[of.id]]
    if config.schedule.catch_up == "latest":
        latest = {of.kind: of for of in worth}
        worth = [of for of in worth if latest[of.kind] is of]
    for of in worth:
        is_mailed = config.mail.weekly if of.kind == "week" else config.mail.daily
        plans += [Plan("mail", to, of.id) for to in config.mail.to if is_mailed]
        plans += [
            Plan("chat", name, of.id)
            for name, chat in config.chat.items()
            if chat.post == "digests"
        ]
    return plans


def for_news(entries: Iterable[Entry], config: Config, now: datetime) -> Iterator[Plan]:
    """Yield the messages to chats that follow from entries that were posted or changed."""
    for entry in entries:
        is_news = entry.now.state == "live" and entry.is_visible(now)
        if not is_news or entry.published < now - STALE:
            continue
        for name, chat in config.chat.items():
            if chat.post == "all" or (chat.post == "key" and entry.now.key):
                yield Plan("chat", name, entry.id)


def for_topics(files: Mapping[str, str], config: Config) -> list[Plan]:
    """Return a ping of each hub for each topic of the site: the live page and every feed.

    *files* are paths of the site with a hash of their content, which is the topic's version: what
    was pinged in this version is not pinged again.
    """
    return [
        Plan("ping", hub, addresses.url(config.url, "" if path == "index.html" else path), version)
        for path, version in sorted(files.items())
        for hub in config.websub.hubs
        if path == "index.html" or path.rpartition("/")[2] in addresses.FORMATS
    ]
