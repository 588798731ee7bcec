"""Finds the paragraphs that begin a day or an article, and the titles above them. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from .. import Problem
from .blocks import Block, Title
from .dating import Ask
from .headings import Heading, day_heading
from .lines import is_headline
from .section import strip_heading_marks
from .signs import byline

LONGEST_STEP = 7
"""Maximum number of days from one day of a run to the next."""

NEAR = 50
"""Number of paragraphs above a heading among which a title is looked for."""

_IS_HEADING = "yes, a new day"
_IS_TEXT = "no, it is text of the day before"


def choose_anchors(
    blocks: Sequence[Block], headings: Sequence[int], ask: Ask | None, notes: list[Problem]
) -> list[int]:
    """Return the indexes of the blocks that begin a day or an article, in order.

    A heading that can be a sentence begins a day if the text has no certain headings, or if the
    user says so. Every sentence directly below a title begins an article.
    """
    certain = [i for i in headings if blocks[i].is_certain]
    titles = {
        index
        for before, index, below in zip([None, *certain], certain, certain[1:], strict=False)
        if _make_title(blocks, before, index, below)
    }
    certain = [i for i in certain if i not in titles]
    titled = {
        i
        for i, block in enumerate(blocks)
        if block.heading and not block.is_certain and title_above(blocks, i) is not None
    }
    uncertain = [i for i in headings if not blocks[i].is_certain and i not in titled]
    if not certain and len(titled) <= 1 and _is_run(blocks, [*titled, *uncertain]):
        run = sorted({*titled, *uncertain})
        for i in run:
            blocks[i].is_certain = len(run) > 1 or not titled
        return run
    chosen = {*certain, *titled}
    candidates = sorted(chosen)
    chosen -= {
        i
        for i in titled
        if _is_within_day(blocks, candidates, i) or _is_introduction(blocks, candidates, i)
    }
    for i in sorted({*uncertain, *titled} - chosen):
        heading = blocks[i].heading
        assert heading is not None  # all of these have one
        text = heading.text
        if ask is None:
            notes.append(
                Problem(
                    f"line {blocks[i].number}",
                    f"'{text}' may head a day or begin a sentence; it is read as text",
                    "If a day begins there, put a colon behind the date, or '## ' before it; "
                    "if an article does, put '# ' before its title.",
                )
            )
            continue
        question = f"Line {blocks[i].number} begins with '{text}'. Does a new day begin there?"
        if ask(question, (_IS_HEADING, _IS_TEXT)) == _IS_HEADING:
            blocks[i].is_certain = True
            chosen.add(i)
    return sorted(chosen)


def _make_title(blocks: Sequence[Block], before: int | None, index: int, following: int) -> bool:
    """Make a title of a heading of several days if the first of them has a heading below it.

    « Du 15 au 20 juillet : Six jours de tempête » above « Dimanche 15 juillet ». It stays a heading
    where the days of a run go on from the one *before* to it. Return whether it is a title.
    """
    block, below = blocks[index], blocks[following]
    heading = day_heading(block.text)
    if heading is None or heading.until is None or heading.is_night or heading.is_reversed:
        return False
    if below.heading is None or below.heading.is_several or step_between(block, below):
        return False
    if before is not None and 0 <= step_between(blocks[before], block) <= LONGEST_STEP:
        return False
    bare, rest = strip_heading_marks(block.text)[0], heading.rest
    if index and blocks[index - 1].title and is_dateline(block.text):
        block.kind, block.is_byline = "text", True
        _give_year(block, below)
        return True
    if rest and not is_headline(rest):
        return False
    text = rest if rest and not rest[0].islower() else bare
    block.kind, block.title = "text", Title(text, block.level, is_sentence=False, is_period=True)
    _give_year(block, below)
    return True


def is_dateline(line: str) -> bool:
    """Whether a line below a title names days, and the authors at most."""
    heading = day_heading(line)
    return heading is not None and (not heading.rest or bool(byline(heading.rest)))


def _give_year(block: Block, below: Block) -> None:
    """Give the first heading of a run the year of the several days that the title names."""
    if block.heading is None or below.heading is None or not block.heading.readings:
        return
    if below.heading.readings and below.heading.readings[0][0] is None:
        year = block.heading.readings[0][0]
        readings = tuple((year, month, day) for _, month, day in below.heading.readings)
        below.heading = replace(below.heading, readings=readings)


def title_above(blocks: Sequence[Block], index: int) -> int | None:
    """Return the index of the title directly above a block, pictures aside; None if there is none.

    A title that ends in a full stop can also be a sentence, so more is needed: it is the page's
    way (the first title does), it is marked or set apart, or nothing but a picture follows it.
    """
    at = index - 1
    while at >= 0 and (blocks[at].kind == "picture" or blocks[at].is_byline):
        at -= 1
    return at if at >= 0 and is_title(blocks, at, index) else None


def is_title(blocks: Sequence[Block], at: int, index: int) -> bool:
    """Whether the block *at* is a title, if that at *index* begins what it is the title of."""
    title = blocks[at].title
    if title is None or blocks[at].is_byline:
        return False
    if at and _dated_above(blocks, at):
        return False  # a day without a text is no day
    is_apart = not at or blocks[at].blanks > 0 or blocks[at - 1].kind in ("rule", "picture")
    if not is_apart and not title.level:
        return False  # it is a line of the paragraph above it
    first = blocks[0].title
    is_above_days = at + 1 == index and blocks[index].kind == "heading" and blocks[index].is_certain
    if title.is_sentence and not title.level and is_above_days and blocks[at].is_about_period:
        return False  # it is an introduction
    return bool(
        not title.is_sentence
        or title.level
        or at == 0
        or (first and first.is_sentence)
        or is_above_picture(blocks, at)
        or (at + 1 == index and not blocks[index].blanks)
        or (is_set_apart(blocks, at) and not blocks[index].is_certain)
    )


def is_above_picture(blocks: Sequence[Block], at: int) -> bool:
    """Whether a picture, or the name of an author, follows a title."""
    return blocks[at + 1].kind == "picture" or blocks[at + 1].is_byline


def _dated_above(blocks: Sequence[Block], at: int) -> bool:
    """Whether a block is the first text under the heading of a day."""
    above = blocks[at - 1]
    return above.kind == "heading" and above.is_certain and not above.has_rest


def is_set_apart(blocks: Sequence[Block], at: int) -> bool:
    """Whether a rule or an additional blank line stands before a block."""
    return at > 0 and (blocks[at - 1].kind == "rule" or blocks[at].blanks > 1)


def _is_within_day(blocks: Sequence[Block], anchors: Sequence[int], index: int) -> bool:
    """Whether a dated sentence under a sub-heading belongs to the day or run around it."""
    at = bisect_left(anchors, index)
    title = title_above(blocks, index)
    before = blocks[anchors[at - 1]] if at else None
    after = blocks[anchors[at + 1]] if at + 1 < len(anchors) else None
    if before is None or not before.is_certain or title is None:
        return False
    if signs_of_an_end(blocks, anchors[at - 1], title) or has_many_words(blocks[title]):
        return False
    since = step_between(before, blocks[index])
    if since == 0:
        return True
    if after is None or not after.is_certain:
        return False
    return 0 < since <= step_between(before, after) <= LONGEST_STEP


def _is_introduction(blocks: Sequence[Block], anchors: Sequence[int], index: int) -> bool:
    """Whether a dated sentence under a title introduces the run of days that follows it."""
    at = bisect_left(anchors, index)
    following = anchors[at + 1 : at + 1 + LONGEST_STEP]
    if not following or any(blocks[i].title for i in range(index + 1, following[0])):
        return False
    run = [i for i in following if blocks[i].is_certain]
    return any(step_between(blocks[index], blocks[i]) == 0 for i in run)


def signs_of_an_end(blocks: Sequence[Block], anchor: int, at: int) -> int:
    """Return how many signs there are around a title that the text of the day before has ended."""
    above = blocks[max(anchor + 1, at - NEAR) : at]
    signs = 4 * any(block.is_close for block in above)
    signs += 2 * any(block.is_ending for block in above)
    signs += 2 * is_above_picture(blocks, at)
    return signs + 2 * is_set_apart(blocks, at)


def has_many_words(block: Block) -> bool:
    """Whether a title has more words than most sub-headings."""
    return block.title is not None and len(block.title.text.split()) > 3


def _is_run(blocks: Sequence[Block], anchors: Sequence[int]) -> bool:
    """Whether the days of a text without certain headings follow each other."""
    steps = [step_between(blocks[a], blocks[b]) for a, b in pairwise(sorted(anchors))]
    has_title = any(title_above(blocks, i) is not None for i in anchors)
    if not has_title:
        return True
    if all(-LONGEST_STEP <= step < 0 for step in steps):
        return len(steps) > 1  # else it is an article that mentions an earlier day
    return all(0 < step <= LONGEST_STEP for step in steps)


def step_between(before: Block, after: Block) -> int:
    """Return the days from one date to another, as far as their readings allow."""
    first, second = _ordinal(before.heading), _ordinal(after.heading)
    if first is None or second is None:
        return 1
    if first[0] is not None and second[0] is not None and abs(first[0] - second[0]) > 1:
        return (second[0] - first[0]) * 372
    return (second[1] - first[1] + 186) % 372 - 186


def _ordinal(heading: Heading | None) -> tuple[int | None, int] | None:
    if heading is None or not heading.readings:
        return None
    year, month, day = heading.readings[0]
    return year, month * 31 + day
