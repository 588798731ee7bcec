"""The settings of one blog, read from its ``liveblog.toml``.

Every key is typed and an unknown one is an error, so that a typo never passes for a setting.
"""

from __future__ import annotations

import os
import re
import tomllib
from datetime import tzinfo
from functools import cached_property, partial
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from ..model import limits
from ..model.errors import ConfigError, InvalidInput, did_you_mean
from ..model.period import WEEKDAYS, Closing
from .checks import (
    check_host,
    check_hubs,
    check_id,
    check_language,
    check_line,
    check_list_id,
    check_mail,
    check_names,
    check_one_click,
    check_paths,
    check_pause,
    check_port,
    check_recipients,
    check_redirects,
    check_security,
    check_sender,
    check_text,
    check_time,
    check_timezone,
    check_title,
    check_unsubscribe,
    check_url,
    check_urls,
    check_weekday,
    check_weekday_time,
    shown,
)

FILE_NAME = "liveblog.toml"
ENVIRONMENT = "LIVEBLOG_CONFIG"


class FeedConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[feeds]``."""

    entries: int = 50  #: how many updates, days or weeks a feed holds


class ServerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[server]``."""

    streams: int = 20_000  #: open event streams at once
    streams_per_address: int = 200  #: of those, from one address


class ScheduleConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[schedule]``; its times are those of the blog's wall clocks."""

    day_closes: str = "00:00"  #: the time at which the day before closes
    week_closes: str = ""  #: ``monday 06:00``; the day after the week, with its last day, if empty
    catch_up: Literal["all", "latest"] = "all"
    """Which of several days (or weeks) that close at once, after a sleep, are sent."""
    publish_seconds: int = 300  #: the longest pause between two publications


class MailConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[mail]``; the password is in the environment, ``LIVEBLOG_SMTP_PASSWORD``."""

    server: str = ""  #: its host
    port: int = 0  #: 587, or 465 with ``tls``, if 0
    security: Literal["starttls", "tls", "none"] = "starttls"
    allow_cleartext: bool = False  #: ``security = "none"`` to another machine is meant
    username: str = ""
    sender: str = ""  #: ``Name <address>``
    to: tuple[str, ...] = ()  #: addresses, or that of a mailing list
    daily: bool = True  #: send the digest of each day
    weekly: bool = True  #: and of each week
    list_id: str = ""  #: RFC 2919; made from the blog's id if empty
    unsubscribe: tuple[str, ...] = ()  #: ``mailto:`` and ``https:`` addresses (RFC 2369)
    unsubscribe_one_click: bool = False  #: the ``https:`` one takes a POST (RFC 8058)


class WebSubConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[websub]`` (https://www.w3.org/TR/websub/)."""

    hubs: tuple[str, ...] = ()  #: who tells the subscribers; addresses


class ChatConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table ``[chat.NAME]``; its address, which holds a secret, is in the environment."""

    post: Literal["key", "all", "digests"] = "key"  #: key entries, every entry, or the digests


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """What ``liveblog.toml`` says, checked."""

    title: str
    url: str  #: where the site is served, ending in a slash
    id: str  #: a tag: URI (RFC 4151), fixed for ever; all feed ids begin with it
    language: str = "en"  #: BCP 47; its first part is one of :data:`.checks.LANGUAGES`
    timezone: str = "UTC"  #: IANA name
    description: str = ""
    author: str = ""  #: signs what nobody signed
    week_starts: str = "monday"
    gone: tuple[str, ...] = ()  #: paths that answer 410; a folder's ends in a slash
    redirects: dict[str, str] = {}  #: paths that moved, and where to
    moved_from: tuple[str, ...] = ()  #: addresses that the blog had before, the latest last
    feeds: FeedConfig = FeedConfig()
    server: ServerConfig = ServerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    mail: MailConfig = MailConfig()
    websub: WebSubConfig = WebSubConfig()
    chat: dict[str, ChatConfig] = {}

    @cached_property
    def zone(self) -> tzinfo:
        """The blog's time zone, in which its days and weeks lie."""
        return ZoneInfo(self.timezone)

    @property
    def first_weekday(self) -> int:
        """The day on which a week begins, from Monday = 0."""
        return WEEKDAYS.index(self.week_starts)

    @cached_property
    def closing(self) -> Closing:
        """When the blog's days and weeks close."""
        day_at = check_time(self.schedule.day_closes)
        week_on, week_at = self.first_weekday, day_at
        if self.schedule.week_closes:
            week_on, week_at = check_weekday_time(self.schedule.week_closes)
        return Closing(self.zone, day_at, week_on, week_at)


def find(start: Path, given: str | None = None) -> Path:
    """Return the configuration file: *given*, else ``LIVEBLOG_CONFIG``, else the nearest upwards.

    Raises :class:`ConfigError` if there is none.
    """
    chosen = given or os.environ.get(ENVIRONMENT)
    try:
        return _chosen(Path(chosen)) if chosen else _nearest(start)
    except (OSError, RuntimeError) as error:  # RuntimeError: symbolic links in a circle
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"Cannot look for {FILE_NAME} at {shown(chosen or str(start))}: {reason}.",
            "Name the blog's folder: 'liveblog -C DIR …'.",
        ) from None


def _chosen(path: Path) -> Path:
    if path.is_dir():
        path /= FILE_NAME
    if not path.is_file():
        raise ConfigError(
            f"There is no configuration at {path}.",
            f"Check --config and {ENVIRONMENT}, or make a blog with 'liveblog init'.",
        )
    return path.resolve()


