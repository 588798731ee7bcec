"""Reads the words before the date of a heading: « Journée du », « Nuit du », "Day 3 –"."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ...text.daytimes import MODIFIERS, PARTS, POINTS
from ...text.tokens import Tokens
from .names import ARTICLES, vocabulary

_LEADS = frozenset(
    (
        "la", "les", "du", "de", "d", "l", "'", "-", "des", "au", "aux", "dans", "en", "cette",
        "journee", "journees", "jour", "jours", "semaine",
        "week", "end", "weekend", "fin", "entre", "date",
        "from", "of", "for", "between", "day", "days", "during", "in", "events",
        "die", "das", "vom", "von", "im", "zwischen", "tag", "tage", "woche", "wochenende",
        "zum", "auf", "los", "las", "del", "desde", "dia", "dias", "jornada", "semana", "esta",
        "من", "بين", "ليله", "ما", "يومي", "الايام", "ايام", "خلال", "الفتره",
    )
)  # fmt: skip
"""Words, folded, before the date of a heading, besides articles and parts of the day."""

BEFORE_SENTENCE = frozenset(
    (
        "ce", "this", "diesen", "diesem", "este", "pasado", "هذا",
        "publie", "published", "posted", "veroffentlicht", "publicado", "نشر",
    )
)  # fmt: skip
"""Words, folded, before the date of a sentence or a dateline."""

_NUMBERED = frozenset(("jour", "day", "tag", "dia", "journee", "etape", "j", "اليوم"))
"""Words, folded, before the number of a day: « Jour 3 – 15 juillet »."""

_MOST_LEADS = 7
"""Maximum number of words before a date."""


_EARLIEST_MORNING = 2.0
"""The hour from which on a part of the day is no night."""

_NIGHTFALL = 23.0
"""The hour of an update about the night of a day."""


class Lead(NamedTuple):
    """The words before the date of a heading."""

    has_article: bool  #: any word is there
    part: str = ""  #: the part of the day, as it is written
    hours: float | None = None  #: the hour at which its update stands
    is_night: bool = False


@lru_cache(maxsize=1)
def first_words() -> frozenset[str]:
    """Return the words that a date, or the words before it, can begin with."""
    months, weekdays = vocabulary()
    names = {name.partition(" ")[0] for name in (*months, *weekdays)}
    parts = {*PARTS.first_words, *POINTS.first_words, *MODIFIERS.first_words}
    return ARTICLES | _LEADS | _NUMBERED | names | parts


def read_lead(tokens: Tokens, line: str) -> Lead:
    """Skip the words before the date of a heading, and return what they say."""
    lead = Lead(has_article=not _skip_number(tokens))
    start = tokens.at
    for _ in range(_MOST_LEADS):
        if tokens.peek().number is not None:
            break
        part = _read_part_of_day(tokens, line)
        if part is not None:
            lead = part
        elif not tokens.take(ARTICLES | _LEADS):
            break
    return lead if tokens.at > start else Lead(has_article=False)


def _read_part_of_day(tokens: Tokens, line: str) -> Lead | None:
    start = tokens.at
    first = tokens.peek()
    modifier = MODIFIERS.take(tokens)
    found = PARTS.take(tokens)
    if found is None:
        tokens.at = start
        point = POINTS.take(tokens)
        words = line[first.start : tokens.end] if point is not None else ""
        return None if point is None else Lead(has_article=True, part=words, hours=point)
    words = line[first.start : tokens.end]
    if found[0] >= _EARLIEST_MORNING:
        hours = found[1 if modifier is None else modifier]
        return Lead(has_article=True, part=words, hours=hours)
    if tokens.peek().word in ("zum", "auf"):  # "Nacht zum 28. September"
        return Lead(has_article=True, part=words, hours=found[1])
    return Lead(has_article=True, part=words, hours=_NIGHTFALL, is_night=True)


def is_numbered_day(tokens: Tokens) -> bool:
    """Whether « Jour 3 », "Day 3" comes next."""
    return tokens.peek().word in _NUMBERED and tokens.peek(1).number is not None


def _skip_number(tokens: Tokens) -> bool:
    """Skip « Jour 3 – », and return whether it was there."""
    is_numbered = is_numbered_day(tokens) and (
        tokens.peek(2).raw in (":", "-", "–", "—", ",", "(", "|", "،")
    )
    tokens.at += 3 * is_numbered
    return is_numbered
