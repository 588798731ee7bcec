"""Composes the e-mail message of a digest.

Pure: a digest, the pages, an address and an instant in, a message out; :mod:`.smtp` sends it. Each
message goes to one address, so that nobody sees another's, and has the same Message-ID on every
attempt, so that a second copy can be recognised (RFC 5322 §3.6.4).

There is no Precedence header: it was never standardised, and Auto-Submitted and List-Id keep
answering machines quiet (RFC 3834 §2).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, quote
from hashlib import sha256
from typing import Any

import css_inline

from ..config import Config
from ..config.checks import normalize_mail_address, parse_sender
from ..digest import Digest, label, page_path, title
from ..digest import text as as_text
from ..digest.importance import by_strength
from ..digest.selection import for_readers, keep, parts, with_overview
from ..model import addresses, limits
from ..model.errors import ConfigError, InvalidInput
from ..pages.documents import mail_html
from ..pages.render import Pages
from ..text.bidi import close_controls
from ..text.plain import shorten

MAX_BYTES = 100_000
"""Maximum size of a message in bytes: mail services cut messages of more than 102 kB."""

SUBJECT_LENGTH = 60
"""Maximum number of characters of a subject: telephones show no more."""

PREHEADER_LENGTH = range(60, 101)
"""Least and greatest length of the text that mail programs show after the subject."""


class _Policy(EmailPolicy):
    """Folds lines by RFC 5322, and those headers itself that Python 3.11 folds wrongly.

    Python would break a long address of a list into encoded words (RFC 2047), which no mail program
    reads there (RFC 2369 §2), and would lose the quotes of a long name of a person or a blog
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
    """Format a mailbox (RFC 5322 §3.4), its name quoted or in encoded words (RFC 2047 §5)."""
    name = address.display_name
    if not name:
        return address.addr_spec
    shown = f'"{quote(name)}"' if name.isascii() else Header(name, "utf-8").encode(linesep="\r\n")
    separator = " " if len(shown) + len(address.addr_spec) < 60 else "\r\n "
    return f"{shown}{separator}<{address.addr_spec}>"


_POLICY = _Policy(linesep=SMTP.linesep, max_line_length=SMTP.max_line_length, cte_type="7bit")


def compose(
    digest: Digest, pages: Pages, to: str, now: datetime, *, is_extra: bool = False
) -> EmailMessage | None:
    """Return the message of a digest to one address, or None if there is nothing to send.

    A digest without entries is not sent, nor is a chapter that was withdrawn.

    *now* is its date. It shows what the page shows; if that is too long, the most important parts
    of it (see :func:`.selection.parts`), and links to the page. *is_extra* gives a message that is
    sent outside of the schedule a Message-ID of its own: or else mail services would drop the
    scheduled one as a copy.

    Raises :class:`InvalidInput` for an address that is not valid.
    """
    chapter = digest.chapter
    if chapter.state != "live" if chapter else not digest.entries:
        return None
    try:
        to = normalize_mail_address(to)
    except ConfigError as error:
        raise InvalidInput(error.message, error.hint) from None
    whole = for_readers(digest)

    def message(shown: Digest) -> EmailMessage:
        return _message(whole, shown, pages, to, now, is_extra)

    def is_too_long(shown: Digest) -> bool:
        return len(message(shown).as_bytes()) > MAX_BYTES

    if not is_too_long(whole):
        return message(whole)
    whole = with_overview(whole)
    found = parts(whole)
    numbers = range(1, len(found) + 1)
    fitting = bisect_left(
        numbers, True, key=lambda number: is_too_long(keep(whole, found[:number]))
    )
    # If even the list of days does not fit, only the headline and the link to the page are sent.
    return message(keep(whole, found[:fitting]))


def message_id(config: Config, digest: Digest, to: str, extra: str = "") -> str:
    """Return the Message-ID of a digest to an address, the same on every attempt.

    It is made of the blog's id, which never changes, the period or chapter, and the address;
    *extra* distinguishes a message that is sent outside of the schedule.
    """
    subject = digest.chapter.name if digest.chapter else digest.period.id
    named = "\n".join((config.id, subject, to, extra))
    mark = sha256(named.encode()).hexdigest()[:24]
    # The slug of a chapter may hold letters that no Message-ID can.
    kind = "chapter" if digest.chapter else digest.period.id.replace("..", "-")
    return f"<{kind}.{mark}@{_owner(config)}>"


