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

    entries: int = 50  #: maximum number of entries, days or weeks in a feed; 1 to 500


class ServerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[server]``; read when the server starts."""

    streams: int = 20_000  #: maximum number of open event streams
    streams_per_address: int = 200  #: maximum number of open event streams per IP address


class ScheduleConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[schedule]``; its times are local times in the blog's time zone."""

    day_closes: str = "00:00"  #: when the day before closes; later leaves time for a headline
    week_closes: str = ""
    """Such as ``"monday 06:00"``; without it, when the last day of the week closes."""
    catch_up: Literal["all", "latest"] = "all"
    """Which digests are sent when several days (or weeks) close at once, after a downtime."""
    publish_seconds: int = 300  #: maximum seconds between two publications; 1 to 86,400


class MailConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[mail]``; the password is the environment variable LIVEBLOG_SMTP_PASSWORD."""

    server: str = ""  #: host name of the mail server
    port: int = 0  #: ``0`` stands for 587, or with ``"tls"`` 465
    security: Literal["starttls", "tls", "none"] = "starttls"  #: the certificate is verified
    allow_cleartext: bool = False  #: permits ``"none"`` to another machine too
    username: str = ""  #: for the login; without it there is none
    sender: str = ""  #: ``Name <address>``; without a name, the title of the blog
    to: tuple[str, ...] = ()
    """Addresses; each gets a message of its own. For many readers use a mailing list."""
    daily: bool = True  #: send the digest of each day
    weekly: bool = True  #: send the digest of each week
    chapters: bool = True  #: send each chapter when it is published
    list_id: str = ""  #: identifier of the list (RFC 2919); without it, made from the blog's id
    unsubscribe: tuple[str, ...] = ()  #: ``mailto:`` and ``https:`` addresses for leaving the list
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

    title: str  #: one line
    url: str  #: where readers find the site, ending in a slash; change it with ``liveblog move``
    id: str  #: a tag: URI (RFC 4151) that never changes; all feed ids begin with it
    language: str = "en"
    """``ar``, ``de``, ``en`` (American; ``en-GB`` is British), ``es`` or ``fr``, also with another
    region, such as ``fr-CH`` (BCP 47)"""
    timezone: str = "UTC"  #: the days and weeks are those of this zone (IANA name)
    description: str = ""  #: shown below the title and in search engines
    picture: str = ""
    """A picture in the folder ``static/`` for sharing pages that have none; else one is drawn."""
    author: str = ""  #: author of entries without one
    fediverse: str = ""
    """``@name@server``: the account that Mastodon names beside links to the blog."""
    week_starts: str = "monday"  #: first day of the week, in English
    gone: tuple[str, ...] = ()
    """Paths answered with 410 by ``liveblog serve``; that of a folder ends in a slash."""
    redirects: dict[str, str] = {}
    """Old path to new path or address, answered with 308 by ``liveblog serve``."""
    moved_from: tuple[str, ...] = ()
    """Earlier addresses of the blog, the latest last; ``liveblog move`` adds them."""
    earlier_tag_addresses: bool = True
    """Keep ``tags/c/`` for C++, as earlier versions had it; ``init`` writes ``false``."""
    publish: Literal["on demand", "always"] = "on demand"
    """When commands that change the blog also publish the site: with ``--publish``, or always."""
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
