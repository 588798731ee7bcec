"""The settings of one blog, read from its ``liveblog.toml``.

Every key is typed and an unknown one is an error, so that a typo never passes for a setting.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Sequence
from datetime import datetime, time, tzinfo
from functools import cached_property, partial
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

from . import limits
from .entry import FORBIDDEN, clean_text
from .errors import ConfigError, InvalidInput, did_you_mean
from .period import WEEKDAYS, Closing

FILE_NAME = "liveblog.toml"
ENVIRONMENT = "LIVEBLOG_CONFIG"
_ADDRESS = r"[^\s<>@,;:\"\\()\[\]]{1,64}@[^\s<>@,;:\"\\()\[\]]{1,255}"
LANGUAGES = ("ar", "de", "en", "es", "fr")


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
    language: str = "en"  #: BCP 47; its first part is one of :data:`LANGUAGES`
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

    Raises :class:`ConfigError` naming the file, the key and the mend.
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


def check_text(name: str, limit: int, text: str) -> None:
    """Refuse a text that is too long, or that no page or feed can carry."""
    clean_text(text, name)
    limits.check_length(text, limit, name)


def check_line(name: str, limit: int, text: str) -> None:
    """Refuse what :func:`check_text` refuses, and a text of several lines."""
    check_text(name, limit, text)
    if len(text.splitlines()) > 1 or text.endswith("\n"):
        raise ConfigError(f"The {name} spans several lines.", "Write it on one line.")


def check_paths(paths: Iterable[str]) -> None:
    """Refuse a path that no request can have."""
    for path in paths:
        check_line("path", limits.ADDRESS, path)


def check_redirects(redirects: dict[str, str]) -> None:
    """Refuse a redirect that leads to no page."""
    check_paths(redirects)
    for name, target in redirects.items():
        check_line("address", limits.ADDRESS, target)
        is_elsewhere = target.startswith(("//", "\\"))
        if is_elsewhere or _split(target).scheme not in ("", "http", "https"):
            raise ConfigError(
                f"'{shown(name)}' leads to '{shown(target)}'.",
                "Give a path of this site, or an address that begins with https://.",
            )


def check_title(title: str) -> None:
    """Refuse a title that is empty, too long or of several lines."""
    if not title.strip() or "\n" in title:
        raise ConfigError("A blog needs a title of one line.", 'Write title = "…".')
    check_line("title", limits.TITLE, title)


def check_url(url: str) -> None:
    """Refuse an address at which no site can be served."""
    limits.check_length(url, limits.ADDRESS, "address of the site")
    parts = _split(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(
            f"'{shown(url)}' is not the address of a site.",
            "Write it like https://example.org/blog/.",
        )
    if not url.endswith("/"):
        raise ConfigError(f"'{shown(url)}' does not end in a slash.", f"Write {shown(url)}/.")
    if not url.isascii() or re.search(r"[\s\"'<>\\\x00-\x1f\x7f]", url):
        raise ConfigError(
            f"'{shown(url)}' holds a character that no URL may.", "Percent-encode it."
        )
    check_host(parts.hostname)


def _split(url: str) -> SplitResult:
    """Return the parts of an address; empty parts for what is none."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018, raises if it is no number
    except ValueError:
        return urlsplit("x:")
    return parts


def check_urls(urls: tuple[str, ...]) -> None:
    """Refuse an address at which no site can have been served."""
    for url in urls:
        check_url(url)


