"""The first pass over a chronicle: finds the headings of days, and the close.

The years of headings depend on each other, so all headings are found before the text is read. Only
the headings are held in memory, not the text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, tzinfo

from ...model import limits
from ...model.errors import InvalidInput
from ...model.period import day_start, local_day
from .. import Problem
from .dating import Ask, UnknownDay, resolve_dates
from .headings import Heading, day_heading
from .lines import (
    begins_close,
    ends_sentence,
    is_headline,
    is_rule,
    is_underline,
    mentioned_years,
    strip_forbidden,
)

MAX_HEADINGS = 50_000
"""Maximum number of headings: the days of more than a century."""


@dataclass(frozen=True)
class Survey:
    """Where the sections of a chronicle begin. Line numbers start at 1."""

    starts: dict[int, date | UnknownDay]  #: line of a heading: its day, or why there is none
    close: int  #: first line of the close; 0 if there is none
    last: int  #: the last line
    notes: tuple[Problem, ...]  #: assumptions that were made

    @property
    def days(self) -> list[date]:
        """The known days, in the order of the text."""
        return [day for day in self.starts.values() if isinstance(day, date)]


def survey(
    lines: Iterable[str],
    *,
    zone: tzinfo,
    language: str,
    today: date,
    year: int | None,
    ask: Ask | None,
) -> Survey:
    """Find and date the headings of a text.

    A line that may be a heading or a sentence is a heading only if the text has no certain
    headings, or if the user says so.

    Raises :class:`InvalidInput` for a text with more headings than :data:`MAX_HEADINGS`.
    """
    certain: list[tuple[int, Heading]] = []
    uncertain: list[tuple[int, Heading]] = []
    mentioned: set[int] = set()
    # With uncertain headings, and without.
    ends = {True: _CloseFinder(), False: _CloseFinder()}
    before = two_before = ""
    after_heading = False
    number = 0
    for number, raw in enumerate(lines, 1):
        line, _ = strip_forbidden(raw.strip())
        heading = day_heading(line) if line else None
        if heading:
            is_abrupt = before != "" and not after_heading and not ends_sentence(before)
            is_certain = heading.is_certain and (heading.ends_paragraph or not is_abrupt)
            (certain if is_certain else uncertain).append(
                (number, replace(heading, rest="", stamp=None))
            )
            if len(certain) + len(uncertain) > MAX_HEADINGS:
                raise InvalidInput(
                    f"Line {number}: the text has more than {MAX_HEADINGS:,} headings of days.",
                    "Split it into several files.",
                )
            ends[True].heading(heading.rest)
            if is_certain:
                ends[False].heading(heading.rest)
        elif line:
            is_title = before and not two_before and is_headline(before) and is_underline(line)
            for end in ends.values():
                if not is_rule(line):
                    end.text(number, line, is_first=not before or after_heading)
                elif not is_title and not after_heading:
                    end.rule(number)
        if line and not certain and not uncertain:
            mentioned |= mentioned_years(line)
        before, two_before, after_heading = line[-200:], before, heading is not None
    chosen, notes = _choose_headings(certain, uncertain, ask)
    days, more = resolve_dates(
        chosen, language=language, today=today, year=year, mentioned=mentioned, ask=ask
    )
    starts = {line: _check_zone(day, zone) for (line, _), day in zip(chosen, days, strict=True)}
    is_last_uncertain = bool(chosen) and chosen[-1] not in certain[-1:]
    close, problem = ends[is_last_uncertain].close(ask) if chosen else (0, None)
    notes += more
    if problem:
        notes.append(problem)
    return Survey(starts, close, number, tuple(notes))


def _choose_headings(
    certain: list[tuple[int, Heading]], uncertain: list[tuple[int, Heading]], ask: Ask | None
) -> tuple[list[tuple[int, Heading]], list[Problem]]:
    """Return the headings in order, and a note on each line that is read as text instead."""
    if not certain:
        return uncertain, []
    chosen, notes = list(certain), []
    for line, heading in uncertain:
        if not ask:
            what = f"'{heading.text}' may head a day or begin a sentence; it is read as text"
            hint = "If a day begins there, put a colon behind the date, or '## ' before it."
            notes.append(Problem(f"line {line}", what, hint))
            continue
        question = f"Line {line} begins with '{heading.text}'. Does a new day begin there?"
        if ask(question, (_IS_HEADING, _IS_TEXT)) == _IS_HEADING:
            chosen.append((line, heading))
    return sorted(chosen, key=lambda found: found[0]), notes


_IS_HEADING = "yes, a new day"
_IS_TEXT = "no, it is text of the day before"


def _check_zone(day: date | UnknownDay, zone: tzinfo) -> date | UnknownDay:
    """Return the day, or why it cannot be used: the clocks of a zone can skip a day."""
    if isinstance(day, UnknownDay):
        return day
    try:
        limits.check_instant(day_start(limits.check_day(day), zone))
    except InvalidInput as error:
        return UnknownDay(error.message.rstrip("."), error.hint)
    if local_day(day_start(day, zone), zone) == day:
        return day
    return UnknownDay(f"{day} is no day in {zone}", "Correct the date.")


class _CloseFinder:
    """Finds the first line of the close after the text of the last day."""

    def __init__(self) -> None:
        self._open = False  # whether a day has begun
        self._has_text = False  # whether the day has any text
        self._rule = 0  # line of a rule with no text after it yet
        self._breaks: list[int] = []  # first and last rule between two texts
        self._has_earlier_breaks = False  # whether an earlier day has such a rule
        self._named = 0

    def heading(self, rest: str) -> None:
        """Begin a day; *rest* is the text on the line of its heading."""
        self._has_earlier_breaks = self._has_earlier_breaks or bool(self._breaks)
        self._open, self._has_text = True, bool(rest)
        self._rule, self._breaks, self._named = 0, [], 0

    def rule(self, number: int) -> None:
        """Note a rule."""
        self._rule = number if self._has_text else 0

    def text(self, number: int, line: str, *, is_first: bool) -> None:
        """Note a line of text; *is_first* if it begins a paragraph."""
        if not self._open:
            return
        if self._rule:
            self._breaks = [*self._breaks[:1], self._rule]
        if (is_first or self._rule) and not self._named and begins_close(line):
            self._named = number
        self._has_text, self._rule = True, 0

    def close(self, ask: Ask | None) -> tuple[int, Problem | None]:
        """Return the first line of the close (0 for none), and a problem if it is uncertain."""
        if self._named or not self._breaks:
            return self._named, None
        last = self._breaks[-1]
        if len(self._breaks) == 1 and not self._has_earlier_breaks:
            return last, None
        if ask:
            question = f"What follows the rule of line {last}: the last day's text, or the close?"
            return (last if ask(question, (_IS_LAST_DAY, _IS_CLOSE)) == _IS_CLOSE else 0), None
        return 0, Problem(
            f"line {last}",
            "the text after this rule may be the close; it is read as part of the last day, "
            "because earlier days have such rules too",
            "If it is the close, head it 'Conclusion'.",
        )


_IS_LAST_DAY = "the last day's text"
_IS_CLOSE = "the close"
