"""Finds the articles and chronicles of a page among its paragraphs.

A page is a sequence of parts. Each begins with a title, which may lack at the start of the page:

- An *article* is a title directly above a text that begins with a date, pictures aside.
- A *chronicle* is a run of days; above them may stand a title, pictures and an introduction, below
  them a close (see :mod:`.closing`).

A title between two headings of days can also be a sub-heading of the first day. :func:`_score` adds
up the signs that a new part begins there. Pure functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ...model.errors import InvalidInput
from ...text.plain import shorten
from .. import Problem
from .anchors import (
    LONGEST_STEP,
    NEAR,
    choose_anchors,
    has_many_words,
    is_title,
    signs_of_an_end,
    step_between,
    title_above,
)
from .blocks import UNDERLINED, Block
from .dating import Ask

MAX_HEADINGS = 50_000
"""Maximum number of headings: the days of more than a century."""

_ENOUGH = 2
"""The score from which a title begins a new part."""

_CERTAIN = 100
"""The score of a title that surely begins a new part."""

_IS_TITLE = "yes, a new article or chronicle"
_IS_SUBHEADING = "no, it is a sub-heading of the day before"


@dataclass
class Part:
    """An article or a chronicle of a page."""

    start: int  #: index of its first block
    title: Block | None
    anchors: list[int]  #: indexes of the blocks that begin its days
    is_daily: bool = True  #: each day is the next or the one before
    is_article: bool = False
    end: int = 0  #: index after its last block

    @property
    def name(self) -> str:
        """The text of its title; empty without one."""
        return self.title.title.text if self.title and self.title.title else ""


@dataclass
class Structure:
    """The parts of a page."""

    parts: list[Part] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    @property
    def anchors(self) -> list[int]:
        """The indexes of all blocks that begin a day."""
        return [index for part in self.parts for index in part.anchors]


def find_parts(blocks: Sequence[Block], ask: Ask | None) -> Structure:
    """Return the parts of a page; *ask* is called where the paragraphs have two readings.

    Raises :class:`InvalidInput` for a text with more headings than :data:`MAX_HEADINGS`.
    """
    headings = [i for i, block in enumerate(blocks) if block.kind == "heading"]
    if len(headings) > MAX_HEADINGS:
        raise InvalidInput(
            f"Line {blocks[headings[MAX_HEADINGS]].number}: the text has more than "
            f"{MAX_HEADINGS:,} headings of days.",
            "Split it into several files.",
        )
    found = Structure()
    anchors = choose_anchors(blocks, headings, ask, found.notes)
    _divide(blocks, anchors, ask, found)
    for part, following in pairwise([*found.parts, Part(len(blocks), None, [])]):
        part.end = following.start
        part.is_article = _is_article(blocks, part)
    return found


# -- where a part begins ---------------------------------------------------------------------------


def _divide(
    blocks: Sequence[Block], anchors: Sequence[int], ask: Ask | None, found: Structure
) -> None:
    """Divide the blocks into parts, each with its anchors."""
    direction = _direction(blocks, anchors)
    all_titled = len(anchors) > 1 and all(title_above(blocks, i) is not None for i in anchors)
    subheadings = 0
    for at, index in enumerate(anchors):
        if not at:
            found.parts.append(_first_part(blocks, index))
            continue
        part = found.parts[-1]
        title, score = _begins_part(blocks, part, index, direction, all_titled=all_titled)
        if title is None:
            _add_anchor(blocks, part, index)
            continue
        is_new = score - 2 * (subheadings > 0) >= _ENOUGH
        if ask and 0 < score <= _ENOUGH + 1 and blocks[index].is_certain:
            line = blocks[title].number
            question = f"Is line {line}, '{shorten(blocks[title].text, 60)}', a title?"
            choices = (_IS_TITLE, _IS_SUBHEADING)
            is_new = ask(question, choices if is_new else choices[::-1]) == _IS_TITLE
        elif is_new and score <= _ENOUGH + 1 and blocks[index].is_certain:
            marks = "#" * min(max(3, _level(part) + 1, blocks[index].level + 1), 6)
            found.notes.append(
                Problem(
                    f"line {blocks[title].number}",
                    f"'{shorten(blocks[title].text, 60)}' is read as a title, not as a sub-heading",
                    f"If it is a sub-heading of the day before, put '{marks} ' before it.",
                )
            )
        if is_new:
            found.parts.append(Part(title, blocks[title], [index]))
            subheadings = 0
        else:
            _add_anchor(blocks, part, index)
            subheadings += 1


def _add_anchor(blocks: Sequence[Block], part: Part, index: int) -> None:
    step = step_between(blocks[part.anchors[-1]], blocks[index])
    part.is_daily = part.is_daily and abs(step) == 1
    part.anchors.append(index)


def _direction(blocks: Sequence[Block], anchors: Sequence[int]) -> int:
    """Return 1 if the days of chronicles ascend, -1 if the newest comes first."""
    steps = [
        step_between(blocks[a], blocks[b])
        for a, b in pairwise(anchors)
        if not any(blocks[i].title for i in range(a + 1, b))
    ]
    near = [step for step in steps if abs(step) <= LONGEST_STEP]
    return -1 if sum((step > 0) - (step < 0) for step in near) < 0 else 1


def _first_part(blocks: Sequence[Block], index: int) -> Part:
    """Return the part of the first anchor of a page."""
    above = title_above(blocks, index)
    if above is not None:
        return Part(above, blocks[above], [index])
    first = next((i for i in range(index) if blocks[i].kind not in ("rule", "picture")), None)
    if first is not None and _is_lead_title(blocks, first, index):
        return Part(first, blocks[first], [index])
    return Part(0, None, [index])


def _is_lead_title(blocks: Sequence[Block], first: int, index: int) -> bool:
    """Whether the first text of a page, above an introduction, is its title."""
    title = blocks[first].title
    if title is None:
        return False
    following = blocks[first + 1]
    if title.is_sentence and not title.level and first + 1 == index:
        return False  # it is an introduction, unless it was found to be a title before
    return bool(
        title.level or following.blanks or following.kind == "picture" or following.number == index
    )


def _begins_part(
    blocks: Sequence[Block], part: Part, index: int, direction: int, *, all_titled: bool
) -> tuple[int | None, int]:
    """Return the title most likely to begin a new part above an anchor, and its score."""
    above = title_above(blocks, index)
    if not blocks[index].is_certain:
        return above, _CERTAIN if above is not None else 0
    last = part.anchors[-1]
    step = step_between(blocks[last], blocks[index]) * direction
    best: tuple[int | None, int] = None, 0
    for at in range(max(last + 1, index - NEAR), index):
        if not is_title(blocks, at, index) or not _has_text(blocks, last, at):
            continue
        if (title := blocks[at].title) and title.is_period:
            return at, _CERTAIN
        score = _score(blocks, part, at, index, step)
        score += 3 * (all_titled and at == above)
        # Of two lines in a row, the first is the title, the second a subtitle.
        if best[0] is None or score > best[1] or (score == best[1] and best[0] != at - 1):
            best = at, score
    return best


def _has_text(blocks: Sequence[Block], anchor: int, at: int) -> bool:
    """Whether a day has text above a block."""
    return blocks[anchor].has_rest or any(blocks[i].kind == "text" for i in range(anchor + 1, at))


def _score(blocks: Sequence[Block], part: Part, at: int, index: int, step: int) -> int:
    """Return how many signs there are that the title *at* begins a new part above *index*."""
    title = blocks[at].title
    assert title is not None
    if max(_level(part), blocks[index].level, 1) < title.level < UNDERLINED:
        return 0  # it is marked as a sub-heading
    score = 0
    if not 0 < step <= LONGEST_STEP:
        score += 3
    elif step > 1 and len(part.anchors) > 1 and part.is_daily:
        score += 1
    if len(part.anchors) == 1 and title_above(blocks, part.anchors[0]) == part.start:
        is_sentence = not blocks[part.anchors[0]].is_certain
        score += 3 if is_sentence else 1 + (step != 1)
    score += signs_of_an_end(blocks, part.anchors[-1], at)
    score += 2 * any(block.is_about_period for block in blocks[at + 1 : index])
    score += 2 * (title.level == 1 or 0 < title.level <= blocks[index].level)
    return score + has_many_words(blocks[at])


def _level(part: Part) -> int:
    """Return the level of a part's title, if it is a Markdown heading with number signs."""
    title = part.title.title if part.title else None
    return title.level if title and title.level < UNDERLINED else 0


def _is_article(blocks: Sequence[Block], part: Part) -> bool:
    """Whether a part is one text under a title: one date, and no introduction above it."""
    if part.title is None or len(part.anchors) != 1:
        return False
    anchor = part.anchors[0]
    lead = blocks[part.start + 1 : anchor]
    if any(block.kind == "text" and not block.is_byline for block in lead):
        return False
    inside = blocks[anchor + 1 : part.end]
    is_live = any((block.has_time and not block.is_sentence) or block.is_close for block in inside)
    return not (blocks[anchor].is_certain and is_live)
