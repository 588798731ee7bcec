"""Sends one message over SMTP, once.

A message goes over a connection of its own. The server's certificate is verified; if encryption was
asked for and the server offers none, nothing is sent.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage

from ..config import MailConfig
from ..text.plain import shorten
from . import DeliveryError

CONNECT_SECONDS = 10.0
"""Maximum time to connect, and to end the session with QUIT."""

TOTAL_SECONDS = 60.0
"""Maximum time for the whole session."""

PASSWORD_VARIABLE = "LIVEBLOG_SMTP_PASSWORD"
"""Name of the environment variable that holds the password."""

LOGIN_RETRY_SECONDS = 3600.0
"""Seconds before a refused login is tried again: servers block a client that tries more often."""

PORTS = {"starttls": 587, "tls": 465, "none": 25}
"""The default port for each kind of security."""

_LOGIN_CODES = (530, 534, 535, 538)
"""Reply codes for a missing or refused login (RFC 4954 §6)."""


def send(message: EmailMessage, mail: MailConfig, password: str = "") -> str:
    """Send a message through the mail server; return the server's reply.

    Raises :class:`DeliveryError`:

    - final if the server refused this message or its address for good (5xx; RFC 5321 §4.2.1);
    - not final if it asked to try again (4xx), could not be reached or trusted, was too slow, or
      refused the login, which a person can correct;
    - ``is_unknown`` if the connection broke between the end of the message and the reply. The
      server may have taken it (RFC 5321 §4.5.3.2.6): a second attempt may deliver a second copy,
      under the same Message-ID.
    """
    where = f"The mail server {mail.server}"
    if mail.username and not password:
        raise DeliveryError(
            f"There is no password for {mail.username} at {mail.server}.",
            f"Put it into the environment, as {PASSWORD_VARIABLE}.",
        )
    try:
        with _connected(mail) as server:
            _log_in(server, mail, password, where)
            return _transmit(server, message, where)
    except smtplib.SMTPAuthenticationError as error:
        raise DeliveryError(
            f"{where} refused the login of {mail.username}: {_printable(error.smtp_error)}.",
            f"Check username in [mail] and {PASSWORD_VARIABLE} in the environment.",
            retry_after=LOGIN_RETRY_SECONDS,
        ) from None
    except smtplib.SMTPResponseException as error:
        # The server refused the connection, not this message.
        raise DeliveryError(
            f"{where} answered {error.smtp_code} {_printable(error.smtp_error)}.",
            "Check server, port and security in [mail].",
        ) from None
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or str(error)
        raise DeliveryError(
            f"{where} cannot be trusted: {_printable(reason)}.",
            "Check its name; port 465 is usual for tls, port 587 for starttls.",
        ) from None
    except (smtplib.SMTPException, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DeliveryError(
            f"{where} cannot be used: {_printable(reason)}.",
            "Check server, port and security in [mail], and the network.",
        ) from None


@contextmanager
def _connected(mail: MailConfig) -> Iterator[smtplib.SMTP]:
    """Connect to the mail server, for :data:`TOTAL_SECONDS` at most."""
    port = mail.port or PORTS[mail.security]
    server: smtplib.SMTP
    if mail.security == "tls":
        server = smtplib.SMTP_SSL(
            mail.server, port, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(mail.server, port, timeout=CONNECT_SECONDS)
    is_late = threading.Event()

    def interrupt() -> None:
        is_late.set()
        if server.sock:
            # Closing would not wake a thread that reads. SSLSocket.shutdown would go on without
            # encryption: so the plain socket's method is called.
            with suppress(OSError):
                socket.socket.shutdown(server.sock, socket.SHUT_RDWR)

    timer = threading.Timer(TOTAL_SECONDS, interrupt)
    timer.daemon = True
    timer.start()
    try:
        if server.sock:
            server.sock.settimeout(TOTAL_SECONDS)
        yield server
        if server.sock:
            server.sock.settimeout(CONNECT_SECONDS)
        with suppress(smtplib.SMTPException, OSError):
            server.quit()  # the message was accepted, even if this fails
    except (smtplib.SMTPException, OSError) as error:
        if is_late.is_set():
            raise TimeoutError(f"it took longer than {TOTAL_SECONDS:.0f} seconds") from error
        raise
    finally:
        timer.cancel()
        server.close()


def _log_in(server: smtplib.SMTP, mail: MailConfig, password: str, where: str) -> None:
    """Greet the server, encrypt and log in, as the settings say."""
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
            f"Check username in [mail] and {PASSWORD_VARIABLE} in the environment.",
        ) from None


def _transmit(server: smtplib.SMTP, message: EmailMessage, where: str) -> str:
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
    code, words = server.docmd("DATA")
    _check((code, words), where, recipient)
    if code != 354:
        raise smtplib.SMTPDataError(code, words)  # the message would be read as commands
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
    """Return the text of a reply, or raise :class:`DeliveryError` if the server refused."""
    code, words = answer
    if code < 400:
        return _printable(words)
    is_login = code in _LOGIN_CODES
    raise DeliveryError(
        f"{where} answered {code} {_printable(words)} for {recipient}.",
        f"Check username in [mail] and {PASSWORD_VARIABLE} in the environment."
        if is_login
        else "Check the address, and sender in [mail]."
        if code >= 500
        else "It asks to try again later.",
        is_final=code >= 500 and not is_login,
        retry_after=LOGIN_RETRY_SECONDS if is_login else 0.0,
    )


def _bare(message: EmailMessage, name: str) -> str:
    """Return the bare address in a header, for the envelope."""
    (address,) = message[name].addresses
    return f"{address.username}@{address.domain}"


def _printable(answer: bytes | str) -> str:
    """Return the text of a reply, short and without control characters."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return shorten(re.sub(" +", " ", text).strip(), 300).rstrip(".")
