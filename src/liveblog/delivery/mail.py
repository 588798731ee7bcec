"""A digest by e-mail: the message, and the one door to a mail server.

A message goes to one address and has the same Message-ID on every try, so that whoever gets a
second copy can tell (RFC 5322 §3.6.4). It is cut at whole entries before mail services would cut it
anywhere.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr
from hashlib import sha256
from urllib.parse import urlsplit

import css_inline
import msgspec

from .. import links
from ..config import Config, MailConfig
from ..digest import Digest, label, title
from ..digest import text as as_text
from ..errors import InvalidInput
from ..markup import shortened
from ..pages import Pages
from ..timeline import Day
from . import Undelivered

LARGEST = 100_000
"""Bytes of a message: mail services cut at 102 kB."""

SUBJECT = 60
PREHEADER = range(60, 101)
CONNECT_SECONDS = 10
ANSWER_SECONDS = 60
TOTAL_SECONDS = 300

PASSWORD = "LIVEBLOG_SMTP_PASSWORD"
"""The variable of the environment that holds the password."""


def compose(digest: Digest, pages: Pages, to: str, now: datetime) -> EmailMessage | None:
    """Return the message that brings a digest to one address, or None if there is nothing to tell.

    *now* is its date. Raises :class:`~liveblog.errors.InvalidInput` for an address that is none.
    """
    if not digest.entries:
        return None
    message = _filled(digest, digest, pages, to, now)
    if len(message.as_bytes()) <= LARGEST:
        return message
    low, high = 0, len(digest.entries) - 1  # entries that fit, and that may
    while low < high:
        middle = (low + high + 1) // 2
        message = _filled(digest, _first(digest, middle), pages, to, now)
        low, high = (middle, high) if len(message.as_bytes()) <= LARGEST else (low, middle - 1)
    return _filled(digest, _first(digest, low), pages, to, now)


def message_id(config: Config, digest: Digest, to: str) -> str:
    """Return the id that a digest's message to an address has on every try."""
    mark = sha256(f"{config.id}\n{digest.period.id}\n{to}".encode()).hexdigest()[:24]
    return f"<{digest.period.id.replace('..', '-')}.{mark}@{_host(config)}>"


def _filled(whole: Digest, shown: Digest, pages: Pages, to: str, now: datetime) -> EmailMessage:
    config, words = pages.config, pages.words
    mail = config.mail
    address = links.url(config.url, links.period_path(whole.period))
    is_cut = len(shown.entries) < len(whole.entries)
    subject = shortened(words.typography(title(whole, words)), SUBJECT)
    text = as_text.write(shown, words, blog=config.title, base=config.url)
    read = words.say("Read the rest online") if is_cut else words.say("Read online")
    last = [f"{read}\n{address}"]
    last += [f"{words.say('Unsubscribe')}\n{href}" for href in mail.unsubscribe[:1]]
    text += "\n-- \n" + "\n\n".join(last) + "\n"
    html = pages.mail(
        shown,
        subject=subject,
        preheader=_preheader(whole, pages),
        address=address,
        is_cut=is_cut,
        unsubscribe=mail.unsubscribe[:1],
    )
    html = css_inline.inline(html, keep_style_tags=True, load_remote_stylesheets=False)

    message = EmailMessage(policy=SMTP.clone(utf8=not _wire(to).isascii()))
    message["From"] = _sender(mail)
    message["To"] = _wire(to)
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id(config, whole, to)
    message["List-Id"] = _list_id(config)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: nobody is away from it
    message["Content-Language"] = config.language
    if mail.unsubscribe:
        message["List-Unsubscribe"] = ", ".join(f"<{href}>" for href in mail.unsubscribe)
    if mail.one_click:
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058 §3.1
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message


def _first(digest: Digest, count: int) -> Digest:
    """Return a digest's first entries, and nothing that came after them."""
    days = []
    for day in digest.days:
        kept = day.entries[:count]
        count -= len(kept)
        if kept:
            days.append(Day(day.date, kept, day.framing))
    framing = digest.framing
    if framing:
        framing = msgspec.structs.replace(framing, close="")
    return Digest(digest.period, framing, tuple(days), ())


def _preheader(digest: Digest, pages: Pages) -> str:
    """Return what a mail program shows after the subject: 60 to 100 characters, if there are."""
    names = (pages.name(entry) for entry in digest.entries)
    parts = [pages.described(digest), *names, label(digest.period, pages.words), pages.config.title]
    text = ""
    for part in dict.fromkeys(parts):
        if len(text) >= PREHEADER.start:
            break
        if part and part not in text:
            text = f"{text} · {part}" if text else part
    return shortened(text, PREHEADER.stop - 1)


def _sender(mail: MailConfig) -> str:
    name, address = parseaddr(mail.sender)
    return formataddr((name, _wire(address)))


