"""Renders a digest as plain text of 78 columns, for the terminal and for e-mail."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from html import escape

from lxml import etree

from ..model import addresses
from ..model.chapter import Chapter
from ..model.entry import Media, Revision, Source
from ..model.moment import moment_in
from ..text.bidi import close_controls
from ..text.fragments import with_root
from ..text.locale import Words
from ..text.markup import to_html, typeset
from ..text.meaning import mark_struck, raise_and_lower
from ..text.plain import collapse_space
from ..timeline import Day, Entry
from . import Digest, abridged_note, authors, day_heading, headline, label
from .lines import (
    change_line,
    chapter_correction_line,
    corrected_name,
    day_line,
    days_with_figures,
    figure_line,
    film_label,
    line_marks,
    line_of,
    main_series,
    marks_of,
    notes_of,
    omitted_line,
    sources_line,
    unit_line,
    when_of,
)

WIDTH = 78  #: columns
_MIN_WIDTH = 20  # columns of a text, however deeply it is indented
_NAME_WIDTH = 30  # columns of the names of figures
_PARSER = etree.HTMLParser()  # creating one takes as long as parsing an update

Style = Callable[[str, str], str]
"""Colours a text for a terminal, by its kind: ``title``, ``day``, ``time``, ``mark``, ``faint``."""

Body = Callable[[Revision], str]
"""Returns the HTML of an entry's body."""


def render(
    digest: Digest,
    words: Words,
    *,
    blog: str,
    base: str,
    style: Style | None = None,
    corrections: Sequence[Chapter] = (),
    body: Body | None = None,
) -> str:
    """Return a digest as text; *blog* is the blog's title, *base* the site's address.

    *corrections* are the revisions of a chapter with a note on what they corrected. *body* returns
    the HTML of an entry's body, where that is rendered already.
    """
    body = body or (lambda now: to_html(now.body))
    style = style or _unstyled
    blocks: list[str] = [
        style(_wrapped(words.shown(blog)), "faint")
        + "\n"
        + style(label(digest.period, words), "day")
    ]
    chapter = digest.chapter
    if chapter and chapter.state != "live":
        notice = f"{words.say('This chapter was retracted.')} {chapter.note}".rstrip()
        blocks.append(_wrapped(words.typography(notice)))
        return close_controls("\n\n".join(blocks) + "\n")
    if main := headline(digest, words):
        blocks.append(style(_wrapped(words.typography(main)), "title"))
    if signed := authors(digest):
        line = words.say("By %(authors)s", authors=words.comma.join(signed))
        blocks.append(style(_wrapped(line), "faint"))
    if digest.lead:
        blocks.append(_picture(digest.lead, words, base))
    blocks += _prose(digest.introduction, words, base)
    blocks += _overview(digest, words, base, style, body)
    if digest.is_abridged and digest.entries:
        blocks.append(style(_wrapped(abridged_note(digest, words)), "faint"))
    for day in digest.days:
        blocks += _day(day, digest, words, base, style, body)
    if not digest.updates:
        blocks.append(words.say("No updates."))
    if digest.series:
        blocks.append("\n" + style(words.say("Figures"), "day") + "\n" + _table(digest, words))
    blocks += _prose(digest.close, words, base)
    blocks += [_wrapped(chapter_correction_line(r, digest, words)) for r in corrections]
    return close_controls("\n\n".join(blocks) + "\n")


def _unstyled(text: str, kind: str) -> str:
    return text


def _overview(digest: Digest, words: Words, base: str, style: Style, body: Body) -> Iterator[str]:
    """Yield the blocks of an overview: days and key events, figures, corrections."""
    overview = digest.overview
    if overview is None:
        return
    has_days = len(overview.days) > 1
    if overview.days and (has_days or overview.keys):
        heading = words.say("Day by day") if has_days else words.say("Key events")
        yield "\n" + style(heading, "day")
    for day in overview.days:
        lines = []
        if has_days:
            name = words.day(day.date, year=digest.spans_years)
            headline = day_line(day, words)
            lines.append(style(_wrapped(f"{name} – {headline}" if headline else name), "day"))
            lines.append(style(addresses.url(base, addresses.day_path(day.date)), "faint"))
        lines += [_line(entry, words, body, style) for entry in day.keys]
        if lines:
            yield "\n".join(lines)
    if series := main_series(digest):
        changes = (_wrapped(change_line(each, digest, words), "  ") for each in series)
        lines = [f"• {line.removeprefix('  ')}" for line in changes]
        yield "\n".join(["\n" + style(words.say("Figures"), "day"), *lines])
    if overview.corrected:
        yield "\n" + style(words.say("Corrections and retractions"), "day")
    for entry in overview.corrected:
        when = when_of(entry, words, day=has_days)
        texts = (when, corrected_name(entry, words))
        head = _wrapped("  ".join(filter(None, texts)))
        yield "\n".join([head, *(_wrapped(note, "  ") for note in notes_of(entry, words))])


