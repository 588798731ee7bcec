"""Renders a digest as Markdown, for another publishing system or a repository."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from ..model import addresses
from ..model.chapter import Chapter
from ..model.entry import Media, Source, id_letters
from ..model.moment import moment_in
from ..text.bidi import close_controls
from ..text.locale import Words
from ..timeline import Day, Entry
from . import Digest, abridged_note, authors, chapter_title, day_heading, heading, headline, label
from .joining import adapted
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

_LIST_OR_CODE = re.compile(r" {0,3}(?:[-*+]|\d+[.)])(?:\s|$)|    |\t")
_DASHED_ITEM = re.compile(r"^ {0,3}-\s", re.MULTILINE)


def render(digest: Digest, words: Words, *, base: str, corrections: Sequence[Chapter] = ()) -> str:
    """Return a digest as Markdown; *base* is the site's address.

    *corrections* are the revisions of a chapter with a note on what they corrected.
    """
    chapter = digest.chapter
    if chapter and chapter.state != "live":
        note = _escape(words.typography(chapter.note))
        return close_controls(f"{words.say('This chapter was retracted.')} {note}".rstrip() + "\n")
    title = heading(label(digest.period, words), headline(digest, words), words)
    blocks = [
        *(
            _head(digest, chapter, words, base)
            if chapter
            else [f"# {_escape(words.typography(title))}"]
        ),
        *(_picture(digest.lead, words, base) if digest.lead and not chapter else []),
        adapted(digest.introduction, digest.period.id, base),
        *_overview(digest, words, base),
        f"*{abridged_note(digest, words)}*" if digest.is_abridged else "",
    ]
    for day in digest.days:
        blocks += _day(day, digest, words, base)
    if not digest.updates:
        blocks.append(words.say("No updates."))
    if digest.series:
        blocks += [f"## {words.say('Figures')}", _table(digest, words)]
    if chapter and digest.days and digest.close:
        blocks.append("* * *")  # a chapter's close is no text of its last day
    blocks.append(adapted(digest.close, digest.period.id, base))
    blocks += [f"*{_escape(chapter_correction_line(r, digest, words))}*" for r in corrections]
    return close_controls("\n\n".join(block for block in blocks if block) + "\n")


def _head(digest: Digest, chapter: Chapter, words: Words, base: str) -> list[str]:
    """Return the head of a chapter: its title, who signs it, its period and its picture."""
    signed = words.say("By %(authors)s", authors=words.comma.join(authors(digest)))
    line = " · ".join([label(digest.period, words), *([signed] if authors(digest) else [])])
    return [
        f"# {_escape(words.typography(chapter_title(chapter, words)))}",
        f"*{_escape(line)}*",
        *(_picture(chapter.picture, words, base) if chapter.picture else []),
    ]


def _picture(media: Media, words: Words, base: str) -> list[str]:
    address = addresses.url(base, addresses.media_path(media.path))
    caption = [f"*{_escape(words.typography(media.caption))}*"] if media.caption else []
    return [f"![{_escape(words.typography(media.alt))}]({address})", *caption]


def _film(media: Media, words: Words, base: str) -> list[str]:
    address = addresses.url(base, addresses.media_path(media.path))
    caption = [f"*{_escape(words.typography(media.caption))}*"] if media.caption else []
    return [f"[{_escape(film_label(media, words))}]({address})", *caption]


def _overview(digest: Digest, words: Words, base: str) -> Iterator[str]:
    """Yield the blocks of an overview: days and key events, figures, corrections."""
    overview = digest.overview
    if overview is None:
        return
    has_days = len(overview.days) > 1
    lines = []
    for day in overview.days:
        if has_days:
            name = words.day(day.date, year=digest.spans_years)
            address = addresses.url(base, addresses.day_path(day.date))
            headline = _escape(day_line(day, words))
            lines.append(f"- [{_escape(name)}]({address})" + (f" – {headline}" if headline else ""))
        indent = "  " if has_days else ""
        lines += [f"{indent}- {_line(entry, words, base)}" for entry in day.keys]
    if lines:
        heading = words.say("Day by day") if has_days else words.say("Key events")
        yield f"## {heading}"
        yield "\n".join(lines)
    if series := main_series(digest):
        yield f"## {words.say('Figures')}"
        yield "\n".join(f"- {_escape(change_line(each, digest, words))}" for each in series)
    if overview.corrected:
        yield f"## {words.say('Corrections and retractions')}"
        yield "\n".join(
            f"- {_corrected(entry, words, base, has_day=has_days)}" for entry in overview.corrected
        )


def _line(entry: Entry, words: Words, base: str) -> str:
    """Return an entry in a line."""
    marks = " · ".join(words.say(mark) for mark in line_marks(entry))
    line = _linked(entry, when_of(entry, words), line_of(entry, words), base)
    return f"{line} *({marks})*" if marks else line


def _corrected(entry: Entry, words: Words, base: str, *, has_day: bool) -> str:
    """Return an entry with the notes on its corrections or its retraction."""
    name = corrected_name(entry, words)
    line = _linked(entry, when_of(entry, words, day=has_day or not name), name, base)
    return "  \n  ".join([line, *map(_escape, notes_of(entry, words))])


def _linked(entry: Entry, when: str, name: str, base: str) -> str:
    """Return the time and the name of an entry, of which one is a link."""
    address = addresses.url(base, addresses.entry_path(entry.id))
    if not when:
        return f"[{_escape(name)}]({address})"
    return f"[{_escape(when)}]({address}) {_escape(name)}".rstrip()


def _day(day: Day, digest: Digest, words: Words, base: str) -> Iterator[str]:
    """Yield the blocks of a day: its heading, its texts and its entries."""
    is_one_day = digest.period.kind == "day"
    framing = day.framing
    if not is_one_day:
        name = day_heading(day, words, year=digest.spans_years)
        yield f"## {_escape(words.typography(name))}"
        yield adapted(framing.introduction, framing.period, base) if framing else ""
    for is_brief, entries in digest.groups(day):
        if is_brief:
            yield "\n".join(f"- {_line(entry, words, base)}" for entry in entries)
        else:
            yield from (_entry(entry, digest, words, base) for entry in entries)
    if omitted := digest.omitted(day):
        address = addresses.url(base, addresses.day_path(day.date))
        yield f"[{_escape(omitted_line(omitted, words))}]({address})"
    if not is_one_day and framing:
        yield adapted(framing.close, framing.period, base)


def _entry(entry: Entry, digest: Digest, words: Words, base: str) -> str:
    now = entry.now
    address = addresses.url(base, addresses.entry_path(now.id))
    title = _escape(words.typography(now.title if now.state == "live" else ""))
    if time := _escape(words.shown_time(moment_in(now))):
        blocks = [f"### [{time}]({address}) {title}".rstrip()]
    else:
        blocks = [f"### [{title}]({address})"] if title else []
        if not title and _LIST_OR_CODE.match(now.body):
            blocks.append("<!-- -->")  # keeps it apart from a list of the entry before
    marks = " · ".join(words.say(mark) for mark in marks_of(entry))
    if marks:
        blocks.append(f"*{marks}*")
    if now.state == "retracted":
        blocks += [_escape(note) for note in notes_of(entry, words)]
        return "\n\n".join(blocks)
    blocks.append(adapted(now.body, id_letters(now.id), base))
    for media in digest.shown_pictures(now):
        show = _picture if media.kind == "picture" else _film
        blocks += show(media, words, base)
    bullet = "*" if _DASHED_ITEM.search(now.body) else "-"  # another list than the author's
    blocks.append("\n".join(f"{bullet} {_escape(figure_line(f, words))}" for f in now.figures))
    if now.sources:
        blocks.append(sources_line([_source(source) for source in now.sources], words))
    blocks += [f"*{_escape(note)}*" for note in notes_of(entry, words)]
    return "\n\n".join(block for block in blocks if block)


def _table(digest: Digest, words: Words) -> str:
    """Return a table of figures (GitHub Flavored Markdown §4.10): a column for each day."""
    days = days_with_figures(digest)
    lines = [
        "| | " + " | ".join(words.short_day(day, year=digest.spans_years) for day in days) + " |",
        "|:--|" + "--:|" * len(days),
    ]
    for series in digest.series:
        values = [series.value(day) for day in days]
        cells = [words.number(value) if value is not None else "–" for value in values]
        name = _cell(unit_line(series, words))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _source(source: Source) -> str:
    url = quote(addresses.web_address(source.url), safe="!#$%&'()*+,/:;=?@[]~")
    return f"[{_escape(source.name)}](<{url}>)" if url else _escape(source.name)


def _escape(text: str) -> str:
    """Escape the characters of a plain line that are markup in Markdown."""
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", close_controls(text))


def _cell(text: str) -> str:
    return _escape(text).replace("|", r"\|")
