"""A digest by e-mail: the message, and the one door to a mail server.

:func:`compose` is pure: a digest, the pages' words, an address and an instant in, a message out.
:func:`send` hands one message to the server, once. A message goes to one address, so that nobody
sees another's, and has the same Message-ID on every try, so that whoever gets a second copy can
tell (RFC 5322 §3.6.4).

There is no Precedence header: it was never standardised, and Auto-Submitted and List-Id keep
answering machines quiet (RFC 3834 §2).
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, quote
from hashlib import sha256
from typing import Any

import css_inline

from ..config import Config, MailConfig
from ..config.checks import normalize_mail_address, parse_sender
from ..digest import Digest, label
from ..digest import text as as_text
from ..digest.build import abridge, cut, headline_only
from ..model import addresses, limits
from ..model.errors import ConfigError, InvalidInput
from ..pages.render import Pages
from ..text.bidi import close_controls
from ..text.plain import shorten
from . import DeliveryError

LARGEST = 100_000
"""Bytes of a whole message, as it is sent: mail services cut what is over 102 kB."""

SUBJECT = 60  #: characters; telephones show no more
PREHEADER = range(60, 101)  #: characters that stand after the subject in a list of mail

CONNECT_SECONDS = 10.0
TOTAL_SECONDS = 60.0

PASSWORD = "LIVEBLOG_SMTP_PASSWORD"
"""The variable of the environment that holds the password."""

LOGIN_PAUSE = 3600.0
"""Seconds before a login that was refused is tried again: more often, and servers lock one out."""

PORTS = {"starttls": 587, "tls": 465, "none": 25}

_LOGIN_CODES = (530, 534, 535, 538)
"""The server wants a login, or another one (RFC 4954 §6)."""


class _Policy(EmailPolicy):
    """RFC 5322 lines, but what Python 3.11 folds wrongly is folded here.

    It would break a long address of a list into encoded words (RFC 2047), which no mail program
    reads there (RFC 2369 §2), and it loses the quotes of a long name of a person or a blog
    (https://github.com/python/cpython/issues/80222): one sender becomes four.
    """

    def fold(self, name: str, value: Any) -> str:
        if name == "List-Unsubscribe":
            return f"{name}: {str(value).replace(', ', ',' + self.linesep + ' ')}{self.linesep}"
        if name in ("From", "To"):
            return f"{name}: {_mailbox(*value.addresses)}{self.linesep}"
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name in ("List-Unsubscribe", "From", "To"):
            return self.fold(name, value).encode("utf-8" if self.utf8 else "ascii")
        return super().fold_binary(name, value)


def _mailbox(address: Address) -> str:
    """Write a mailbox (RFC 5322 §3.4), its name quoted or in encoded words (RFC 2047 §5)."""
    name = address.display_name
    if not name:
        return address.addr_spec
    shown = f'"{quote(name)}"' if name.isascii() else Header(name, "utf-8").encode(linesep="\r\n")
    separator = " " if len(shown) + len(address.addr_spec) < 60 else "\r\n "
    return f"{shown}{separator}<{address.addr_spec}>"


_POLICY = _Policy(linesep=SMTP.linesep, max_line_length=SMTP.max_line_length, cte_type="7bit")


# -- the message -----------------------------------------------------------------------------------


def compose(
    digest: Digest, pages: Pages, to: str, now: datetime, *, is_extra: bool = False
) -> EmailMessage | None:
    """Return the message that brings a digest to one address, or None if there is nothing to tell.

    *now* is its date. A digest that is too long for a mail is cut behind a whole entry, and leads
    to its page. One that is sent beside the schedule *is_extra*: its Message-ID is its own, or
    mail services would take what the schedule sends for a copy of it and drop that.

    Raises :class:`InvalidInput` for an address that is none.
    """
    if not digest.entries:
        return None
    try:
        to = normalize_mail_address(to)
    except ConfigError as error:
        raise InvalidInput(error.message, error.hint) from None
    shown = abridge(digest)
    message = _filled(digest, shown, pages, to, now, is_extra)
    low, high = 0, len(shown.entries) - 1  # numbers of entries: fits, may fit
    if len(message.as_bytes()) <= LARGEST:
        return message
    while low < high:
        middle = (low + high + 1) // 2
        message = _filled(digest, cut(shown, middle), pages, to, now, is_extra)
        low, high = (middle, high) if len(message.as_bytes()) <= LARGEST else (low, middle - 1)
    message = _filled(digest, cut(shown, low), pages, to, now, is_extra)
    if len(message.as_bytes()) <= LARGEST:
        return message
    # Not even the introduction fits: the headline leads to the page.
    return _filled(digest, headline_only(digest), pages, to, now, is_extra)


def message_id(config: Config, digest: Digest, to: str, extra: str = "") -> str:
    """Return the id that a digest's message to an address has on every try.

    It is made of the blog's id, which never changes, the period and the address; *extra* tells a
    message apart that is none of the schedule's.
    """
    named = "\n".join((config.id, digest.period.id, to, extra))
    mark = sha256(named.encode()).hexdigest()[:24]
    return f"<{digest.period.id.replace('..', '-')}.{mark}@{_owner(config)}>"


def _filled(
    whole: Digest, shown: Digest, pages: Pages, to: str, now: datetime, is_extra: bool
) -> EmailMessage:
    """Return a message that names the *whole* digest and tells what is *shown* of it."""
    config, mail = pages.config, pages.config.mail
    name, sender = parse_sender(mail.sender)
    addresses = (sender, to)
    # RFC 6531: only where an address needs it, for not every server can.
    message = EmailMessage(policy=_POLICY.clone(utf8=not all(map(str.isascii, addresses))))
    subject = _subject(whole, pages)
    message["From"] = _address(sender, _line(name or config.title))
    message["To"] = _address(to)
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id(config, whole, to, now.isoformat() if is_extra else "")
    message["List-Id"] = _list_id(config)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: nobody is away from it
    if mail.unsubscribe:
        message["List-Unsubscribe"] = ", ".join(f"<{href}>" for href in mail.unsubscribe)
    if mail.unsubscribe_one_click:
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058 §3.1
    text = _text(whole, shown, pages)
    html = _html(whole, shown, pages, subject)
    message.set_content(text, cte=_encoding(text))
    message.add_alternative(html, subtype="html", cte=_encoding(html))
    message["Content-Language"] = config.language  # set before, it would go to the first part
    return message


def _text(whole: Digest, shown: Digest, pages: Pages) -> str:
    config, words = pages.config, pages.words
    is_cut = len(shown.entries) < len(whole.entries)
    text = as_text.write(shown, words, blog=config.title, base=config.url, is_cut=is_cut)
    read = words.say("Read the rest online") if is_cut else words.say("Read online")
    text += f"\n{read}\n{_page(whole, pages)}\n\n-- \n{config.title}\n{config.url}\n"
    for href in config.mail.unsubscribe[:1]:
        text += f"\n{words.say('Unsubscribe')}\n{href}\n"
    return close_controls(text)


def _html(whole: Digest, shown: Digest, pages: Pages, subject: str) -> str:
    """Fill the HTML part; what its style sheet says is written into each element too."""
    html = pages.mail(
        shown,
        subject=subject,
        preheader=_preheader(whole, pages),
        address=_page(whole, pages),
        is_cut=len(shown.entries) < len(whole.entries),
        unsubscribe=pages.config.mail.unsubscribe[:1],
    )
    return css_inline.inline(
        html, keep_at_rules=True, minify_css=True, load_remote_stylesheets=False
    )


# -- headers ---------------------------------------------------------------------------------------


def _subject(digest: Digest, pages: Pages) -> str:
    """Return ``Dimanche 15 juillet : …`` with the main story, cut at a word.

    A mail has a date, so that the year would only take room.
    """
    words, period = pages.words, digest.period
    named = (
        words.day(period.start)
        if period.kind == "day"
        else words.week(period.start, period.end, year=False)
    )
    live = [entry for entry in digest.entries if entry.now.state == "live"]
    story = digest.headline or pages.name((live or digest.entries)[0])
    subject = words.say("%(period)s: %(headline)s", period=named, headline=story)
    return shorten(_line(words.typography(subject)), SUBJECT)


def _preheader(digest: Digest, pages: Pages) -> str:
    """Return what a mail program shows after the subject: 60 to 100 characters, if there are."""
    names = (pages.name(entry) for entry in digest.entries)
    config = pages.config
    about = (label(digest.period, pages.words), config.title, config.description)
    text = ""
    for part in dict.fromkeys((pages.digest_summary(digest), *names, *map(_line, about))):
        if len(text) >= PREHEADER.start:
            break
        part = close_controls(part)
        if part and part not in text:
            text = f"{text} · {part}" if text else part
    return shorten(text, PREHEADER.stop - 1)


def _page(digest: Digest, pages: Pages) -> str:
    return addresses.url(pages.config.url, addresses.period_path(digest.period))


def _address(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    return Address(name, local, domain)


def _list_id(config: Config) -> str:
    """Return the list's identifier (RFC 2919), made of the blog's id unless it is configured."""
    name = re.sub(r"[^a-z0-9]+", "-", config.id.split(":", 2)[2].lower()).strip("-")
    title = re.sub(r'[<>"\\]+', " ", _line(config.title)).strip()
    list_id = config.mail.list_id or f"{name or 'liveblog'}.{_owner(config)}"
    return f'"{title}" <{list_id}>' if title.isascii() else f"<{list_id}>"


def _owner(config: Config) -> str:
    """Return the domain in the blog's id, which stays when its address changes."""
    return config.id.split(":")[1].partition(",")[0].rpartition("@")[2]


def _line(text: str) -> str:
    """Return a text that fits a header: short, on one line; no-break spaces stay."""
    line = re.sub(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+", " ", text).strip()
    return shorten(close_controls(line), limits.HEADER_BYTES // 4)


def _encoding(text: str) -> str:
    """Return the shorter transfer encoding (RFC 2045 §6) of those that every server takes."""
    data = text.encode()
    others = sum(byte > 126 for byte in data)
    return "base64" if 2 * others > len(data) / 3 else "quoted-printable"


# -- the server ------------------------------------------------------------------------------------


def send(message: EmailMessage, mail: MailConfig, password: str = "") -> str:
    """Hand a message to the mail server, over a connection of its own; return what it said.

    It takes :data:`CONNECT_SECONDS` to connect and :data:`TOTAL_SECONDS` in all at most. The
    server's certificate is verified; where encryption was asked for and is not to be had, nothing
    is sent.

    Raises :class:`DeliveryError`:

    - final if the server refused this message or its address for good (5xx; RFC 5321 §4.2.1);
    - not final if it asked to try again (4xx), cannot be reached or trusted, was too slow, or
      refused the login, which somebody can put right;
    - ``is_unknown`` in the one case that cannot be told: the connection broke after the whole
      message, its final dot included, was handed over and before the answer came. The server may
      have taken it (RFC 5321 §4.5.3.2.6). SendResult again, it arrives twice or once, under one
      Message-ID.
    """
    where = f"The mail server {mail.server}"
    if mail.username and not password:
        raise DeliveryError(
            f"There is no password for {mail.username} at {mail.server}.",
            f"Put it into the environment, as {PASSWORD}.",
        )
    try:
        with _connected(mail) as server:
            _prepare(server, mail, password, where)
            return _hand_over(server, message, where)
    except smtplib.SMTPAuthenticationError as error:
        raise DeliveryError(
            f"{where} refused the login of {mail.username}: {_said(error.smtp_error)}.",
            f"Check username in [mail] and {PASSWORD} in the environment.",
            retry_after=LOGIN_PAUSE,
        ) from None
    except smtplib.SMTPResponseException as error:
        # It refused to talk at all, which says nothing about this message.
        raise DeliveryError(
            f"{where} answered {error.smtp_code} {_said(error.smtp_error)}.",
            "Check server, port and security in [mail].",
        ) from None
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or str(error)
        raise DeliveryError(
            f"{where} cannot be trusted: {_said(reason)}.",
            "Check its name; port 465 is usual for tls, port 587 for starttls.",
        ) from None
    except (smtplib.SMTPException, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DeliveryError(
            f"{where} cannot be used: {_said(reason)}.",
            "Check server, port and security in [mail], and the network.",
        ) from None


@contextmanager
def _connected(mail: MailConfig) -> Iterator[smtplib.SMTP]:
    """Talk to the mail server, for no longer than :data:`TOTAL_SECONDS`."""
    port = mail.port or PORTS[mail.security]
    server: smtplib.SMTP
    if mail.security == "tls":
        server = smtplib.SMTP_SSL(
            mail.server, port, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(mail.server, port, timeout=CONNECT_SECONDS)
    is_late = threading.Event()

    def cut() -> None:
        is_late.set()
        if server.sock:
            # Closing would not wake who reads; and of an SSL socket only the connection is shut,
            # so that nothing can go out in the clear.
            with suppress(OSError):
                socket.socket.shutdown(server.sock, socket.SHUT_RDWR)

    watch = threading.Timer(TOTAL_SECONDS, cut)
    watch.daemon = True
    watch.start()
    try:
        if server.sock:
            server.sock.settimeout(TOTAL_SECONDS)
        yield server
        if server.sock:
            server.sock.settimeout(CONNECT_SECONDS)
        with suppress(smtplib.SMTPException, OSError):
            server.quit()  # what was taken is taken, however the farewell goes
    except (smtplib.SMTPException, OSError) as error:
        if is_late.is_set():
            raise TimeoutError(f"it took longer than {TOTAL_SECONDS:.0f} seconds") from error
        raise
    finally:
        watch.cancel()
        server.close()


def _prepare(server: smtplib.SMTP, mail: MailConfig, password: str, where: str) -> None:
    """Greet the server, encrypt and log in, as the settings demand."""
    server.ehlo_or_helo_if_needed()
    if mail.security == "starttls":
        if not server.has_extn("starttls"):
            raise DeliveryError(
                f"{where} offers no encryption (STARTTLS); nothing was sent.",
                "Check port and security in [mail].",
            )
        server.starttls(context=ssl.create_default_context())
        server.ehlo()
    if not mail.username:
        return
    try:
        server.login(mail.username, password)
    except smtplib.SMTPNotSupportedError:
        raise DeliveryError(
            f"{where} offers no login.",
            "Check port and security in [mail], or leave username out if it wants none.",
        ) from None
    except UnicodeError:
        raise DeliveryError(
            "Name and password of a mail server can be ASCII only.",
            f"Check username in [mail] and {PASSWORD} in the environment.",
        ) from None


def _hand_over(server: smtplib.SMTP, message: EmailMessage, where: str) -> str:
    sender, recipient = (_bare(message, name) for name in ("From", "To"))
    options = []
    if not (sender + recipient).isascii():
        if not server.has_extn("smtputf8"):
            other = sender if not sender.isascii() else recipient
            raise DeliveryError(
                f"{where} can only take addresses in plain letters, not {other} (no SMTPUTF8).",
                "Use another address, or another server.",
                is_final=True,
            )
        options = ["SMTPUTF8", "BODY=8BITMIME"]
    _check(server.mail(sender, options), where, recipient)
    _check(server.rcpt(recipient), where, recipient)
    code, said = server.docmd("DATA")
    _check((code, said), where, recipient)
    if code != 354:
        raise smtplib.SMTPDataError(code, said)  # what follows would be read as commands
    lines = re.sub(rb"(?m)^\.", b"..", message.as_bytes())  # RFC 5321 §4.5.2
    server.send(lines + b".\r\n")
    try:
        answer = server.getreply()
    except (smtplib.SMTPServerDisconnected, OSError):
        raise DeliveryError(
            f"{where} was given the whole message for {recipient} and broke off before it answered;"
            " it may have taken it.",
            "If it is sent again it may arrive twice, under one Message-ID.",
            is_unknown=True,
        ) from None
    return _check(answer, where, recipient)


def _check(answer: tuple[int, bytes], where: str, recipient: str) -> str:
    """Return what the server said, if it went along."""
    code, said = answer
    if code < 400:
        return _said(said)
    is_login = code in _LOGIN_CODES
    raise DeliveryError(
        f"{where} answered {code} {_said(said)} for {recipient}.",
        f"Check username in [mail] and {PASSWORD} in the environment."
        if is_login
        else "Check the address, and sender in [mail]."
        if code >= 500
        else "It asks to try again later.",
        is_final=code >= 500 and not is_login,
        retry_after=LOGIN_PAUSE if is_login else 0.0,
    )


def _bare(message: EmailMessage, name: str) -> str:
    """Return the address in a header, for the envelope."""
    (address,) = message[name].addresses
    return f"{address.username}@{address.domain}"


def _said(answer: bytes | str) -> str:
    """Return another machine's words so that they can be shown."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return shorten(re.sub(" +", " ", text).strip(), 300).rstrip(".")