def _line(entry: Entry, words: Words, body: Body, style: Style) -> str:
    """Return an entry in a line."""
    when = when_of(entry, words)
    marks = " · ".join(words.say(mark) for mark in line_marks(entry))
    texts = (when, line_of(entry, words, body), f"[{marks}]" if marks else "")
    text = _wrapped("  ".join(filter(None, texts)))
    return style(when, "time") + text.removeprefix(when) if when else text


def _day(
    day: Day, digest: Digest, words: Words, base: str, style: Style, body: Body
) -> Iterator[str]:
    """Yield the blocks of a day: its heading, its texts and its entries."""
    is_one_day = digest.period.kind == "day"
    if not is_one_day:
        heading = _wrapped(words.typography(day_heading(day, words, year=digest.spans_years)))
        rule = "─" * max(len(line) for line in heading.split("\n"))
        yield "\n" + style(f"{heading}\n{rule}", "day")
        if day.framing:
            yield from _prose(day.framing.introduction, words, base)
    for is_brief, entries in digest.groups(day):
        if is_brief:
            yield "\n".join(_line(entry, words, body, style) for entry in entries)
        else:
            yield from (_entry(entry, digest, words, base, style, body) for entry in entries)
    if omitted := digest.omitted(day):
        line = _wrapped(omitted_line(omitted, words))
        yield f"{line}\n{addresses.url(base, addresses.day_path(day.date))}"
    if not is_one_day and day.framing:
        yield from _prose(day.framing.close, words, base)


def _entry(entry: Entry, digest: Digest, words: Words, base: str, style: Style, body: Body) -> str:
    now = entry.now
    time = words.shown_time(moment_in(now))
    heads = [style(time, "time")] if time else []
    if now.title and now.state == "live":
        title = _wrapped("  ".join(filter(None, (time, words.typography(now.title)))))
        heads = ["".join([*heads, style(title.removeprefix(time), "title")])]
    marks = [words.say(mark) for mark in marks_of(entry)]
    if marks:
        heads.append(style("[" + " · ".join(marks) + "]", "mark"))
    paragraphs = ["\n".join(heads)] if heads else []
    if now.state == "retracted":
        paragraphs += [_wrapped(note) for note in notes_of(entry, words)]
        return "\n".join(paragraphs)
    paragraphs += _paragraphs_of(body(now), words, base)
    paragraphs += [_picture(media, words, base) for media in digest.shown_pictures(now)]
    if now.figures:
        figures = (f"• {figure_line(figure, words)}" for figure in now.figures)
        paragraphs.append("\n".join(_wrapped(line) for line in figures))
    if now.sources:
        line = sources_line([_source(source) for source in now.sources], words)
        paragraphs.append(style(_wrapped(line), "faint"))
    paragraphs += [_wrapped(note) for note in notes_of(entry, words)]
    text = "\n\n".join(paragraphs)
    return text.replace("\n\n", "\n", 1) if heads else text


def _picture(media: Media, words: Words, base: str) -> str:
    # The alternative text stands for the picture; the caption is for all readers.
    shown = f"[{film_label(media, words)}]" if media.kind != "picture" else ""
    lines = [shown or words.say("[Picture: %(alt)s]", alt=media.alt), media.caption]
    shown = "\n".join(_wrapped(words.typography(line)) for line in lines if line)
    return shown + "\n" + addresses.url(base, addresses.media_path(media.path))


def _source(source: Source) -> str:
    name, url = close_controls(source.name), addresses.web_address(source.url)
    return f"{name} <{url}>" if url else name


