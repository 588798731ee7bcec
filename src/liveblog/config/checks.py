"""Checks of single settings: one function for each kind of value.

Each function takes plain values and raises :class:`ConfigError` or :class:`InvalidInput`. Those
named ``parse_…`` also return what the text means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import time
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ..model import limits
from ..model.entry import FORBIDDEN, clean_text
from ..model.errors import ConfigError, did_you_mean
from ..model.period import WEEKDAYS

LANGUAGES = ("ar", "de", "en", "es", "fr")
"""Language codes (BCP 47) of the translations in ``locales/``."""

_ADDRESS = r"[^\s<>@,;:\"\\()\[\]]{1,64}@[^\s<>@,;:\"\\()\[\]]{1,255}"


def check_text(name: str, limit: int, text: str) -> None:
    """Refuse a text that is too long or holds characters that no page or feed can carry."""
    clean_text(text, name)
    limits.check_length(text, limit, name)


def check_line(name: str, limit: int, text: str) -> None:
    """Refuse a text of several lines, and whatever :func:`check_text` refuses."""
    check_text(name, limit, text)
    if len(text.splitlines()) > 1 or text.endswith("\n"):
        raise ConfigError(f"The {name} spans several lines.", "Write it on one line.")


def check_path(path: str) -> None:
    """Refuse a path that no request can contain."""
    check_line("path", limits.ADDRESS, path)


def check_redirect(redirect: tuple[str, str]) -> None:
    """Refuse a redirect whose target is neither a path of the site nor an HTTP address."""
    path, target = redirect
    check_path(path)
    check_line("address", limits.ADDRESS, target)
    is_elsewhere = target.startswith(("//", "\\"))
    if is_elsewhere or _split(target).scheme not in ("", "http", "https"):
        raise ConfigError(
            f"'{printable(path)}' leads to '{printable(target)}'.",
            "Give a path of this site, or an address that begins with https://.",
        )


def check_range(lowest: int, highest: int | None, number: int) -> None:
    """Refuse a number outside of a range; *highest* may be None."""
    if number < lowest or (highest is not None and number > highest):
        hint = f"Choose from {lowest} to {highest}." if highest else f"Choose at least {lowest}."
        raise ConfigError(f"{number} is out of range.", hint)


def check_title(title: str) -> None:
    """Refuse a title that is empty, too long or of several lines."""
    if not title.strip() or "\n" in title:
        raise ConfigError("A blog needs a title of one line.", 'Write title = "…".')
    check_line("title", limits.TITLE, title)


def check_url(url: str) -> None:
    """Refuse an address that is not the HTTP address of a folder, ending in a slash."""
    _check_http_address(url, "site", "https://example.org/blog/")
    if _split(url).query:
        raise ConfigError(
            f"'{printable(url)}' is not the address of a site: it has a query.",
            "Write it like https://example.org/blog/.",
        )
    if not url.endswith("/"):
        raise ConfigError(
            f"'{printable(url)}' does not end in a slash.", f"Write {printable(url)}/."
        )


def check_hub(url: str) -> None:
    """Refuse an address that is not that of a WebSub hub."""
    _check_http_address(url, "hub", "https://hub.example/")


def _check_http_address(url: str, owner: str, example: str) -> None:
    limits.check_length(url, limits.ADDRESS, f"address of the {owner}")
    parts = _split(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise ConfigError(
            f"'{printable(url)}' is not the address of a {owner}.", f"Write it like {example}."
        )
    if not url.isascii() or re.search(r"[\s\"'<>\\\x00-\x1f\x7f]", url):
        raise ConfigError(
            f"'{printable(url)}' holds a character that is not allowed in a URL.",
            "Percent-encode it.",
        )
    check_host(parts.hostname)


def check_id(blog_id: str) -> None:
    """Refuse an id that is not a tag: URI (RFC 4151 §2.1)."""
    limits.check_bytes(blog_id, limits.HEADER_BYTES // 2, "id")
    if not re.fullmatch(
        r"tag:[A-Za-z0-9._@-]+,\d{4}(-\d\d(-\d\d)?)?:[A-Za-z0-9._~!$&'()*+,;=:@/?%-]+", blog_id
    ):
        raise ConfigError(
            f"'{printable(blog_id)}' is not a tag: URI.",
            "Write it like tag:example.org,2012-07-15:name, once and for ever.",
        )


def check_language(language: str) -> None:
    """Refuse a language without a translation."""
    if language.split("-")[0] not in LANGUAGES or not re.fullmatch(
        r"[a-z]{2}(-[A-Za-z0-9]{2,8})*", language
    ):
        raise ConfigError(
            f"'{printable(language)}' is not a language of liveblog.",
            f"Choose one of {', '.join(LANGUAGES)}, also with a region such as en-GB.",
        )


def check_timezone(name: str) -> None:
    """Refuse a time zone that is not in the IANA database."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        hint = did_you_mean(name, available_timezones()) or "Write it like Europe/Paris."
        raise ConfigError(f"'{printable(name)}' is not a time zone.", hint) from None


def check_weekday(name: str) -> None:
    """Refuse a word that is not a weekday."""
    if name not in WEEKDAYS:
        hint = did_you_mean(name.lower(), WEEKDAYS) or f"Choose one of {', '.join(WEEKDAYS)}."
        raise ConfigError(f"'{printable(name)}' is not a weekday.", hint)


