"""Ranks the entries of a digest: which are its main events, and which titles make its headline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from ..timeline import Entry

LONG_BODY = 500
"""Number of characters from which the body of an entry is long."""

HEADLINE_LENGTH = 90
"""Most characters of a headline that is made of several titles."""

_Strength = tuple[bool, bool, bool, bool, bool, int, datetime]


def by_strength(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries in the order of their importance, the strongest first.

    What was retracted comes last. Key events come first, then pinned entries, then those that have
    a title; what is unconfirmed comes after what is not. Then the one that tells most counts
    (figures, pictures, a confirmation, a long body), and at last the latest.
    """
    return sorted(entries, key=_strength, reverse=True)


def _strength(entry: Entry) -> _Strength:
    now = entry.now
    weight = bool(now.figures) + bool(now.media) + (now.verification == "confirmed")
    return (
        now.state == "live",
        now.key,
        now.pinned,
        now.verification != "unconfirmed",
        bool(now.title),
        weight + (len(now.body) >= LONG_BODY),
        now.published,
    )


def spread_by_strength(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries in the order of their importance; the first of equal ones are far apart.

    Thus the first few tell of the whole day, and not of its evening.
    """
    groups: dict[tuple[object, ...], list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: entry.position):
        groups.setdefault(_strength(entry)[:-1], []).append(entry)
    return [
        group[number]
        for _, group in sorted(groups.items(), key=lambda item: item[0], reverse=True)
        for number in _far_apart(len(group))
    ]


def _far_apart(count: int) -> list[int]:
    """Return the numbers below *count*: the first, that in the middle, those between, and so on."""
    bits = max(count - 1, 1).bit_length()
    return sorted(range(count), key=lambda number: f"{number:0{bits}b}"[::-1])


def each_day_first(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries by their importance: the strongest of each day, then the second of each."""
    order: list[tuple[int, int, Entry]] = []
    seen: dict[object, int] = {}
    for rank, entry in enumerate(by_strength(entries)):
        seen[entry.day] = seen.get(entry.day, 0) + 1
        order.append((seen[entry.day], rank, entry))
    return [entry for _, _, entry in sorted(order, key=lambda place: place[:2])]


def main_titles(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return the titles that make the headline of a day or of several days, the strongest first.

    Up to two of a day, or of three days one each: titles of key events, or else one title. Claims
    that are unconfirmed make a headline only if nothing else does.
    """
    titled = [e for e in entries if e.now.title and e.now.state == "live"]
    keys = [e for e in titled if e.now.key]
    # Without key events, a pinned entry is mostly one for reference.
    found = keys or [e for e in titled if not e.now.pinned] or titled
    found = [e for e in found if e.now.verification != "unconfirmed"] or found
    is_one_day = len({entry.day for entry in entries}) < 2
    if is_one_day:
        ranked = by_strength(found)[:2]
    else:
        ranked = [*{e.day: e for e in reversed(by_strength(found))}.values()]
        ranked = by_strength(ranked)[:3]
    titles = list(dict.fromkeys(entry.now.title for entry in ranked))
    if not keys:
        titles = titles[:1]
    while len(titles) > 1 and sum(map(len, titles)) + 3 * (len(titles) - 1) > HEADLINE_LENGTH:
        titles.pop()
    return tuple(titles)
