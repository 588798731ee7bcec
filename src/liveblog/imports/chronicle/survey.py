"""The first look at a chronicle: where its days begin, and where its close.

The years of headings depend on each other, so all of them are found before anything is read. Only
headings are kept in memory, not the text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, tzinfo

from ...model import limits
from ...model.errors import InvalidInput
from ...model.period import day_start, local_day
from .. import Problem
from .dating import Ask, Doubt, dated
from .headings import Heading, day_heading
from .lines import begins_close, cleaned, ends_sentence, is_headline, is_rule, is_underline, years

MOST_HEADINGS = 50_000
"""Days of more than a century; what has more headings is no chronicle."""


@dataclass(frozen=True)
class Survey:
    """The plan of a chronicle. Lines count from 1."""

    starts: dict[int, date | Doubt]  #: line of a heading → the day it begins, if that is known
    close: int  #: the line that the close begins with; 0 if there is none
    last: int  #: the last line
    notes: tuple[Problem, ...]  #: what was assumed

    @property
    def days(self) -> list[date]:
        """The days that are told, in the order of the text."""
        return [of for of in self.starts.values() if isinstance(of, date)]


def survey(
    lines: Iterable[str],
    *,
    zone: tzinfo,
    language: str,
    today: date,
    year: int | None,
    ask: Ask | None,
) -> Survey:
    """Find the headings of a text and date them.

    A line in the form of a heading that a sentence may have too is one only if the text has no
    other, or if it was asked for.

    Raises :class:`InvalidInput` for a text with more headings than
    :data:`MOST_HEADINGS`.
    """
    sure: list[tuple[int, Heading]] = []
    unsure: list[tuple[int, Heading]] = []
    mentioned: set[int] = set()
    ends = {True: _End(), False: _End()}  # with the headings that are not sure, and without
    before = two_before = ""
    after_heading = False
    number = 0
    for number, raw in enumerate(lines, 1):
        line, _ = cleaned(raw.strip())
        heading = day_heading(line) if line else None
        if heading:
            is_abrupt = before != "" and not after_heading and not ends_sentence(before)
            is_sure = heading.sure and (heading.solid or not is_abrupt)
            (sure if is_sure else unsure).append((number, replace(heading, rest="", stamp=None)))
            if len(sure) + len(unsure) > MOST_HEADINGS:
                raise InvalidInput(
                    f"Line {number}: the text has more than {MOST_HEADINGS:,} headings of days.",
                    "Split it into several files.",
                )
            ends[True].heading(heading.rest)
            if is_sure:
                ends[False].heading(heading.rest)
        elif line:
            is_title = before and not two_before and is_headline(before) and is_underline(line)
            for end in ends.values():
                if not is_rule(line):
                    end.text(number, line, is_first=not before or after_heading)
                elif not is_title and not after_heading:
                    end.rule(number)
        if line and not sure and not unsure:
            mentioned |= years(line)
        before, two_before, after_heading = line[-200:], before, heading is not None
    chosen, notes = _chosen(sure, unsure, ask)
    days, more = dated(
        chosen, language=language, today=today, year=year, mentioned=mentioned, ask=ask
    )
    starts = {line: _in_zone(of, zone) for (line, _), of in zip(chosen, days, strict=True)}
    last_is_unsure = bool(chosen) and chosen[-1] not in sure[-1:]
    close, doubt = ends[last_is_unsure].found(ask) if chosen else (0, None)
    notes += more
    if doubt:
        notes.append(doubt)
    return Survey(starts, close, number, tuple(notes))


def _chosen(
    sure: list[tuple[int, Heading]], unsure: list[tuple[int, Heading]], ask: Ask | None
) -> tuple[list[tuple[int, Heading]], list[Problem]]:
    """Return the lines that are headings, in order, and a note on each that was not taken."""
    if not sure:
        return unsure, []
    chosen, notes = list(sure), []
    for line, heading in unsure:
        if ask:
            question = f"Line {line} begins with '{heading.said}'. Does a new day begin there?"
            if ask(question, (_IS_HEADING, _IS_TEXT)) == _IS_HEADING:
                chosen.append((line, heading))
            continue
        notes.append(
            Problem(
                f"line {line}",
                f"'{heading.said}' may head a day or begin a sentence; it is read as text",
                "If a day begins there, put a colon behind the date, or '## ' before it.",
            )
        )
    return sorted(chosen, key=lambda found: found[0]), notes


_IS_HEADING = "yes, a new day"
_IS_TEXT = "no, it is text of the day before"


def _in_zone(of: date | Doubt, zone: tzinfo) -> date | Doubt:
    """Doubt a day that the blog's clocks never show."""
    if isinstance(of, Doubt):
        return of
    try:
        limits.check_instant(day_start(limits.check_day(of), zone))
    except InvalidInput as error:
        return Doubt(error.message.rstrip("."), error.hint)
    if local_day(day_start(of, zone), zone) == of:
        return of
    return Doubt(f"{of} is no day in {zone}", "Correct the date.")


class _End:
    """Finds the close behind the last day's text."""

    def __init__(self) -> None:
        self._open = False  # whether a day was begun
        self._told = False  # whether it has any text
        self._rule = 0  # the rule above, with nothing behind it so far
        self._breaks: list[int] = []  # rules with text on both sides: the first and the last
        self._elsewhere = False  # whether an earlier day has such
        self._named = 0

    def heading(self, rest: str) -> None:
        self._elsewhere = self._elsewhere or bool(self._breaks)
        self._open, self._told = True, bool(rest)
        self._rule, self._breaks, self._named = 0, [], 0

    def rule(self, number: int) -> None:
        self._rule = number if self._told else 0

    def text(self, number: int, line: str, *, is_first: bool) -> None:
        if not self._open:
            return
        if self._rule:
            self._breaks = [*self._breaks[:1], self._rule]
        if (is_first or self._rule) and not self._named and begins_close(line):
            self._named = number
        self._told, self._rule = True, 0

    def found(self, ask: Ask | None) -> tuple[int, Problem | None]:
        """Return the line that the close begins with (0 for none), and a doubt about it."""
        if self._named or not self._breaks:
            return self._named, None
        last = self._breaks[-1]
        if len(self._breaks) == 1 and not self._elsewhere:
            return last, None
        if ask:
            question = f"What follows the rule of line {last}: the last day's text, or the close?"
            return (last if ask(question, (_IS_DAY, _IS_CLOSE)) == _IS_CLOSE else 0), None
        return 0, Problem(
            f"line {last}",
            "what follows this rule may be the close of the text; it is read as the last day's, "
            "for there are such rules within days",
            "If it is the close, head it 'Conclusion'.",
        )


_IS_DAY = "the last day's text"
_IS_CLOSE = "the close"
