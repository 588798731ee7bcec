"""What a setting may say: one function for each kind of value, which refuses what it may not.

Each raises :class:`ConfigError` or :class:`InvalidInput`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import time
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ..model import limits
from ..model.entry import FORBIDDEN, clean_text
from ..model.errors import ConfigError, did_you_mean
from ..model.period import WEEKDAYS

if TYPE_CHECKING:
    from . import ChatConfig, MailConfig

LANGUAGES = ("ar", "de", "en", "es", "fr")
_ADDRESS = r"[^\s<>@,;:\"\\()\[\]]{1,64}@[^\s<>@,;:\"\\()\[\]]{1,255}"


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
        hint = did_you_mean(name, available_timezones()) or "Write it like Europe/Paris."
        raise ConfigError(f"'{shown(name)}' is not a time zone.", hint) from None


def check_weekday(name: str) -> None:
    """Refuse a word that is no weekday."""
    if name not in WEEKDAYS:
        hint = did_you_mean(name.lower(), WEEKDAYS) or f"Choose one of {', '.join(WEEKDAYS)}."
        raise ConfigError(f"'{shown(name)}' is not a weekday.", hint)


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
    if mail == type(mail)():
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
