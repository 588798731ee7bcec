"""Limits of entries and pictures: lengths, dates, numbers, sizes.

They apply to every input (command line, API, Micropub, composer, imports) and to the journal that
is read, which another program may have written. Texts that people read are limited in characters;
texts that become a file name, a header or a line of a file are limited in bytes of UTF-8.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

from .errors import InvalidInput

# -- time ----------------------------------------------------------------------------------------

FIRST_DAY = date(1000, 1, 1)
LAST_DAY = date(9000, 12, 31)
"""The first and last day of an entry: years have four digits, and Python's calendar also contains
the weeks before and after these days, in every time zone."""

FIRST_INSTANT = datetime(1000, 1, 1, tzinfo=UTC) + timedelta(days=2)
LAST_INSTANT = datetime(9000, 12, 31, tzinfo=UTC) - timedelta(days=2)
"""Instants whose day lies between :data:`FIRST_DAY` and :data:`LAST_DAY` in every time zone."""

# -- texts, in characters ------------------------------------------------------------------------

TITLE = 300
"""Maximum characters of a title."""

NOTE = 2_000
"""Maximum characters of the public reason for a revision."""

NAME = 200
"""Maximum characters of an author, tag, source, unit, name of a figure or name of a person."""

FRAMING = 20_000
"""Maximum characters of an introduction or a close."""

ALT = 2_000
"""Maximum characters of a picture's alternative text or caption."""

ADDRESS = 3_000
"""Maximum characters of a URL."""

LIST = 50
"""Maximum number of tags, of sources, of figures and of pictures in one entry."""

# -- texts, in bytes of UTF-8 --------------------------------------------------------------------

BODY_BYTES = 100_000
"""Maximum bytes of an entry's Markdown."""

FILE_NAME_BYTES = 200
"""Maximum bytes of a text that becomes a file name. File systems allow 255; the rest is for
extensions and the names of temporary files."""

HEADER_BYTES = 800
"""Maximum bytes of a text that becomes a header value in mail or HTTP (200 characters)."""

LANGUAGE_BYTES = 35
"""Maximum bytes of a language code (RFC 5646 §4.4.1)."""

# -- numbers -------------------------------------------------------------------------------------

NUMBER_DIGITS = 30
"""Maximum digits of a figure: few enough for every parser of JSON."""

NUMBER = 10**NUMBER_DIGITS
"""The absolute value of a figure is less than this."""

REVISION_DIGITS = 9
"""Maximum digits of a revision number in a request."""

# -- structure -----------------------------------------------------------------------------------

NESTING = 50
"""Maximum depth of nested quotations and lists in Markdown, and of nested elements in HTML. The
time that sanitizers take grows with the square of the depth."""

XML_ATTRIBUTES = 100
"""Maximum number of attributes of an element. The time that feedparser takes grows with its
square."""

XML_DEPTH = 200
"""Maximum depth of nested elements in a feed or export from outside."""

# -- pictures ------------------------------------------------------------------------------------

PICTURE_BYTES = 40_000_000
"""Maximum bytes of a picture file that is added."""

PICTURE_PIXELS = 120_000_000
"""Maximum pixels of a still picture: cameras of phones have 108 megapixels."""

ANIMATION_PIXELS = 50_000_000
"""Maximum of frames times pixels of an animated picture."""

PICTURE_SCANS = 100
"""Maximum number of scans of a progressive JPEG. Programs write about ten; decoding each takes time
proportional to the picture's pixels, however few bytes the scan has."""

PICTURE_SIDE = 2048
"""Maximum pixels of the longer side; larger pictures are scaled down."""

# -- films and recordings --------------------------------------------------------------------------

FILM_BYTES = 100_000_000
"""Maximum bytes of a film or recording: what static hosts take as one file."""

FILM_SECONDS = 4 * 3600
"""Maximum seconds of a film or recording."""

FILM_SIDE = 4096
"""Maximum pixels of a side of a film, which is never scaled."""

SUBTITLES_BYTES = 1_000_000
"""Maximum bytes of the subtitles of a film (WebVTT)."""


def check_day(day: date, what: str = "day") -> date:
    """Return *day* if it is not before :data:`FIRST_DAY` or after :data:`LAST_DAY`.

    Raises :class:`InvalidInput`; *what* names the day in its message.
    """
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InvalidInput(
            f"The {what} {day.isoformat()} is not between the years "
            f"{FIRST_DAY.year} and {LAST_DAY.year}.",
            "Correct the year.",
            about="time",
        )
    return day


def check_instant(instant: datetime, what: str = "time") -> datetime:
    """Return an aware datetime in UTC if its day is within the limits in every time zone.

    Raises :class:`InvalidInput`; *what* names the instant in its message.
    """
    try:
        found = instant.astimezone(UTC)
        if FIRST_INSTANT <= found <= LAST_INSTANT:
            return found
    except (OverflowError, ValueError):
        pass
    raise InvalidInput(
        f"The {what} {instant.isoformat()} is not between the years "
        f"{FIRST_DAY.year} and {LAST_DAY.year}.",
        "Correct the year.",
        about="time",
    )


def check_number(value: float, what: str) -> float:
    """Return *value* if it is a finite number of at most :data:`NUMBER_DIGITS` digits.

    Raises :class:`InvalidInput`; *what* names the number in its message.
    """
    try:
        # isfinite raises OverflowError for an integer that is too large for a float.
        if math.isfinite(value) and abs(value) < NUMBER:
            return value
    except OverflowError:
        pass
    raise InvalidInput(
        f"The {what} is not a number of at most {NUMBER_DIGITS} digits.",
        "Write it in a larger unit: thousands, millions.",
        about="number",
    )


def check_bytes(text: str, limit: int, what: str) -> str:
    """Return *text* if it has at most *limit* bytes in UTF-8.

    Raises :class:`InvalidInput`; *what* names the text in its message.
    """
    size = len(text)
    # Texts are encoded only where they may be too long: a character has at most four bytes.
    if size * 4 > limit and (size := len(text.encode("utf-8", "surrogatepass"))) > limit:
        raise InvalidInput(
            f"The {what} has {size:,} bytes; the limit is {limit:,}.", "Shorten it.", about="length"
        )
    return text


def check_length(text: str, limit: int, what: str) -> str:
    """Return *text* if it has at most *limit* characters.

    Raises :class:`InvalidInput`; *what* names the text in its message.
    """
    if len(text) > limit:
        raise InvalidInput(
            f"The {what} has {len(text):,} characters; the limit is {limit:,}.",
            "Shorten it.",
            about="length",
        )
    return text
