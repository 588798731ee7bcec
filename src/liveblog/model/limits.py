"""The one table of limits: what an update may hold, whoever hands it over.

Every door (command line, API, Micropub, composer, imports) and the reader of the journal, which
somebody else may have written, keep to these. What people read is counted in characters; what
becomes the name of a file, a header or a line of a file is counted in bytes of UTF-8.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

from .errors import InvalidInput

# -- time ----------------------------------------------------------------------------------------

FIRST_DAY = date(1000, 1, 1)
LAST_DAY = date(9000, 12, 31)
"""The first and the last day of an entry: years have four digits, and calendars reach beyond them
in every time zone, with room for the week before and after."""

FIRST_INSTANT = datetime(1000, 1, 1, tzinfo=UTC) + timedelta(days=2)
LAST_INSTANT = datetime(9000, 12, 31, tzinfo=UTC) - timedelta(days=2)
"""Instants whose day lies between :data:`FIRST_DAY` and :data:`LAST_DAY` in every time zone."""

# -- texts, in characters ------------------------------------------------------------------------

TITLE = 300
NOTE = 2_000
NAME = 200
"""Characters of an author, a tag, a source, a unit, the name of a figure or of a person."""

FRAMING = 20_000
"""Characters of an introduction or a close."""

ALT = 2_000
"""Characters of a picture's alternative text or caption."""

ADDRESS = 3_000
"""Characters of a URL."""

LIST = 50
"""Tags, sources, figures, pictures of one update."""

# -- texts, in bytes of UTF-8 --------------------------------------------------------------------

BODY_BYTES = 100_000
"""Bytes of an update's Markdown."""

FILE_NAME_BYTES = 200
"""Bytes of what becomes the name of a file or folder. File systems take 255; the rest is for
endings and for names of temporary files."""

HEADER_BYTES = 800
"""Bytes of what becomes the value of a header in a mail or in HTTP: 200 characters at most."""

LANGUAGE_BYTES = 35
"""Bytes of a language code (RFC 5646 §4.4.1 asks for room for 35 characters)."""

RECORD_BYTES = 2_000_000
"""Bytes of one line of the journal: every field at its limit, with every character escaped."""

# -- numbers -------------------------------------------------------------------------------------

NUMBER_DIGITS = 30
"""Digits of a figure: more than anybody counts, and few enough for every reader of JSON."""

NUMBER = 10**NUMBER_DIGITS
"""A figure is smaller than this, up or down."""

REVISION_DIGITS = 9
"""Digits of a revision number that somebody sends."""

# -- structure -----------------------------------------------------------------------------------

NESTING = 50
"""Quotations and lists within each other; HTML elements within each other. Sanitisers take a time
that grows with the square of the depth."""

XML_ATTRIBUTES = 100
XML_DEPTH = 200
"""Attributes of one element, and elements within each other, in a feed or an export from outside:
feedparser takes a time that grows with the square of the first."""

# -- pictures ------------------------------------------------------------------------------------

PICTURE_BYTES = 40_000_000
"""Bytes of a picture file as it is handed over."""

PICTURE_PIXELS = 120_000_000
"""Pixels of a still picture: telephones take 108 megapixels."""

ANIMATION_PIXELS = 50_000_000
"""Frames times pixels of a moving picture."""

PICTURE_SCANS = 100
"""Passes in which a JPEG builds up its pixels. Programs write about ten; each takes as long as the
picture is large, however few bytes it has."""

PICTURE_SIDE = 2048
"""Pixels of the longest side; larger pictures are made smaller: no reader's screen shows more."""


def check_day(day: date, what: str = "day") -> date:
    """Return a day that the calendar of every reader has.

    Raises :class:`InvalidInput` naming *what* it is, for a day before
    :data:`FIRST_DAY` or after :data:`LAST_DAY`.
    """
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InvalidInput(
            f"The {what} {day.isoformat()} is not between the years "
            f"{FIRST_DAY.year} and {LAST_DAY.year}.",
            "Correct the year.",
        )
    return day


def check_instant(instant: datetime, what: str = "time") -> datetime:
    """Return an aware datetime in UTC whose day lies within the limits in every time zone.

    Raises :class:`InvalidInput` naming *what* it is.
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
    )


def check_number(value: float, what: str) -> float:
    """Return a number that every reader of JSON and CSV can hold.

    Raises :class:`InvalidInput` for one that is infinite, not a number, or has
    more than :data:`NUMBER_DIGITS` digits.
    """
    try:
        # An integer may be too large for a float at all.
        if math.isfinite(value) and abs(value) < NUMBER:
            return value
    except OverflowError:
        pass
    raise InvalidInput(
        f"The {what} is not a number of at most {NUMBER_DIGITS} digits.",
        "Write it in a larger unit: thousands, millions.",
    )


def check_bytes(text: str, limit: int, what: str) -> str:
    """Return a text of at most *limit* bytes of UTF-8.

    Raises :class:`InvalidInput` naming *what* it is.
    """
    size = len(text)
    # A character takes four bytes at most.
    if size * 4 > limit and (size := len(text.encode("utf-8", "surrogatepass"))) > limit:
        raise InvalidInput(f"The {what} has {size:,} bytes; the limit is {limit:,}.", "Shorten it.")
    return text


def check_length(text: str, limit: int, what: str) -> str:
    """Return a text of at most *limit* characters.

    Raises :class:`InvalidInput` naming *what* it is.
    """
    if len(text) > limit:
        raise InvalidInput(
            f"The {what} has {len(text):,} characters; the limit is {limit:,}.", "Shorten it."
        )
    return text