def _table(digest: Digest, words: Words) -> str:
    """Return a table of figures: a row for each figure, a column for each day, in blocks."""
    days = days_with_figures(digest)
    values = {
        (series, day): words.number(value)
        for series in digest.series
        for day in days
        if (value := series.value(day)) is not None
    }
    heads = {day: words.day_number(day, year=digest.spans_years) for day in days}
    column = 2 + max(len(text) for text in (*values.values(), *heads.values()))
    per_block = max(1, (WIDTH - _NAME_WIDTH) // column)
    blocks = []
    for start in range(0, len(days), per_block):
        shown = days[start : start + per_block]
        lines = [" " * _NAME_WIDTH + "".join(heads[day].rjust(column) for day in shown)]
        lines.append("─" * (_NAME_WIDTH + column * len(shown)))
        for series in digest.series:
            cells = [values.get((series, day)) for day in shown]
            if any(cells):
                *first, last = textwrap.wrap(unit_line(series, words), _NAME_WIDTH)
                row = last.ljust(_NAME_WIDTH) + "".join((c or "–").rjust(column) for c in cells)
                lines += [*first, row]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _prose(markdown: str, words: Words, base: str) -> list[str]:
    """Return Markdown as paragraphs of text."""
    return _paragraphs_of(to_html(markdown), words, base)


def _paragraphs_of(html: str, words: Words, base: str) -> list[str]:
    """Return safe HTML as paragraphs of text."""
    if not html:
        return []
    html = with_root(typeset(raise_and_lower(html), words.in_html), base)
    before, after = words.say("[struck out: %(text)s]", text="\0").split("\0")
    html = mark_struck(html, escape(before), escape(after))
    # Plain elements: those of lxml.html take half as much time again.
    (body,) = etree.fromstring(f"<body>{html}</body>", _PARSER)
    return list(_blocks(body))


def _blocks(parent: etree._Element, indent: str = "") -> Iterator[str]:
    """Yield the blocks of an element as text; text between blocks is a block too."""
    loose = collapse_space(parent.text or "")
    for child in parent:
        if child.tag in _BLOCKS:
            yield from _paragraph(loose, indent)
            yield from _block(child, indent)
            loose = ""
        else:
            loose += _inline_one(child)
        loose += collapse_space(child.tail or "")
    yield from _paragraph(loose, indent)


_BLOCKS = frozenset(
    ("blockquote", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "h3", "h4", "h5",
     "h6", "hr", "ol", "p", "pre", "section", "table", "ul")
)  # fmt: skip


def _block(child: etree._Element, indent: str) -> Iterator[str]:
    tag = child.tag
    if tag in ("ul", "ol"):
        items = []
        for number, item in enumerate(child.iterchildren("li"), int(child.get("start") or 1)):
            bullet = f"{number}. " if tag == "ol" else "- "
            text = "\n".join(_blocks(item, indent + " " * len(bullet)))
            items.append(indent + bullet + text.removeprefix(indent + " " * len(bullet)))
        yield "\n".join(items)
    elif tag == "blockquote":
        yield "\n\n".join(_blocks(child, indent + "> "))
    elif tag == "pre":
        yield textwrap.indent("".join(map(str, child.itertext())).rstrip(), indent + "    ")
    elif tag == "table":
        rows = (" | ".join(_inline(cell).strip() for cell in row) for row in child.iter("tr"))
        yield "\n".join(_wrapped(row.replace("\n", " "), indent) for row in rows)
    elif tag == "hr":
        yield indent + "* * *"
    else:
        yield from _blocks(child, indent)


def _paragraph(text: str, indent: str) -> Iterator[str]:
    if text.strip():
        yield "\n".join(_wrapped(line, indent) for line in text.strip().split("\n"))


def _inline(element: etree._Element) -> str:
    return collapse_space(element.text or "") + "".join(
        _inline_one(child) + collapse_space(child.tail or "") for child in element
    )


def _inline_one(child: etree._Element) -> str:
    text = _inline(child)
    if child.tag == "br":
        return "\n"
    if child.tag == "q":
        return f"“{text}”"
    if child.tag == "img":
        return f"[{child.get('alt') or ''}]"
    if child.tag == "a":
        href = child.get("href") or ""
        if href.startswith("#"):
            return "" if child.get("class") == "footnote-backref" else f"[{text}]"
        return f"{text} <{href}>" if href and href not in (text, f"mailto:{text}") else text
    return text


def _wrapped(text: str, indent: str = "") -> str:
    """Break a text at its breaking spaces into lines of :data:`WIDTH` columns at most."""
    text = _OTHER_SPACES.sub(" ", text).strip(" ")
    room = max(WIDTH - len(indent), _MIN_WIDTH)
    if len(text) > room:
        # As much as fits, up to a space or the end; or one word, however long.
        text = f"\n{indent}".join(line.rstrip(" ") for line in _lines(room).findall(text))
    return indent + text


_OTHER_SPACES = re.compile(r"[\t\n\v\f\r]")


@lru_cache(maxsize=64)
def _lines(room: int) -> re.Pattern[str]:
    return re.compile(rf"(?! )(.{{1,{room}}}|[^ ]+)(?: +|$)")
