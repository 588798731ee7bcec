"""The lines of a digest that every form of it shares: marks, corrections, figures, names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from ..model.chapter import Chapter
from ..model.entry import Figure, Media, Revision
from ..model.moment import Moment, change_in, moment_in
from ..text.fragments import html_to_text
from ..text.locale import Words
from ..text.markup import to_html, typeset
from ..text.plain import shorten
from ..text.typography import NBSP
from ..timeline import Entry
from . import DayOverview, Digest, Series

LINE_LENGTH = 150
"""Most characters of an entry without a title that is shown in a line."""

NAME_LENGTH = 70
"""Most characters of an entry without a title that is named beside its corrections."""

FIGURES_IN_OVERVIEW = 6
"""The most figures whose change an overview tells."""


def first_words(
    now: Revision, words: Words, limit: int, body: Callable[[Revision], str] | None = None
) -> str:
    """Return the first words of an entry's body, or of its picture's alternative text.

    *body* returns the HTML of a body, where that is rendered already.
    """
    html = body(now) if body else to_html(now.body)
    first = html_to_text(typeset(html, words.in_html))
    return shorten(first or (now.media[0].alt if now.media else "…"), limit)


def line_of(entry: Entry, words: Words, body: Callable[[Revision], str] | None = None) -> str:
    """Return what an entry is called where it is shown in a line: its title or its first words."""
    now = entry.now
    if now.state == "retracted":
        return words.say("Update retracted")
    if now.title:
        return words.shown(now.title)
    return first_words(now, words, LINE_LENGTH, body)


def when_of(entry: Entry, words: Words, *, day: bool = False) -> str:
    """Return the time of an entry, after its day if *day*; of a whole day, the day or nothing."""
    time = words.shown_time(moment_in(entry.now))
    return " ".join(filter(None, (words.short_day(entry.day) if day else "", time)))


def line_marks(entry: Entry) -> Iterator[str]:
    """Yield the (English) words that mark an entry that is shown in a line."""
    return (mark for mark in marks_of(entry) if mark in ("Unconfirmed", "Corrected"))


def corrected_name(entry: Entry, words: Words) -> str:
    """Return what an entry is called in the list of corrections; nothing if it was retracted."""
    now = entry.now
    if now.state != "live":
        return ""
    return line_of(entry, words) if now.title else first_words(now, words, NAME_LENGTH)


def notes_of(entry: Entry, words: Words) -> list[str]:
    """Return the lines that say how an entry was corrected, or that and why it was retracted."""
    now = entry.now
    if now.state == "retracted":
        note = f"{words.say('This update was retracted.')} {now.note}".rstrip()
        return [words.shown(note)]
    return [correction_line(r, now, words) for r in entry.corrections]


def day_line(day: DayOverview, words: Words) -> str:
    """Return the headline of a day in an overview, or else the name of its main entry.

    Where its key events say the same, it is empty.
    """
    if day.keys and not day.is_written:
        return ""
    if day.headlines or not day.main:
        return words.typography(words.semicolon.join(day.headlines))
    return line_of(day.main, words)


def omitted_line(count: int, words: Words) -> str:
    """Return the line that says how many entries of a day are not shown."""
    return words.count("%(n)s more update on this day", "%(n)s more updates on this day", count)


def main_series(digest: Digest) -> list[Series]:
    """Return the figures whose change an overview tells: those with values of several days."""
    found = [series for series in digest.series if len(series.points) > 1]
    return found[:FIGURES_IN_OVERVIEW]


def change_line(series: Series, digest: Digest, words: Words) -> str:
    """Return a figure with its change: ``Morts (OSDH) : 105 le 15 juil., 140 le 21 juil. (+35)``.

    The highest value is told if it is neither the first nor the last.
    """
    (first_day, first), (last_day, last) = series.points[0], series.points[-1]

    def day(date: date) -> str:
        return words.short_day(date, year=digest.spans_years)

    amount = words.say(
        "%(first)s on %(start)s, %(last)s on %(end)s (%(change)s)",
        first=words.number(first),
        start=day(first_day),
        last=words.number(last),
        end=day(last_day),
        change=words.change(round(last - first, 6)),
    )
    highest_day, highest = max(series.points, key=lambda point: point[1])
    if highest > max(first, last):
        amount = words.say(
            "%(amount)s, at most %(value)s on %(day)s",
            amount=amount,
            value=words.number(highest),
            day=day(highest_day),
        )
    return words.say("%(name)s: %(amount)s", name=unit_line(series, words), amount=amount)


def marks_of(entry: Entry) -> Iterator[str]:
    """Yield the (English) words that mark an entry: key event, unconfirmed, corrected and so on."""
    now = entry.now
    if now.state == "retracted":
        yield "Retracted"
        return
    if now.key:
        yield "Key event"
    if now.verification == "unconfirmed":
        yield "Unconfirmed"
    if now.verification == "confirmed":
        yield "Confirmed"
    if entry.corrections:
        yield "Corrected"


def correction_line(revision: Revision, newest: Revision, words: Words) -> str:
    """Return the line that says when and why an entry was corrected.

    *newest* is the entry as it stands: of a whole day, only the day of the correction is said.
    """
    return _corrected(change_in(revision, newest), revision.note, words)


def chapter_correction_line(revision: Chapter, digest: Digest, words: Words) -> str:
    """Return the line that says when and why a chapter was corrected.

    Of a chapter of whole days only, only the day of the correction is said.
    """
    when = Moment(revision.recorded or revision.updated, digest.precision)
    return _corrected(when, revision.note, words)


def _corrected(moment: Moment, note: str, words: Words) -> str:
    when = words.shown_moment(moment)
    return words.say("Corrected on %(when)s: %(note)s", when=when, note=note)


def sources_line(names: Sequence[str], words: Words) -> str:
    """Return the line of an entry's sources: ``Sources : AFP, Reuters``."""
    joined = words.separator(names).join(names)
    return words.count("Source: %(names)s", "Sources: %(names)s", len(names), names=joined)


def film_label(media: Media, words: Words) -> str:
    """Return the text of a link to a film or recording."""
    if media.kind == "film":
        return words.say("Video: %(alt)s", alt=media.alt)
    return words.say("Audio: %(alt)s", alt=media.alt)


def figure_line(figure: Figure, words: Words) -> str:
    """Return a figure as a line: ``Morts : 105 personnes (OSDH)``."""
    value = words.number(figure.value)
    # A number stays with its unit.
    amount = f"{value}{NBSP}{figure.unit}" if figure.unit else value
    line = words.say("%(name)s: %(amount)s", name=figure.name, amount=amount)
    is_named = not figure.source or figure.source in figure.name
    return line if is_named else words.shown(f"{line} ({figure.source})")


def days_with_figures(digest: Digest) -> list[date]:
    """Return the days with a figure, in order."""
    return sorted({day for series in digest.series for day, _ in series.points})


def unit_line(series: Series, words: Words) -> str:
    """Return a figure's name with its unit: ``Morts (OSDH), personnes``."""
    return words.shown(words.comma.join(filter(None, (series.name, series.unit))))
