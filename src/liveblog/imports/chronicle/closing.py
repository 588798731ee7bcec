"""Finds where the last day of a chronicle ends and its close begins.

A line such as « Conclusion » says so, or else the only rule in the days. Without them, the close
begins at the first of these: the only additional blank line; a paragraph that begins as the end of
a text does (« Rappelons … »); one of the last three paragraphs that is about several days. Without
these, it begins at the second paragraph, where every earlier day has one. Whatever is not said by a
mark is reported, or asked. Pure functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ...text.plain import shorten
from .. import Problem
from .blocks import Block
from .dating import Ask
from .structure import Part

_LAST = 3
"""Number of paragraphs at the end of the last day that can be about the whole period."""

_SHOWN = 12
"""Maximum number of paragraphs that are shown in a question."""


class Close(NamedTuple):
    """Where the close of a chronicle begins."""

    line: int = 0  #: its first line; 0 if there is no close
    is_marked: bool = False  #: that line is a mark such as « Conclusion »
    reason: str = ""  #: why it is read as the close, where no mark says so; why one may be missing


def find_close(
    blocks: Sequence[Block], part: Part, ask: Ask | None
) -> tuple[Close, Problem | None]:
    """Return the close of a chronicle, and a problem if the text leaves it open."""
    days = [_section(blocks, a, b) for a, b in pairwise([*part.anchors, part.end])]
    last = days[-1]
    for block in last:
        if block.is_close:
            return Close(block.number, is_marked=True), None
    texts = [block for block in last if block.kind != "rule"]
    anchor = blocks[part.anchors[-1]]
    own = 0 if anchor.has_rest and (not anchor.is_headline or _are_lines(blocks, part, days)) else 1
    timed = max((i + 1 for i, block in enumerate(texts) if block.has_time), default=0)
    candidates = texts[max(own, timed) :]
    rules = [last[i + 1] for i, block in enumerate(last) if block.kind == "rule"]
    if not candidates or not (rules or has_lead(part)):
        return Close(), None
    has_earlier_rules = any(block.kind == "rule" for day in days[:-1] for block in day)
    after = rules[-1] if rules else None
    if after is not None and len(rules) == 1 and not has_earlier_rules and after in candidates:
        found = Close(after.number, reason="a rule stands before it")
    else:
        found = _guess(blocks, part, days, candidates) if has_lead(part) else Close()
    if ask:
        return _ask(part, found, candidates, ask), None
    if not found.line and after is not None:
        return found, Problem(
            f"line {after.number}",
            "the text after this rule may be the close; it is read as part of the last day, "
            "because other days have such rules too",
            "If it is the close, head it 'Conclusion'.",
        )
    if (
        not found.line
        and has_lead(part)
        and len(last) > max(map(len, days[:-1]), default=len(last))
    ):
        found = Close(reason="the last day has more paragraphs than any other")
    return found, None


def undated_titles(blocks: Sequence[Block], part: Part, close: Close) -> list[Problem]:
    """Return a problem for each title in a close, which an article without a date may have."""
    inside = [block for block in blocks[part.anchors[-1] + 1 : part.end] if close.line]
    return [
        Problem(
            f"line {block.number}",
            f"'{shorten(block.text, 60)}' may be the title of an article without a date; "
            "it is read as part of the close",
            "If it is, begin the text below it with its date.",
        )
        for block, following in pairwise(inside)
        if block.number > close.line
        and block.title
        and not block.title.is_sentence
        and following.kind in ("text", "picture")
    ]


def has_lead(part: Part) -> bool:
    """Whether a title or an introduction stands above the days of a chronicle."""
    return part.title is not None or part.start < part.anchors[0]


def _section(blocks: Sequence[Block], anchor: int, end: int) -> Sequence[Block]:
    """Return the blocks of a day below its heading, without the rules around the text."""
    start = anchor + 1
    while start < end and blocks[start].kind == "rule" and not blocks[anchor].has_rest:
        start += 1
    while start < end and blocks[end - 1].kind == "rule":
        end -= 1
    return blocks[start:end]


def _are_lines(blocks: Sequence[Block], part: Part, days: Sequence[Sequence[Block]]) -> bool:
    """Whether each earlier day, two at least, has one paragraph, on the line of its heading."""
    earlier = part.anchors[:-1]
    return len(earlier) > 1 and not any(days[:-1]) and all(blocks[i].has_rest for i in earlier)


def _guess(
    blocks: Sequence[Block],
    part: Part,
    days: Sequence[Sequence[Block]],
    candidates: Sequence[Block],
) -> Close:
    """Return the close that no mark and no rule shows."""
    found = Close()
    widest = max(candidates, key=lambda block: block.blanks)
    others = [block.blanks for day in days for block in day if block is not widest]
    if widest.blanks > max([*others, 1]):
        found = Close(widest.number, reason="an additional blank line stands before it")
    for at, block in enumerate(candidates):
        if found.line and block.number >= found.line:
            break
        if block.is_ending:
            return Close(block.number, reason="it begins as the end of a text does")
        if not found.line and block.is_about_period and at >= len(candidates) - _LAST:
            found = Close(block.number, reason="it is about several days")
    if not found.line and _are_lines(blocks, part, days):
        return Close(candidates[0].number, reason="each earlier day has one paragraph")
    return found


def _ask(part: Part, found: Close, candidates: Sequence[Block], ask: Ask) -> Close:
    """Ask where the close begins, and show the paragraphs that it can begin with."""
    shown = candidates[-_SHOWN:]
    none = "nowhere: there is no close"
    choices = {f"line {block.number}: {shorten(block.text, 70)}": block.number for block in shown}
    title = f" of '{shorten(part.name, 60)}'" if part.name else ""
    guess = f"line {found.line}" if found.line else "nowhere"
    question = f"Where does the close{title} begin? Without --ask: {guess}."
    answer = ask(question, [none, *choices])
    return Close(choices[answer]) if answer in choices else Close()
