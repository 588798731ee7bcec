"""The settings of one blog: the structure of its ``liveblog.toml``.

Every key is typed. An unknown key is an error, so that a typo is not mistaken for a setting.
"""

from __future__ import annotations

from datetime import tzinfo
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from ..model.period import WEEKDAYS, Closing
from .checks import parse_time, parse_weekday_time


class FeedConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[feeds]``."""

    entries: int = 50  #: maximum number of entries, days or weeks in a feed


class ServerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[server]``."""

    streams: int = 20_000  #: maximum number of open event streams
    streams_per_address: int = 200  #: maximum number of open event streams per IP address


class ScheduleConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[schedule]``; its times are local times in the blog's time zone."""

    day_closes: str = "00:00"  #: the time at which the previous day closes
    week_closes: str = ""
    """Such as ``monday 06:00``; if empty, when the last day of the week closes."""
    catch_up: Literal["all", "latest"] = "all"
    """Which digests are sent when several days (or weeks) close at once, after a downtime."""
    publish_seconds: int = 300  #: maximum number of seconds between two publications


class MailConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[mail]``; the password is the environment variable LIVEBLOG_SMTP_PASSWORD."""

    server: str = ""  #: host name
    port: int = 0  #: if 0: 587, or 465 with ``tls``
    security: Literal["starttls", "tls", "none"] = "starttls"
    allow_cleartext: bool = False  #: permits ``security = "none"`` to another machine
    username: str = ""
    sender: str = ""  #: ``Name <address>``
    to: tuple[str, ...] = ()  #: recipients, or the address of a mailing list
    daily: bool = True  #: send the digest of each day
    weekly: bool = True  #: send the digest of each week
    chapters: bool = True  #: send each chapter when it is published
    list_id: str = ""  #: RFC 2919; if empty, made from the blog's id
    unsubscribe: tuple[str, ...] = ()  #: ``mailto:`` and ``https:`` addresses (RFC 2369)
    unsubscribe_one_click: bool = False  #: the ``https:`` address accepts a POST (RFC 8058)


class WebSubConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[websub]`` (https://www.w3.org/TR/websub/)."""

    hubs: tuple[str, ...] = ()  #: addresses of the hubs, which notify the subscribers


class ChatConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table ``[chat.NAME]``; its address is secret and comes from an environment variable."""

    post: Literal["key", "all", "digests"] = "key"
    """What is sent to the chat: key entries, all entries, or digests and chapters."""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The settings of one blog."""

    title: str
    url: str  #: where the site is served, ending in a slash
    id: str  #: a tag: URI (RFC 4151) that never changes; all feed ids begin with it
    language: str = "en"  #: BCP 47, with one of ``checks.LANGUAGES`` first
    timezone: str = "UTC"  #: IANA name
    description: str = ""
    author: str = ""  #: author of entries without one
    week_starts: str = "monday"
    gone: tuple[str, ...] = ()  #: paths answered with 410; that of a folder ends in a slash
    redirects: dict[str, str] = {}  #: old path → new path or address
    moved_from: tuple[str, ...] = ()  #: earlier addresses of the blog, the latest last
    earlier_tag_addresses: bool = True  #: keep ``tags/c/`` for C++; ``init`` writes false
    publish: Literal["on demand", "always"] = "on demand"
    """When commands bring the site up to date: ``on demand`` with ``liveblog publish``, or each."""
    feeds: FeedConfig = FeedConfig()
    server: ServerConfig = ServerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    mail: MailConfig = MailConfig()
    websub: WebSubConfig = WebSubConfig()
    chat: dict[str, ChatConfig] = {}

    @cached_property
    def zone(self) -> tzinfo:
        """The blog's time zone, which delimits its days and weeks."""
        return ZoneInfo(self.timezone)

    @property
    def first_weekday(self) -> int:
        """The first day of the week (Monday is 0)."""
        return WEEKDAYS.index(self.week_starts)

    @cached_property
    def closing(self) -> Closing:
        """When the blog's days and weeks close."""
        day_at = parse_time(self.schedule.day_closes)
        week_on, week_at = self.first_weekday, day_at
        if self.schedule.week_closes:
            week_on, week_at = parse_weekday_time(self.schedule.week_closes)
        return Closing(self.zone, day_at, week_on, week_at)