def _nearest(start: Path) -> Path:
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    raise ConfigError(
        f"There is no {FILE_NAME} in {start} or above it.",
        "Make a blog with 'liveblog init DIR', or name its folder: 'liveblog -C DIR …'.",
    )


def load(path: Path) -> Config:
    """Read and check a configuration file.

    Raises :class:`ConfigError` naming the file, the key and the hint.
    """
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise ConfigError(
            f"Cannot read {path}: {error.strerror}.", "Check its permissions and its disk."
        ) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: not UTF-8.", "Save it as UTF-8.") from None
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also of a number with too many digits
        raise ConfigError(f"{path}: {error}.", "See https://toml.io for the syntax.") from None
    _refuse_unknown_keys(path, text, raw)
    try:
        config = msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_in_words(str(error))}", _mend(str(error))) from None
    for key, check in (
        ("title", check_title),
        ("description", partial(check_text, "description", limits.ALT)),
        ("author", partial(check_line, "author", limits.NAME)),
        ("url", check_url),
        ("moved_from", check_urls),
        ("id", check_id),
        ("language", check_language),
        ("timezone", check_timezone),
        ("week_starts", check_weekday),
        ("gone", check_paths),
        ("redirects", check_redirects),
        ("schedule.day_closes", check_time),
        ("schedule.week_closes", check_weekday_time),
        ("schedule.publish_seconds", check_pause),
        ("websub.hubs", check_hubs),
        ("chat", check_names),
        ("mail.server", check_host),
        ("mail.port", check_port),
        ("mail.security", partial(check_security, config.mail)),
        ("mail.username", partial(check_line, "username", limits.NAME)),
        ("mail.sender", check_sender),
        ("mail.to", check_recipients),
        ("mail.list_id", check_list_id),
        ("mail.unsubscribe", check_unsubscribe),
        ("mail.unsubscribe_one_click", partial(check_one_click, config.mail)),
        ("mail", check_mail),
    ):
        table, _, name = key.rpartition(".")
        value = getattr(getattr(config, table) if table else config, name)
        try:
            if value != "" or key not in _MAY_BE_EMPTY:
                check(value)
        except (ConfigError, InvalidInput) as error:
            where = f"{path}, line {_line_of(name, text, table)}"
            raise ConfigError(f"{where}: {key}: {error.message}", error.hint) from None
    if not 1 <= config.feeds.entries <= 500:
        raise ConfigError(
            f"{path}: feeds.entries is {config.feeds.entries}.", "Choose from 1 to 500."
        )
    if config.server.streams < 1 or config.server.streams_per_address < 1:
        raise ConfigError(f"{path}: [server] allows no event stream.", "Choose at least 1.")
    return config


_MAY_BE_EMPTY = ("schedule.week_closes", "mail.server", "mail.sender", "mail.list_id")


def _refuse_unknown_keys(path: Path, text: str, raw: dict[str, object]) -> None:
    tables: list[tuple[str, type[msgspec.Struct], object]] = [
        ("", Config, raw),
        ("feeds.", FeedConfig, raw.get("feeds", {})),
        ("server.", ServerConfig, raw.get("server", {})),
        ("schedule.", ScheduleConfig, raw.get("schedule", {})),
        ("mail.", MailConfig, raw.get("mail", {})),
        ("websub.", WebSubConfig, raw.get("websub", {})),
    ]
    chats = raw.get("chat", {})
    if isinstance(chats, dict):
        tables += [(f"chat.{name}.", ChatConfig, table) for name, table in chats.items()]
    for prefix, struct, table in tables:
        if not isinstance(table, dict):
            continue
        for key in table:
            if prefix == "mail." and key == "password":
                raise ConfigError(
                    f"{path}, line {_line_of(key, text, prefix)}: a password does not belong here.",
                    "Put it into the environment, as LIVEBLOG_SMTP_PASSWORD.",
                )
            if key not in struct.__struct_fields__:
                known = ", ".join(struct.__struct_fields__)
                hint = did_you_mean(key, struct.__struct_fields__) or f"Known keys: {known}."
                raise ConfigError(
                    f"{path}, line {_line_of(key, text, prefix)}: "
                    f"unknown key '{prefix}{shown(key)}'.",
                    hint,
                )


def _line_of(key: str, text: str, table: str = "") -> int:
    header = re.search(rf"^\s*\[{table.rstrip('.')}\]", text, re.MULTILINE) if table else None
    pattern = re.compile(rf"^\s*\[?\s*\"?{re.escape(key)}\b", re.MULTILINE)
    match = pattern.search(text, header.end() if header else 0)
    return text.count("\n", 0, match.end()) + 1 if match else 1


def _mend(message: str) -> str:
    if match := re.search(r"missing required field `(.*?)`", message):
        return f'Add a line {match[1]} = "…".'
    if match := re.search(r"`\$\.(.*?)`", message):
        return f"Give {match[1]} a value of the right kind; see the README."
    return "See the README for the keys."


def _in_words(message: str) -> str:
    """Turn msgspec's path syntax (``at `$.feeds.entries` ``) into a key as it is written."""
    message = re.sub(r"(?s)'(.{100}).*'", r"'\1…'", message)
    return re.sub(r" - at `\$\.?(.*?)`", r" (key '\1').", message)