def check_id(blog_id: str) -> None:
    """Refuse what is no tag: URI (RFC 4151 §2.1)."""
    limits.check_bytes(blog_id, limits.HEADER_BYTES // 2, "id")
    if not re.fullmatch(
        r"tag:[A-Za-z0-9._@-]+,\d{4}(-\d\d(-\d\d)?)?:[A-Za-z0-9._~!$&'()*+,;=:@/?%-]+", blog_id
    ):
        raise ConfigError(
            f"'{shown(blog_id)}' is not a tag: URI.",
            "Write it like tag:example.org,2012-07-15:name, once and for ever.",
        )


def check_language(language: str) -> None:
    """Refuse a language in which liveblog has no words for readers."""
    if language.split("-")[0] not in LANGUAGES or not re.fullmatch(
        r"[a-z]{2}(-[A-Za-z0-9]{2,8})*", language
    ):
        raise ConfigError(
            f"'{shown(language)}' is not a language liveblog speaks.",
            f"It speaks {', '.join(LANGUAGES)}, also with a region such as en-GB.",
        )


def check_timezone(name: str) -> None:
    """Refuse a zone that the IANA database does not have."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        mend = did_you_mean(name, available_timezones()) or "Write it like Europe/Paris."
        raise ConfigError(f"'{shown(name)}' is not a time zone.", mend) from None


def check_weekday(name: str) -> None:
    """Refuse a word that is no weekday."""
    if name not in WEEKDAYS:
        mend = did_you_mean(name.lower(), WEEKDAYS) or f"Choose one of {', '.join(WEEKDAYS)}."
        raise ConfigError(f"'{shown(name)}' is not a weekday.", mend)


def check_time(text: str) -> time:
    """Return the time of day that ``06:30`` means; refuse what is none."""
    match = re.fullmatch(r"(\d\d):(\d\d)", text)
    try:
        if match:
            return time(int(match[1]), int(match[2]))
    except ValueError:
        pass
    raise ConfigError(
        f"'{shown(text)}' is not a time of day.", "Write it like 06:30, from 00:00 to 23:59."
    )


def check_weekday_time(text: str) -> tuple[int, time]:
    """Return weekday (from Monday = 0) and time of ``monday 06:30``; refuse what is neither."""
    name, _, at = text.partition(" ")
    check_weekday(name)
    if not at:
        raise ConfigError(f"'{shown(text)}' has no time of day.", f"Write it like '{name} 06:30'.")
    return WEEKDAYS.index(name), check_time(at.strip())


def check_pause(seconds: int) -> None:
    """Refuse a pause between publications that cannot be."""
    if not 1 <= seconds <= 86_400:
        raise ConfigError(f"{seconds} is not a pause to publish at.", "Choose from 1 to 86400.")


def check_mail(mail: MailConfig) -> None:
    """Refuse a table that says too little to send anything."""
    if mail == MailConfig():
        return
    if not mail.server:
        raise ConfigError("No mail server is named.", 'Write server = "mail.example.org".')
    if not mail.sender:
        raise ConfigError(
            "Nobody is named as the sender.", 'Write sender = "The blog <blog@example.org>".'
        )


def check_host(host: str) -> None:
    """Refuse what is neither a host's name nor its address."""
    is_name = re.fullmatch(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]+", host)
    if not is_name or any(len(label) > 63 for label in host.split(".")):
        raise ConfigError(
            f"'{shown(host)}' is not the name of a server.",
            "Write it like mail.example.org; the port has a key of its own.",
        )


def check_port(port: int) -> None:
    """Refuse a port that no server can have."""
    if not 0 <= port <= 65535:
        raise ConfigError(
            f"{port} is not a port.", "Choose from 1 to 65535, or leave it out for the usual one."
        )


def check_security(mail: MailConfig, security: str) -> None:
    """Refuse to send in the clear over a network, unless that is said to be meant."""
    if security == "none" and not mail.allow_cleartext and not _is_loopback(mail.server):
        raise ConfigError(
            f"mail to {mail.server} would go unencrypted.",
            'Choose "starttls" or "tls"; on a network that you trust add allow_cleartext = true.',
        )


def check_sender(sender: str) -> tuple[str, str]:
    """Return the name and the address of ``Name <address>``; refuse what is neither."""
    limits.check_length(sender, limits.NAME + limits.ADDRESS, "sender")
    match = re.fullmatch(rf"(?:([^<>]*?)\s*<({_ADDRESS})>|({_ADDRESS}))", sender)
    # Whatever breaks a line could begin another header.
    if not match or len(sender.splitlines()) > 1 or FORBIDDEN.search(sender):
        raise ConfigError(
            f"'{shown(sender)}' is not a sender.",
            'Write sender = "The blog <blog@example.org>".',
        )
    name = limits.check_length((match[1] or "").strip(' "'), limits.NAME, "name of the sender")
    return name, check_address(match[2] or match[3])


def check_recipients(addresses: tuple[str, ...]) -> None:
    """Refuse a list with an address to which no mail can go."""
    for address in addresses:
        check_address(address)


def check_address(address: str) -> str:
    """Return a mail address as the mail system writes it; refuse what is none.

    A domain in letters of any script becomes A-labels (IDNA 2008, RFC 5891); what stands before
    the @ stays as it is (RFC 6531).
    """
    local, _, domain = address.rpartition("@")
    if not re.fullmatch(_ADDRESS, address) or FORBIDDEN.search(address):
        raise ConfigError(
            f"'{shown(address)}' is not a mail address.", "Write it like anna@example.org."
        )
    if domain.isascii():
        return address
    import idna

    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        raise ConfigError(
            f"'{shown(domain)}' is not a domain that mail can go to.", "Check how it is written."
        ) from None


def check_list_id(name: str) -> None:
    """Refuse what is no list identifier (RFC 2919 §2)."""
    limits.check_bytes(name, 255, "list_id")
    if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", name):
        raise ConfigError(
            f"'{shown(name)}' is not the identifier of a list.",
            "Write it like digest.blog.example.org.",
        )


def check_unsubscribe(addresses: tuple[str, ...]) -> None:
    """Refuse an address at which nobody can unsubscribe (RFC 2369 §3.2)."""
    if len(addresses) > limits.LIST:
        raise ConfigError(f"There are {len(addresses)} addresses.", "Name one or two.")
    for address in addresses:
        if not re.fullmatch(r"(mailto:|https://)[!-;=?-~]{1,900}", address):
            raise ConfigError(
                f"'{shown(address)}' is neither a mailto: nor an https:// address.",
                "Percent-encode what is not ASCII.",
            )


def check_one_click(mail: MailConfig, is_one_click: bool) -> None:
    """Refuse one click without an address that takes it (RFC 8058 §3.1)."""
    if is_one_click and not any(href.startswith("https://") for href in mail.unsubscribe):
        raise ConfigError(
            "one click needs an https:// address.",
            "Add the one that takes the POST to unsubscribe.",
        )


def shown(text: str) -> str:
    """Return a wrong value so that it can stand in a message, whatever it holds."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[:200])


def _is_loopback(host: str) -> bool:
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_hubs(hubs: tuple[str, ...]) -> None:
    """Refuse a hub at which nobody can be told."""
    for hub in hubs:
        parts = _split(hub)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
            raise ConfigError(
                f"'{shown(hub)}' is no hub's address.", "Write it like https://hub.example/."
            )
        limits.check_length(hub, limits.ADDRESS, "address of a hub")
        check_host(parts.hostname)
        if not hub.isascii() or re.search(r"[\s\"'<>\\]", hub):
            raise ConfigError(
                f"'{shown(hub)}' holds a character that no URL may.", "Percent-encode it."
            )


def check_names(chats: dict[str, ChatConfig]) -> None:
    """Refuse a chat's name that cannot be part of a variable's."""
    for name in chats:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", name):
            raise ConfigError(
                f"'{shown(name)}' is no name for a chat.", "Use small letters, digits and '_'."
            )


def initial(
    *,
    title: str,
    url: str,
    language: str,
    timezone: str,
    author: str,
    description: str,
    now: datetime,
) -> str:
    """Return the text of a new blog's ``liveblog.toml``; its id is made here, once and for ever.

    Raises :class:`ConfigError` for a setting that cannot be.
    """
    url = url if url.endswith("/") else url + "/"
    check_title(title)
    check_line("author", limits.NAME, author)
    check_line("description", limits.ALT, description)
    check_url(url)
    check_language(language)
    check_timezone(timezone)
    values = {
        "title": title,
        "url": url,
        "id": new_id(url, now),
        "language": language,
        "timezone": timezone,
        "author": author,
        "description": description,
    }
    return _INITIAL.format(**{name: _toml(value) for name, value in values.items()})


def at_address(text: str, url: str, moved_from: Sequence[str]) -> str:
    """Return a configuration with another ``url`` and ``moved_from``; all else stays, to the byte.

    Raises :class:`ConfigError` for an address that cannot be, or where the line is not found.
    """
    check_url(url)
    wanted = {**tomllib.loads(text), "url": url, "moved_from": list(moved_from)}
    if not moved_from:
        del wanted["moved_from"]
    listed = ", ".join(_toml(address) for address in moved_from)
    line = f"moved_from = [{listed}]" if moved_from else ""
    found = re.search(r"^url[ \t]*=[ \t]*(\"[^\"\n]*\"|'[^'\n]*')", text, re.MULTILINE)
    if found:
        text = text[: found.start(1)] + _toml(url) + text[found.end(1) :]
        listing = re.search(r"^moved_from[ \t]*=[ \t]*\[[^]]*\]", text, re.MULTILINE)
        if listing:
            after = text[listing.end() :]
            text = text[: listing.start()] + (line + after if line else after.partition("\n")[2])
        elif line:
            end = text.find("\n", found.start())
            end = len(text) if end < 0 else end
            newline = "\r\n" if text[:end].endswith("\r") else "\n"
            text = text[:end].removesuffix("\r") + newline + line + text[end - len(newline) + 1 :]
    try:
        if tomllib.loads(text) == wanted:
            return text
    except tomllib.TOMLDecodeError:
        pass
    raise ConfigError(
        'Cannot find the line url = "…" to change.',
        f"Write url = {_toml(url)}" + (f" and {line}" if line else "") + " there yourself.",
    )


def new_id(url: str, now: datetime) -> str:
    """Make a blog's own tag: URI (RFC 4151) from its first address and day; it never changes."""
    parts = urlsplit(url)
    path = re.sub(r"[^A-Za-z0-9._-]+", "-", parts.path).strip("-")[:100]
    host = re.sub(r"[^A-Za-z0-9.-]+", "-", parts.hostname or "").strip("-") or "localhost"
    return f"tag:{host},{now:%Y-%m-%d}:{path or 'liveblog'}"


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
                mend = did_you_mean(key, struct.__struct_fields__) or f"Known keys: {known}."
                raise ConfigError(
                    f"{path}, line {_line_of(key, text, prefix)}: "
                    f"unknown key '{prefix}{shown(key)}'.",
                    mend,
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


def _toml(text: str) -> str:
    """Write a TOML basic string (TOML 1.0, "String")."""
    clean = clean_text(text, "setting")
    if "\n" in clean:
        raise ConfigError("A setting spans several lines.", "Write it on one line.")
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'


_INITIAL = """\
# The settings of this live blog. The journal is in entries/, the site in feeds/.

title = {title}
description = {description}
language = {language}  # ar, de, en, es or fr
timezone = {timezone}  # days and weeks are those of this zone
url = {url}  # where feeds/ is served
author = {author}  # signs what nobody signed

# Every feed id begins with this. Never change it: readers would see everything as new.
id = {id}
"""
