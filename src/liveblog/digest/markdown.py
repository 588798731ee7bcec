"""Renders a digest as Markdown, for another publishing system or a repository."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from ..model import addresses
from ..model.chapter import Chapter
from ..model.entry import Media, Source, id_letters
from ..model.moment import moment_in
from ..text.bidi import close_controls
from ..text.locale import Words
from ..timeline import Entry
from . import Digest, abridged_note, authors, chapter_title, day_heading, heading, label
from .joining import adapted
from .text import (
    chapter_correction_line,
    correction_line,
    days_with_figures,
    figure_line,
    film_label,
    marks_of,
    sources_line,
    unit_line,
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
    title = heading(label(digest.period, words), digest.headline, words)
    blocks = [
        *(
            _head(digest, chapter, words, base)
            if chapter
            else [f"# {_escape(words.typography(title))}"]
        ),
        f"*{abridged_note(digest, words)}*" if digest.is_abridged else "",
        adapted(digest.introduction, digest.period.id, base),
    ]
    is_one_day = digest.period.kind == "day"
    for day in digest.days:
        framing = day.framing
        if not is_one_day:
            name = day_heading(day, words, year=digest.spans_years)
            blocks.append(f"## {_escape(words.typography(name))}")
            blocks.append(adapted(framing.introduction, framing.period, base) if framing else "")
        blocks += [_entry(entry, words, base) for entry in day.entries]
        if not is_one_day and framing:
            blocks.append(adapted(framing.close, framing.period, base))
    if not digest.entries:
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
        *(_picture(chapter.picture, base) if chapter.picture else []),
    ]


def _picture(media: Media, base: str) -> list[str]:
    address = addresses.url(base, addresses.media_path(media.path))
    caption = [f"*{_escape(media.caption)}*"] if media.caption else []
    return [f"![{_escape(media.alt)}]({address})", *caption]


def _film(media: Media, words: Words, base: str) -> list[str]:
    address = addresses.url(base, addresses.media_path(media.path))
    caption = [f"*{_escape(media.caption)}*"] if media.caption else []
    return [f"[{_escape(film_label(media, words))}]({address})", *caption]


def _entry(entry: Entry, words: Words, base: str) -> str:
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
        note = _escape(words.typography(now.note))
        blocks.append(f"{words.say('This update was retracted.')} {note}".rstrip())
        return "\n\n".join(blocks)
    blocks.append(adapted(now.body, id_letters(now.id), base))
    for media in now.media:
        blocks += _picture(media, base) if media.kind == "picture" else _film(media, words, base)
    bullet = "*" if _DASHED_ITEM.search(now.body) else "-"  # another list than the author's
    blocks.append("\n".join(f"{bullet} {_escape(figure_line(f, words))}" for f in now.figures))
    if now.sources:
        blocks.append(sources_line([_source(source) for source in now.sources], words))
    blocks += [f"*{_escape(correction_line(r, now, words))}*" for r in entry.corrections]
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
        name = _cell(words.typography(unit_line(series)))
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