def _list_id(config: Config) -> str:
    """Return the name of the list (RFC 2919): the blog's title and a name under its host."""
    name = re.sub(r"[\r\n<>\"\\]+", " ", config.title).strip()
    list_id = config.mail.list_id or f"digest.{_host(config)}"
    return f'"{name}" <{list_id}>' if name.isascii() else f"<{list_id}>"


def _host(config: Config) -> str:
    return urlsplit(config.url).hostname or "localhost"


def _wire(address: str) -> str:
    """Return an address with its domain as the mail system writes it (RFC 5890, A-labels)."""
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or re.search(r"[\s<>,;:()\[\]\"\\]", address):
        raise InvalidInput(f"'{address}' is no mail address.", "Write it like anna@example.org.")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        raise InvalidInput(
            f"'{domain}' is no domain that mail can go to.", "Check the address."
        ) from None


def send(message: EmailMessage, mail: MailConfig, password: str = "") -> str:
    """Hand a message to the mail server; return what it said.

    Where the connection breaks between the text's end and the server's answer, nobody knows
    whether it was taken (RFC 5321 §4.5.3.2.6): the error says so by ``is_unknown``.

    Raises :class:`~liveblog.delivery.Undelivered`.
    """
    recipient = parseaddr(message["To"])[1]
    sender = parseaddr(message["From"])[1]
    where = f"The mail server {mail.server}"
    is_in_data = False
    try:
        with _connected(mail) as server:
            server.ehlo_or_helo_if_needed()
            if mail.security == "starttls":
                if not server.has_extn("starttls"):
                    raise Undelivered(
                        f"{where} offers no encryption (STARTTLS).",
                        "Check port and security in [mail]; nothing is sent in the clear.",
                    )
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            if mail.username:
                server.login(mail.username, password)
            options = []
            if not recipient.isascii():
                if not server.has_extn("smtputf8"):
                    raise Undelivered(
                        f"{where} cannot reach {recipient} (no SMTPUTF8).",
                        "Use an address in plain letters.",
                        is_final=True,
                    )
                options = ["SMTPUTF8", "BODY=8BITMIME"]
            for code, said in (server.mail(sender, options), server.rcpt(recipient)):
                _check(code, said, where, recipient)
            is_in_data = True
            code, said = server.data(message.as_bytes())
            is_in_data = False
            _check(code, said, where, recipient)
            return _shown(said)
    except smtplib.SMTPAuthenticationError as error:
        raise Undelivered(
            f"{where} refused the login of {mail.username}: {_shown(error.smtp_error)}.",
            f"Check username in [mail] and {PASSWORD} in the environment.",
        ) from None
    except smtplib.SMTPResponseException as error:
        # A refusal of the greeting, of HELO or of DATA: of the server, not of this address.
        raise Undelivered(
            f"{where} answered {error.smtp_code} {_shown(error.smtp_error)}.",
            "It is tried again.",
            is_final=isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500,
        ) from None
    except ssl.SSLError as error:
        raise Undelivered(
            f"{where} cannot be trusted: {error.reason or error}.", "Check server and port."
        ) from None
    except (smtplib.SMTPException, OSError) as error:
        raise Undelivered(
            f"{where}: {error or type(error).__name__}."
            + (" It may have taken the message." if is_in_data else ""),
            "It is tried again, under the same Message-ID.",
            is_unknown=is_in_data,
        ) from None


@contextmanager
def _connected(mail: MailConfig) -> Iterator[smtplib.SMTP]:
    """Talk to the mail server, for no longer than :data:`TOTAL_SECONDS`."""
    port = mail.port or {"tls": 465, "starttls": 587, "none": 25}[mail.security]
    if mail.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            mail.server, port, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(mail.server, port, timeout=CONNECT_SECONDS)
    watch = threading.Timer(TOTAL_SECONDS, _cut, (server,))
    watch.daemon = True
    watch.start()
    try:
        if server.sock:
            server.sock.settimeout(ANSWER_SECONDS)
        yield server
        with suppress(smtplib.SMTPException, OSError):
            server.quit()  # what was taken is taken, however the farewell goes
    finally:
        watch.cancel()
        server.close()


def _cut(server: smtplib.SMTP) -> None:
    if server.sock:
        server.sock.close()


def _check(code: int, said: bytes, where: str, recipient: str) -> None:
    if code >= 400:
        raise Undelivered(
            f"{where} answered {code} {_shown(said)} for {recipient}.",
            "Check the address." if code >= 500 else "It is tried again.",
            is_final=code >= 500,
        )


def _shown(said: bytes | str) -> str:
    """Return a server's words as they can be shown."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return re.sub(r"[^ -~]+", " ", text).strip()[:300].rstrip(".")
