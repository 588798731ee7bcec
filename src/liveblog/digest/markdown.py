"""Renders a digest as Markdown, for another publishing system or a repository."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from ..model import addresses
from ..model.chapter import Chapter
from ..model.entry import Media, Source, id_letters
from ..model.moment import moment_in
from ..model.quotes import LINK
from ..text.bidi import close_controls
from ..text.locale import Words
from ..timeline import Entry
from . import Digest, abridged_note, authors, chapter_title, day_heading, heading, label
from .text import (
    chapter_correction_line,
    correction_line,
    days_with_figures,
    figure_line,
    marks_of,
    sources_line,
    unit_line,
)


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
        _prose(digest.introduction, digest.period.id, base),
    ]
    is_one_day = digest.period.kind == "day"
    for day in digest.days:
        framing = day.framing
        if not is_one_day:
            name = day_heading(day, words, year=digest.spans_years)
            blocks.append(f"## {_escape(words.typography(name))}")
            blocks.append(_prose(framing.introduction, framing.period, base) if framing else "")
        blocks += [_entry(entry, words, base) for entry in day.entries]
        if not is_one_day and framing:
            blocks.append(_prose(framing.close, framing.period, base))
    if not digest.entries:
        blocks.append(words.say("No updates."))
    if digest.series:
        blocks += [f"## {words.say('Figures')}", _table(digest, words)]
    if chapter and digest.days and digest.close:
        blocks.append("* * *")  # a chapter's close is no text of its last day
    blocks.append(_prose(digest.close, digest.period.id, base))
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


def _entry(entry: Entry, words: Words, base: str) -> str:
    now = entry.now
    address = addresses.url(base, addresses.entry_path(now.id))
    title = _escape(words.typography(now.title if now.state == "live" else ""))
    if time := _escape(words.shown_time(moment_in(now))):
        blocks = [f"### [{time}]({address}) {title}".rstrip()]
    else:
        blocks = [f"### [{title}]({address})"] if title else []
    marks = " · ".join(words.say(mark) for mark in marks_of(entry))
    if marks:
        blocks.append(f"*{marks}*")
    if now.state == "retracted":
        note = _escape(words.typography(now.note))
        blocks.append(f"{words.say('This update was retracted.')} {note}".rstrip())
        return "\n\n".join(blocks)
    blocks.append(_adapted(now.body, id_letters(now.id)))
    for media in now.media:
        blocks += _picture(media, base)
    blocks.append("\n".join(f"- {_escape(figure_line(f, words))}" for f in now.figures))
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


def _prose(text: str, name: str, base: str) -> str:
    """Return an introduction or close, its links to entries as addresses."""
    text = LINK.sub(lambda m: addresses.url(base, addresses.entry_path(m[1])), text)
    return _adapted(text, name)


def _adapted(body: str, name: str) -> str:
    """Return an author's text adapted to the document.

    Its headings become headings below the entry's own, its footnotes get names of their own (from
    *name*), and a code block without an end is closed.
    """
    starts = (line.lstrip(" ").startswith(_SPECIAL) for line in body.split("\n"))
    if "[^" not in body and not any(starts):
        return body
    lines: list[str] = []
    fence = ""
    for line in body.split("\n"):
        mark = re.match(r" {0,3}(`{3,}|~{3,})(.*)", line)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
        elif mark:
            fence = mark[1]
        elif heading := re.match(r" {0,3}(#{1,6})(?=[ \t]|$)(.*)", line):
            line = _heading(len(heading[1]), heading[2])
        elif re.fullmatch(r" {0,3}(=+|-+)[ \t]*", line) and lines and _is_plain(lines[-1]):
            text = lines.pop()
            while lines and _is_plain(lines[-1]):
                text = f"{lines.pop()} {text}"
            line = _heading(1 if "=" in line else 2, " " + text.strip())
        else:
            line = _NOTE.sub(lambda note: f"[^{name}-{note[1]}]", line) if "[^" in line else line
        lines.append(line)
    return "\n".join([*lines, fence] if fence else lines)


_SPECIAL = ("#", "=", "-", "```", "~~~")
"""The beginnings of lines that may have to be adapted."""

_NOTE = re.compile(r"\[\^([^\]\s]+)\]")


def _heading(level: int, text: str) -> str:
    return "#" * min(6, level + 3) + text


def _is_plain(line: str) -> bool:
    """Whether a line can belong to a paragraph, which a line of dashes below makes a heading."""
    return bool(line.strip()) and not re.match(r" {0,3}([#>|*+-]|\d+[.)]|```|~~~)|    |\t", line)


def _source(source: Source) -> str:
    url = quote(addresses.web_address(source.url), safe="!#$%&'()*+,/:;=?@[]~")
    return f"[{_escape(source.name)}](<{url}>)" if url else _escape(source.name)


def _escape(text: str) -> str:
    """Escape the characters of a plain line that are markup in Markdown."""
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", close_controls(text))


def _cell(text: str) -> str:
    return _escape(text).replace("|", r"\|")