def parse_time(text: str) -> time:
    """Return the time of day for a text such as ``06:30``."""
    match = re.fullmatch(r"(\d\d):(\d\d)", text)
    try:
        if match:
            return time(int(match[1]), int(match[2]))
    except ValueError:
        pass
    raise ConfigError(
        f"'{printable(text)}' is not a time of day.", "Write it like 06:30, from 00:00 to 23:59."
    )


def parse_weekday_time(text: str) -> tuple[int, time]:
    """Return weekday (Monday is 0) and time of day for a text such as ``monday 06:30``."""
    name, _, at = text.partition(" ")
    check_weekday(name)
    if not at:
        raise ConfigError(
            f"'{printable(text)}' has no time of day.", f"Write it like '{name} 06:30'."
        )
    return WEEKDAYS.index(name), parse_time(at.strip())


def check_fediverse(account: str) -> None:
    """Refuse a text that is not an account of the fediverse."""
    limits.check_length(account, limits.NAME, "fediverse account")
    if account and not re.fullmatch(r"@[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+", account):
        raise ConfigError(
            f"'{printable(account)}' is not an account.", "Write it like @name@mastodon.example."
        )


def check_host(host: str) -> None:
    """Refuse a host that is neither a host name nor an IP address."""
    is_name = re.fullmatch(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]+", host)
    if not is_name or any(len(label) > 63 for label in host.split(".")):
        raise ConfigError(
            f"'{printable(host)}' is not the name of a server.",
            "Write it like mail.example.org; the port has a key of its own.",
        )


def parse_sender(sender: str) -> tuple[str, str]:
    """Return name and address of a sender: ``Name <address>`` or an address alone."""
    limits.check_length(sender, limits.NAME + limits.ADDRESS, "sender")
    match = re.fullmatch(rf"(?:([^<>]*?)\s*<({_ADDRESS})>|({_ADDRESS}))", sender)
    # A line break could begin another header.
    if not match or len(sender.splitlines()) > 1 or FORBIDDEN.search(sender):
        raise ConfigError(
            f"'{printable(sender)}' is not a sender.",
            'Write sender = "The blog <blog@example.org>".',
        )
    name = limits.check_length((match[1] or "").strip(' "'), limits.NAME, "name of the sender")
    return name, normalize_mail_address(match[2] or match[3])


def normalize_mail_address(address: str) -> str:
    """Return a mail address with its domain in ASCII.

    An internationalised domain becomes A-labels (IDNA 2008, RFC 5891); the local part before the @
    is not changed (RFC 6531).
    """
    local, _, domain = address.rpartition("@")
    if not re.fullmatch(_ADDRESS, address) or FORBIDDEN.search(address):
        raise ConfigError(
            f"'{printable(address)}' is not a mail address.", "Write it like anna@example.org."
        )
    if domain.isascii():
        return address
    import idna

    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        raise ConfigError(
            f"'{printable(domain)}' is not a domain that mail can go to.",
            "Check how it is written.",
        ) from None


def check_list_id(name: str) -> None:
    """Refuse a text that is not a list identifier (RFC 2919 §2)."""
    limits.check_bytes(name, 255, "list_id")
    if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", name):
        raise ConfigError(
            f"'{printable(name)}' is not the identifier of a list.",
            "Write it like digest.blog.example.org.",
        )


def check_unsubscribe(addresses: tuple[str, ...]) -> None:
    """Refuse addresses for unsubscribing other than ``mailto:`` and ``https:`` (RFC 2369 §3.2)."""
    if len(addresses) > limits.LIST:
        raise ConfigError(f"There are {len(addresses)} addresses.", "Name one or two.")
    for address in addresses:
        if not re.fullmatch(r"(mailto:|https://)[!-;=?-~]{1,900}", address):
            raise ConfigError(
                f"'{printable(address)}' is neither a mailto: nor an https:// address.",
                "Percent-encode what is not ASCII.",
            )


def check_chat_name(name: str) -> None:
    """Refuse the name of a chat that cannot be part of the name of an environment variable."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", name):
        raise ConfigError(
            f"'{printable(name)}' is not a valid name for a chat.",
            "Use small letters, digits and '_'.",
        )


def check_mail(server: str, sender: str) -> None:
    """Refuse mail settings without a server or a sender."""
    if not server:
        raise ConfigError("The mail server is missing.", 'Write server = "mail.example.org".')
    if not sender:
        raise ConfigError("The sender is missing.", 'Write sender = "The blog <blog@example.org>".')


def check_security(server: str, allows_cleartext: bool, security: str) -> None:
    """Refuse unencrypted mail to another machine, unless the settings allow it explicitly."""
    if security == "none" and not allows_cleartext and not _is_loopback(server):
        raise ConfigError(
            f"mail to {server} would go unencrypted.",
            'Choose "starttls" or "tls"; on a network that you trust add allow_cleartext = true.',
        )


def check_one_click(addresses: Iterable[str], is_one_click: bool) -> None:
    """Refuse one-click unsubscribing without an ``https:`` address for it (RFC 8058 §3.1)."""
    if is_one_click and not any(address.startswith("https://") for address in addresses):
        raise ConfigError(
            "one click needs an https:// address.",
            "Add the one that takes the POST to unsubscribe.",
        )


def printable(text: str) -> str:
    """Return at most 200 characters of a wrong value, escaped for use in an error message."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[:200])


def _split(url: str) -> SplitResult:
    """Return the parts of an address; the scheme ``x`` and empty parts for an invalid one."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018, raises ValueError if the port is not a number
    except ValueError:
        return urlsplit("x:")
    return parts


def _is_loopback(host: str) -> bool:
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