def _message(
    whole: Digest, shown: Digest, pages: Pages, to: str, now: datetime, is_extra: bool
) -> EmailMessage:
    """Return the message of a *whole* digest, or of the parts of it that are *shown*."""
    config, mail = pages.config, pages.config.mail
    name, sender = parse_sender(mail.sender)
    addresses = (sender, to)
    # Internationalised addresses (RFC 6531) only if needed: not every server supports them.
    message = EmailMessage(policy=_POLICY.clone(utf8=not all(map(str.isascii, addresses))))
    subject = _subject(whole, pages)
    message["From"] = _address(sender, _line(name or config.title))
    message["To"] = _address(to)
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id(config, whole, to, now.isoformat() if is_extra else "")
    message["List-Id"] = _list_id(config)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5
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
    text = as_text.render(shown, words, blog=config.title, base=config.url, body=pages.body)
    is_cut = shown is not whole
    read = words.say("Read the rest online") if is_cut else words.say("Read online")
    text += f"\n{read}\n{_page(whole, pages)}\n\n-- \n{words.shown(config.title)}\n{config.url}\n"
    for href in config.mail.unsubscribe[:1]:
        text += f"\n{words.say('Unsubscribe')}\n{href}\n"
    return close_controls(text)


def _html(whole: Digest, shown: Digest, pages: Pages, subject: str) -> str:
    """Render the HTML part; its style sheet is inlined into the elements too."""
    html = mail_html(
        pages,
        shown,
        subject=subject,
        preheader=_preheader(whole, pages),
        address=_page(whole, pages),
        is_cut=shown is not whole,
        unsubscribe=pages.config.mail.unsubscribe[:1],
    )
    return css_inline.inline(
        html, keep_at_rules=True, minify_css=True, load_remote_stylesheets=False
    )


# -- headers ---------------------------------------------------------------------------------------


def _subject(digest: Digest, pages: Pages) -> str:
    """Return the story and the date, ``La guerre change d’échelle (16–22 juil.)``.

    What does not fit is left out: first the date, then the titles after the first, and at last the
    end of the first, at a word. The year is left out always: a mail has a date.
    """
    words = pages.words
    if digest.chapter:
        return shorten(_line(words.typography(title(digest, words))), SUBJECT_LENGTH)
    stories = digest.headlines or (pages.line(by_strength(digest.entries)[0]),)
    lines = [
        _line(words.typography(words.semicolon.join(stories[:number])))
        for number in range(len(stories), 0, -1)
    ]
    story = next((line for line in lines if len(line) <= SUBJECT_LENGTH), lines[-1])
    start, end = digest.period.start, digest.period.end
    date = words.short_day(start) if start == end else words.short_span(start, end)
    dated = _line(words.say("%(story)s (%(date)s)", story=story, date=date))
    return dated if len(dated) <= SUBJECT_LENGTH else shorten(story, SUBJECT_LENGTH)


def _preheader(digest: Digest, pages: Pages) -> str:
    """Return the text that mail programs show after the subject, of 60 to 100 characters."""
    names = (pages.marked_name(entry) for entry in by_strength(digest.entries))
    config = pages.config
    about = (label(digest.period, pages.words), config.title, config.description)
    text = ""
    for part in dict.fromkeys((pages.digest_summary(digest), *names, *map(_line, about))):
        if len(text) >= PREHEADER_LENGTH.start:
            break
        part = pages.words.shown(part)
        if part and part not in text:
            text = f"{text} · {part}" if text else part
    return shorten(text, PREHEADER_LENGTH.stop - 1)


def _page(digest: Digest, pages: Pages) -> str:
    return addresses.url(pages.config.url, page_path(digest))


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
    """Return the domain in the blog's id, which does not change with the blog's address."""
    return config.id.split(":")[1].partition(",")[0].rpartition("@")[2]


def _line(text: str) -> str:
    """Return a text for a header: short, on one line; no-break spaces stay."""
    line = re.sub(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+", " ", text).strip()
    return shorten(close_controls(line), limits.HEADER_BYTES // 4)


def _encoding(text: str) -> str:
    """Return the shorter transfer encoding (RFC 2045 §6) of the two that every server accepts."""
    data = text.encode()
    others = sum(byte > 126 for byte in data)
    return "base64" if 2 * others > len(data) / 3 else "quoted-printable"
