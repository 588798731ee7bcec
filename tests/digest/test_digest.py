"""Digests: what happened in a period, day by day, as data, text, Markdown and JSON.

The files in ``data/digest`` are what a small French week reads like. ``UPDATE_GOLDEN=1`` writes
them anew; look at their diff before you keep it.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liveblog import Blog, Digest
from liveblog.delivery.mail import compose
from liveblog.digest import headline, label, title
from liveblog.digest.build import build_coverage, figures, replace_entries
from liveblog.digest.json import document, entry_document
from liveblog.digest.lines import change_line, main_series
from liveblog.digest.markdown import render as write_markdown
from liveblog.digest.selection import (
    FULL_A_DAY,
    FULL_AT_LEAST,
    LINES_A_DAY,
    LONG_WEEK,
    for_readers,
    keep,
    parts,
    with_overview,
)
from liveblog.digest.text import WIDTH
from liveblog.digest.text import render as write_text
from liveblog.model.entry import Figure, Framing, Media, Revision, Source
from liveblog.model.errors import InvalidInput, NotFound
from liveblog.model.period import Period, day, week
from liveblog.text.fragments import with_root
from liveblog.text.locale import Words
from liveblog.text.markup import to_html
from liveblog.timeline import Day, Entry

from ..command import run
from ..conftest import Clock, begun

GOLDEN = Path(__file__).parent / "data"
NOON = datetime(2012, 7, 16, 10, tzinfo=UTC)
MONDAY = date(2012, 7, 16)


def as_text(blog: Blog, digest: Digest) -> str:
    """Write a digest as text."""
    return write_text(digest, blog.words, blog=blog.config.title, base=blog.config.url)


def as_markdown(blog: Blog, digest: Digest) -> str:
    """Write a digest as Markdown."""
    return write_markdown(digest, blog.words, base=blog.config.url)


def as_document(blog: Blog, digest: Digest) -> dict[str, Any]:
    """Return a digest as plain data."""
    return document(digest, blog.words, base=blog.config.url)


def bodies(digest: Digest) -> list[str]:
    """Return the texts of a digest's entries, in order."""
    return [entry.now.body for entry in digest.entries]


def series(digest: Digest) -> dict[str, list[tuple[int, int | float]]]:
    """Return each figure's points: day of the month and value."""
    return {s.name: [(of.day, value) for of, value in s.points] for s in digest.series}


def entry(
    body: str = "", *, at: datetime = NOON, letters: str = "7k3m9qx2tb", **fields: Any
) -> Entry:
    """Make an entry of one revision."""
    made = Revision(
        id=f"{at:%Y%m%d}-{letters}",
        rev=1,
        recorded=at,
        published=at,
        updated=at,
        body=body,
        **fields,
    )
    return Entry((made,))


def digest_of(*entries: Entry, framing: Framing | None = None) -> Digest:
    """Make the digest of one day."""
    told = Day(MONDAY, entries, framing)
    return Digest(day(MONDAY), framing, (told,), figures([told]))


def text_of(body: str, **fields: Any) -> str:
    """Write a day of one entry as text."""
    return write_text(
        digest_of(entry(body, **fields)),
        Words("fr", UTC),
        blog="Une semaine",
        base="https://example.org/",
    )


# -- a small week in French ------------------------------------------------------------------------


@pytest.fixture
def french_week(blog: Blog, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Blog:
    """A week with every kind of mark, told the same each time."""
    counter = itertools.count(1)
    monkeypatch.setattr(
        "liveblog.blog.os.urandom", lambda size: (next(counter) * 40_503).to_bytes(size, "big")
    )
    clock.set("2012-07-16T06:30:00Z")
    blog.post(
        "Le poste-frontière est **ouvert** depuis l'aube :\n\n"
        "- les camions passent ;\n- les autocars attendent.\n\n"
        "« Nous n'avons jamais vu cela », dit [un douanier](https://example.org/douanier).",
        title="Le poste-frontière est rouvert",
        tags=["Frontière"],
        key=True,
        sources=[Source("Agence", "https://example.org/depeche"), Source("un témoin")],
    )
    clock.go(hours=3)
    blog.post(
        "Des tirs sont signalés au sud de la ville.",
        verification="unconfirmed",
        tags=["Damas", "Frontière"],
    )
    clock.go(minutes=20)
    toll = blog.post(
        "Le bilan de la journée est de 40 morts, selon l'OSDH[^1].\n\n[^1]: Provisoire.",
        title="Un bilan provisoire",
        verification="confirmed",
        figures=[Figure("Morts (OSDH)", 40, "personnes", "OSDH"), Figure("Réfugiés", 30_000)],
        author="Zoé",
    )
    clock.go(hours=2)
    blog.edit(
        toll.id,
        body="Le bilan de la journée est de 42 morts, selon l'OSDH[^1].\n\n[^1]: Provisoire.",
        figures=[Figure("Morts (OSDH)", 42, "personnes", "OSDH"), Figure("Réfugiés", 30_000)],
        note="Deux blessés sont morts à l'hôpital.",
    )
    clock.set("2012-07-18T10:18:00Z")
    wrong = blog.post(
        "Le ministre aurait quitté le pays.", title="Le ministre en fuite ?", key=True,
        figures=[Figure("Ministres partis", 1)],
    )  # fmt: skip
    clock.go(minutes=30)
    blog.retract(wrong.id, why="Le ministre est apparu à la télévision !")
    secret = blog.post("Le nom d'un témoin.", title="À ne pas montrer", key=True)
    blog.remove(secret.id)
    map_of = blog.now
    blog.journal.append(
        Revision(
            id="20120718-mapmapmapm",
            published=map_of,
            updated=map_of,
            author="La rédaction",
            title="La carte | des quartiers *fermés*",
            body="## Au centre\n\n| Quartier | État |\n|---|---|\n| Mezzé | fermé |\n\n"
            "> Ne sortez pas.\n\n```\nx ? y : z\n```",
            media=(
                Media(
                    "2012/07/18/mapmapmapm-0123456789.png", "image/png", 4321, 640, 480,
                    "Plan de la ville, quartiers fermés en rouge", "Les quartiers fermés",
                ),
            ),
            lang="fr",
            pinned=True,
        ),
        expect=0,
    )  # fmt: skip
    clock.set("2012-07-22T20:00:00Z")
    blog.post(
        "La semaine finit dans le calme. " * 4,
        figures=[Figure("Réfugiés", 112_500.5), Figure("Morts (OSDH)", 105, "personnes", "OSDH")],
    )
    blog.frame("2012-07-16", headline="Le jour de l'ouverture", introduction="Tôt *le matin* :")
    blog.frame("2012-07-18", close="La nuit est calme.")
    blog.frame(
        "2012-W29",
        headline="La frontière s'ouvre, la ville se ferme",
        introduction="Une semaine en **trois** temps.",
        close="À suivre la semaine prochaine.",
    )
    clock.set("2012-07-23T06:00:00Z")
    return blog


def golden(name: str, text: str) -> None:
    """Compare a text with the file that says how it should be."""
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("when", ["2012-W29", "2012-07-16", "2012-07-18"])
def test_a_digest_as_text_reads_like_its_golden_file(when: str, french_week: Blog) -> None:
    """Every mark, list, quotation, table, note, picture and figure, in 78 columns."""
    golden(f"{when}.txt", as_text(french_week, french_week.digest(when)))


@pytest.mark.parametrize("when", ["2012-W29", "2012-07-16"])
def test_a_digest_as_markdown_reads_like_its_golden_file(when: str, french_week: Blog) -> None:
    """Headings in order, what is no markup escaped, links absolute."""
    golden(f"{when}.md", as_markdown(french_week, french_week.digest(when)))


def test_a_digest_as_json_reads_like_its_golden_file(french_week: Blog) -> None:
    """Every field present, nothing of what was withdrawn."""
    data = as_document(french_week, french_week.digest("2012-W29"))
    golden("2012-W29.json", json.dumps(data, ensure_ascii=False, indent=2) + "\n")


def test_key_entries_read_like_their_golden_file(french_week: Blog) -> None:
    """The short version of the week."""
    golden("2012-W29-key.txt", as_text(french_week, french_week.digest("2012-W29", key=True)))


def test_what_was_withdrawn_is_told_in_no_format(french_week: Blog) -> None:
    """The words of a retracted or removed entry are nowhere, its figures not counted."""
    found = french_week.digest("2012-W29")
    for text in (
        as_text(french_week, found),
        as_markdown(french_week, found),
        json.dumps(as_document(french_week, found), ensure_ascii=False),
    ):
        for secret in (
            "fuite",
            "quitté le pays",
            "Ministres partis",
            "témoin.",
            "À ne pas montrer",
        ):
            assert secret not in text
        assert "Le ministre est apparu à la télévision" in text


# -- gathering -------------------------------------------------------------------------------------


def test_a_digest_is_of_a_day_a_week_or_a_range(french_week: Blog) -> None:
    """Each holds the days with something to tell, in order."""
    days = {
        "2012-07-16": [16],
        "2012-W29": [16, 18, 22],
        "2012-07-17..2012-07-21": [18],
        "2012-07-17": [],
        "2012-W28": [],
        "last-week": [16, 18, 22],
    }
    for when, expected in days.items():
        found = french_week.digest(when)
        assert [told.date.day for told in found.days] == expected
        assert [e.id for e in found.entries] == [e.id for d in found.days for e in d.entries]


def test_a_digest_may_hold_key_entries_or_one_tag_only(french_week: Blog) -> None:
    """The tag is found however it is spelled; both together narrow."""
    assert len(french_week.digest("2012-W29").entries) == 6
    key = french_week.digest("2012-W29", key=True)
    assert [e.now.state for e in key.entries] == ["live", "retracted"]
    for spelled in ("Frontière", "frontiere", "FRONTIÈRE"):
        assert len(french_week.digest("2012-W29", tag=spelled).entries) == 2
    assert len(french_week.digest("2012-W29", tag="damas").entries) == 1
    assert len(french_week.digest("2012-W29", tag="frontiere", key=True).entries) == 1


def test_a_tag_that_nobody_used_is_an_error_with_the_nearest(french_week: Blog) -> None:
    """Or with those that there are."""
    with pytest.raises(NotFound, match="No entry of 2012-W29 has the tag 'Damaas'") as refused:
        french_week.digest("2012-W29", tag="Damaas")
    assert refused.value.hint == "Did you mean 'Damas'?"
    with pytest.raises(NotFound) as refused:
        french_week.digest("2012-W29", tag="xyzzy")
    assert refused.value.hint == "Tags there: Damas, Frontière."
    with pytest.raises(InvalidInput, match="'!!!' is not a tag"):
        french_week.digest("2012-W29", tag="!!!")


def test_a_tag_without_key_entries_is_no_unknown_tag(french_week: Blog) -> None:
    """An entry of the week has it, if no key entry: that makes an empty digest, not an error."""
    assert french_week.digest("2012-W29", tag="damas", key=True).entries == ()


def test_the_last_figure_of_a_day_counts(blog: Blog, clock: Clock) -> None:
    """From day to day, in the order of first mention, one series for each name and unit."""
    for value in (10, 12):
        blog.post(f"{value}", figures=[Figure("Morts", value, "personnes", "OSDH")])
        clock.go(minutes=5)
    blog.post("b", figures=[Figure("Blessés", 3), Figure("Morts", 1, "familles")])
    clock.go(days=1)
    blog.post("c", figures=[Figure("Morts", 15.5, "personnes")])
    clock.go(days=2)
    blog.post("d", figures=[Figure("Morts", 20, "personnes", "ONU")])
    found = blog.digest("2012-07-15..2012-07-22").series
    assert [(s.name, s.unit) for s in found] == [
        ("Morts", "personnes"), ("Blessés", ""), ("Morts", "familles"),
    ]  # fmt: skip
    assert found[0].source == "ONU"
    assert [(of.day, value) for of, value in found[0].points] == [(15, 12), (16, 15.5), (18, 20)]
    assert found[0].value(date(2012, 7, 16)) == 15.5
    assert found[0].value(date(2012, 7, 17)) is None


def test_a_withdrawn_figure_gives_way_to_the_one_before(blog: Blog, clock: Clock) -> None:
    """Retracted or removed, it is as if it had not been reported."""
    blog.post("10", figures=[Figure("Morts", 10)])
    for withdraw in ("retract", "remove"):
        clock.go(minutes=5)
        wrong = blog.post("99", figures=[Figure("Morts", 99)])
        if withdraw == "retract":
            blog.retract(wrong.id, why="Faux.")
        else:
            blog.remove(wrong.id)
    assert series(blog.digest("today")) == {"Morts": [(15, 10)]}


def test_the_headline_is_the_written_one_else_the_main_story(blog: Blog, clock: Clock) -> None:
    """Written, first key entry's title, first title, nothing; never that of a retracted one."""
    assert blog.digest("today").headlines == ()
    blog.post("Sans titre")
    assert blog.digest("today").headlines == ()
    clock.go(minutes=1)
    blog.post("a", title="Premier titre")
    assert blog.digest("today").headlines == ("Premier titre",)
    clock.go(minutes=1)
    wrong = blog.post("b", title="Fausse nouvelle", key=True)
    assert blog.digest("today").headlines == ("Fausse nouvelle",)
    blog.retract(wrong.id, why="Faux.")
    assert blog.digest("today").headlines == ("Premier titre",)
    blog.post("c", key=True)
    blog.post("d", title="Temps fort", key=True)
    assert blog.digest("today").headlines == ("Temps fort",)
    blog.frame("2012-07-15", headline="Écrit")
    assert blog.digest("today").headlines == ("Écrit",)
    assert title(blog.digest("today"), blog.words) == "Dimanche 15 juillet – Écrit"


def test_a_digest_changed_when_anything_in_it_did(blog: Blog, clock: Clock) -> None:
    """An entry, a significant edit, its framing or a day's; not a minor edit."""
    assert blog.digest("2012-W28").changed is None
    posted = blog.post("Un.")
    assert blog.digest("2012-W28").changed == clock.now
    clock.go(minutes=5)
    blog.edit(posted.id, body="Un !", minor=True)
    assert blog.digest("2012-W28").changed == posted.updated
    for change in (
        lambda: blog.edit(posted.id, body="Deux."),
        lambda: blog.frame("2012-07-15", headline="Jour"),
        lambda: blog.frame("2012-W28", headline="Semaine"),
        lambda: blog.retract(posted.id, why="Faux."),
    ):
        clock.go(minutes=5)
        change()
        assert blog.digest("2012-W28").changed == clock.now


def test_faults_of_the_journal_are_handed_on(blog: Blog) -> None:
    """A damaged line is in the digest of its day as a value; the rest is told."""
    blog.post("Un.")
    blog.post("Deux.")
    (path,) = blog.paths.entries.rglob("2012-07-15.jsonl")
    path.write_bytes(path.read_bytes().replace(b"Deux.", b"Trois"))
    found = Blog(blog.paths.root, clock=lambda: NOON).digest("2012-07-15")
    assert bodies(found) == ["Un."]
    (fault,) = found.faults
    assert fault.place.endswith("2012-07-15.jsonl:2")
    assert as_document(blog, found)["faults"][0]["hint"] == fault.hint


# -- time ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "instants", "times"),
    [
        # 02:30 comes twice in autumn, and never in spring.
        (
            "Europe/Paris",
            ["2012-10-28T00:30Z", "2012-10-28T01:30Z", "2012-10-28T22:59Z"],
            ["2 h 30 (UTC+2)", "2 h 30 (UTC+1)", "23 h 59"],
        ),
        ("Europe/Paris", ["2012-03-25T00:59Z", "2012-03-25T01:00Z"], ["1 h 59", "3 h 00"]),
        ("Asia/Kathmandu", ["2012-07-14T18:15Z", "2012-07-15T18:14Z"], ["0 h 00", "23 h 59"]),
        ("Asia/Beirut", ["2012-03-24T22:00Z", "2012-03-25T20:59Z"], ["1 h 00", "23 h 59"]),
    ],
)
def test_entries_are_told_on_the_blogs_clock(
    zone: str,
    instants: list[str],
    times: list[str],
    new_blog: Callable[..., Blog],
    clock: Clock,
) -> None:
    """In order of time through a change of the clock, each in its local day."""
    blog = new_blog(timezone=zone)
    clock.set("2013-01-01T00:00:00Z")
    for number, instant in enumerate(instants):
        blog.post(f"{number}", at=datetime.fromisoformat(instant))
    (of,) = blog.timeline.days()
    found = blog.digest(of.isoformat())
    assert bodies(found) == [str(number) for number in range(len(instants))]
    text = as_text(blog, found).replace("\u00a0", " ")
    assert [line for line in text.split("\n") if " h " in line] == times


@pytest.mark.parametrize(
    ("zone", "last", "first"),
    [
        ("Europe/Paris", "2012-07-15T21:59:59Z", "2012-07-15T22:00:00Z"),
        ("Europe/Paris", "2012-10-28T22:59:59Z", "2012-10-28T23:00:00Z"),
        ("Asia/Kathmandu", "2012-07-15T18:14:59Z", "2012-07-15T18:15:00Z"),
        ("America/Santiago", "2023-09-03T03:59:59Z", "2023-09-03T04:00:00Z"),
    ],
)
def test_a_day_ends_at_the_blogs_midnight(
    zone: str, last: str, first: str, new_blog: Callable[..., Blog], clock: Clock
) -> None:
    """A second apart, two entries are in two days' digests."""
    blog = new_blog(timezone=zone)
    clock.set("2024-01-01T00:00:00Z")
    blog.post("avant", at=datetime.fromisoformat(last))
    blog.post("après", at=datetime.fromisoformat(first))
    days = blog.timeline.days()
    assert len(days) == 2
    assert days[1] - days[0] == timedelta(days=1)
    assert [bodies(blog.digest(of.isoformat())) for of in days] == [["avant"], ["après"]]


def test_a_week_goes_on_across_the_years_end(new_blog: Callable[..., Blog], clock: Clock) -> None:
    """The last day of 2012 belongs to the first week of 2013, in one digest."""
    blog = new_blog()
    clock.set("2013-01-10T00:00:00Z")
    for text, at in (
        ("dimanche", "2012-12-30T22:59:59Z"),
        ("Saint-Sylvestre", "2012-12-30T23:00:00Z"),
        ("Nouvel An", "2013-01-01T10:00:00Z"),
        ("fin", "2013-01-06T22:59:59Z"),
        ("après", "2013-01-06T23:00:00Z"),
    ):
        blog.post(text, at=datetime.fromisoformat(at))
    found = blog.digest("2013-W01")
    assert bodies(found) == ["Saint-Sylvestre", "Nouvel An", "fin"]
    assert blog.digest("2012-12-31..2013-01-06").entries == found.entries
    assert label(found.period, blog.words) == "Semaine du 31 décembre 2012 au 6 janvier 2013"
    assert as_document(blog, found)["url"] == "https://example.org/semaine/2013/W01/"


def test_a_range_has_no_page_of_its_own(french_week: Blog) -> None:
    """So its document has no address; a day's and a week's have."""
    assert as_document(french_week, french_week.digest("2012-07-16..2012-07-18"))["url"] is None
    day_document = as_document(french_week, french_week.digest("2012-07-16"))
    assert day_document["url"] == "https://example.org/semaine/2012/07/16/"


def test_a_history_is_told_only_where_it_is_asked_for(french_week: Blog) -> None:
    """Every revision with every field, as the journal has them."""
    told = next(e for e in french_week.digest("2012-07-16").entries if e.corrections)
    assert "revisions" not in entry_document(told, "https://example.org/")
    shown = entry_document(told, "https://example.org/", history=True)
    assert [r["rev"] for r in shown["revisions"]] == [1, 2]
    assert shown["corrections"][0]["note"] == "Deux blessés sont morts à l'hôpital."


# -- text ------------------------------------------------------------------------------------------


def too_wide(text: str) -> list[str]:
    """Return the lines that have more columns than fit, but for those that hold an address."""
    return [line for line in text.split("\n") if len(line) > WIDTH and "://" not in line]


LONG = "Une phrase qui n'en finit pas de finir, car il faut bien remplir la ligne. " * 3


@pytest.mark.parametrize(
    "body",
    [
        LONG,
        f"- {LONG}\n- {LONG}\n  - {LONG}",
        f"> {LONG}\n> > {LONG}",
        f"# {LONG}",
        f"{LONG}[^1]\n\n[^1]: {LONG}",
        f"1. {LONG}\n\n   {LONG}",
        f"[{LONG}](https://example.org/)",
        f"un  \n{LONG}",
        f"| A | B |\n|---|---|\n| {LONG} | {LONG} |",
        f"<div>{LONG}</div>",
        f"![{LONG}](https://example.org/a.png)",
    ],
)
def test_text_never_has_more_than_78_columns(body: str) -> None:
    """Whatever Markdown an author uses; only addresses are never broken."""
    assert too_wide(text_of(body)) == []


def test_what_stands_around_the_entries_is_wrapped_too() -> None:
    """Titles, headline, introduction, figures, sources, captions, notes, the blog's own name."""
    framing = Framing(period="2012-07-16", headline=LONG[:290], introduction=LONG, close=LONG)
    told = entry(
        LONG,
        title=LONG[:290],
        sources=(Source(LONG[:190]), Source(LONG[:190])),
        figures=(Figure(LONG[:150], 10**15, LONG[:150], LONG[:150]),),
        media=(Media("a.png", "image/png", 1, 1, 1, LONG, LONG),),
        key=True,
        verification="unconfirmed",
    )
    retracted = entry(state="retracted", note=LONG)
    of = digest_of(told, retracted, framing=framing)
    text = write_text(of, Words("fr", UTC), blog=LONG[:200], base="https://example.org/")
    assert too_wide(text) == []


def test_many_days_of_figures_are_set_in_blocks() -> None:
    """A month of large numbers fits the columns, each day once."""
    days = [MONDAY + timedelta(days=n) for n in range(31)]
    told = [
        Day(of, (entry("x", at=datetime(of.year, of.month, of.day, tzinfo=UTC),
                       figures=(Figure("Réfugiés enregistrés au camp", 1_000_000 + n),)),))
        for n, of in enumerate(days)
    ]  # fmt: skip
    period = Period(days[0], days[-1], f"{days[0]}..{days[-1]}", "range")
    found = Digest(period, None, tuple(told), figures(told))
    text = write_text(found, Words("fr", UTC), blog="x", base="https://example.org/")
    assert too_wide(text) == []
    table = text.rpartition("Chiffres")[2]
    for n in range(31):
        assert f"1 000 0{n:02}" in table.replace("\u202f", " ").replace("\u00a0", " ")


@settings(max_examples=60)
@given(
    st.lists(
        st.lists(
            st.sampled_from(
                ["un", "fait,", "**vrai**", "« dit »", "*peut-être* ?", "`a b`", "2012"]
            ),
            min_size=1,
            max_size=40,
        ).map(" ".join),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["", "> ", "- ", "1. ", "## ", "> - ", "- - "]),
)
def test_no_prose_is_wider_and_no_word_is_lost(paragraphs: list[str], mark: str) -> None:
    """Wrapped, every word is there, in its order."""
    text = text_of("\n\n".join(mark + paragraph for paragraph in paragraphs))
    assert too_wide(text) == []
    wanted = " ".join(paragraphs).replace("*", "").replace("`", "").split()
    told = text.partition("h\u00a000")[2].replace("\u202f", " ")
    assert [w for w in told.split() if w not in (">", "-", "1.", "2.", "3.", "4.")] == wanted


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("- un\n- deux", "- un\n- deux"),
        ("1. un\n2. deux", "1. un\n2. deux"),
        ("3. trois\n4. quatre", "3. trois\n4. quatre"),
        ("- un\n  - a\n  - b\n- deux", "- un\n  - a\n  - b\n- deux"),
        ("- un\n\n  suite\n\n- deux", "- un\n  suite\n- deux"),
        ("> un\n>\n> deux", "> un\n\n> deux"),
        ("un  \ndeux", "un\ndeux"),
        ("- un  \n  deux\n- trois", "- un\n  deux\n- trois"),
        ("| A |\n|---|\n| un<br>deux |", "A\nun deux"),
        ("`a  b`", "a b"),
        ("```\na  b\n  c\n```", "    a  b\n      c"),
        ("[là](https://example.org/)", "là <https://example.org/>"),
        ("https://example.org/", "https://example.org/"),
        ("| A | B |\n|---|---|\n| 1 | 2 |", "A | B\n1 | 2"),
        ("***", "* * *"),
        ("~~faux~~ vrai", "[rayé\u00a0: faux] vrai"),
        ("<del>Elle a démissionné</del>", "[rayé\u00a0: Elle a démissionné]"),
        ("10<sup>6</sup> litres de CO<sub>2</sub>", "10⁶ litres de CO₂"),
        ("Le 1<sup>er</sup>, M<sup>me</sup> Roux, x<sup>a+b</sup>", "Le 1er, Mme Roux, x^(a+b)"),
        ("Il y a 12[^1].\n\n[^1]: À midi.", "Il y a 12[1].\n\n1. À midi."),
        ("<q>Oui</q>", "“Oui”"),
        ("<div>avant <p>dedans</p> après</div>", "avant\n\ndedans\n\naprès"),
    ],
)
def test_markdown_reads_as_text(body: str, expected: str) -> None:
    """Lists keep their order and depth, quotations their marks, code its shape."""
    told = text_of(body).partition("h\u00a000\n")[2].rstrip("\n")
    assert "\n".join(line.rstrip() for line in told.split("\n")) == expected


@pytest.mark.parametrize("unit", ["> ", "- ", "999999999. "])
@pytest.mark.parametrize("depth", [7, 8, 9, 19, 20, 38, 39, 40, 50, 51])
def test_a_text_nested_in_any_depth_can_be_written(unit: str, depth: int) -> None:
    """Also where the indentation takes the whole width; each word is there."""
    body = unit * depth + "un mot, puis un autre, et encore un autre, et un dernier"
    assert "dernier" in text_of(body)


def test_an_empty_period_says_so(blog: Blog) -> None:
    """In text and Markdown, in the blog's language."""
    found = blog.digest("2012-W28")
    sentence = blog.words.say("No updates.")
    assert sentence != "No updates."
    assert as_text(blog, found).endswith(f"\n\n{sentence}\n")
    assert as_markdown(blog, found) == f"# Semaine du 9 au 15 juillet 2012\n\n{sentence}\n"
    assert as_document(blog, found)["days"] == []


# -- Markdown --------------------------------------------------------------------------------------


def markdown_of(*told: Entry) -> str:
    """Write a day of entries as Markdown."""
    return write_markdown(digest_of(*told), Words("fr", UTC), base="https://example.org/")


@pytest.mark.parametrize(
    "body",
    ["# Un", "## Un", "###### Un", " # Un", "   # Un", "Un\n===", "Un\n---", "# Un #", "#\tUn"],
)
def test_an_authors_headings_stay_below_the_entrys_own(body: str) -> None:
    """However they are written; the document's outline is ours."""
    html = to_html(markdown_of(entry(body)))
    levels = [level for level in range(1, 7) if f"<h{level}>Un" in html]
    # One more level of Markdown than of the page: 4 is shown as 6, as is all below it.
    assert levels == [6]


@pytest.mark.parametrize("body", ["```\n# Un\n```", "~~~\n# Un\n```\n# Deux\n~~~", "    # Un"])
def test_what_looks_like_a_heading_in_code_is_left_alone(body: str) -> None:
    """Fenced or indented."""
    assert body.strip("\n") in markdown_of(entry(body))


def test_an_open_code_block_does_not_swallow_the_next_entry() -> None:
    """What an author forgot to close ends with the entry."""
    html = to_html(markdown_of(entry("```\ncode"), entry("Un **fait**.")))
    assert "<strong>fait</strong>" in html


MARKDOWN = st.lists(
    st.sampled_from(
        [
            "Un **fait**.", "[x][1] et [1], ![p][1]", "[1]: https://one.example/",
            "[1]: a/b 'T'", "[X]: <c d>", "Une note[^1], une autre[^né].", "[^1]: Note *une*.",
            "[^né]: N [x][1].", "# Un", "### Trois", "Un\n===", "Un\ndeux\n---", "---",
            "```\ncode [x][1]", "```", "~~~ x\n# Un", "```x``` et `[1]`", "    code\n\n    code",
            "- un\n- deux", "- un\n\n  # Deux", "1. un", "> cité [x](y)", "<div>\n", "</div>",
            "<b>gras", "<!-- ", "-->", "<pre>\na\n\nb</pre>", "[l](lists/a) ![p](media/p.png)",
            "[m](//cdn.example/f)", "<https://a.example/>", "a | b\n--|--\n1 | 2",
            "&copy; &amp;lt; \\[x][1] \\#", "<a href='x/y'>z</a>", "[x]", "*", "`", "<script>a",
            "[a]( b 'c')",
        ]
    ),
    min_size=1,
    max_size=5,
).map("\n\n".join)  # fmt: skip


def shown_alone(html: str) -> tuple[str, list[str]]:
    """Return HTML without levels, white space and names of footnotes; and the footnotes apart."""
    html = re.sub(r"<(/?)h[1-6]", r"<\1h", with_root(html, "https://example.org/"))
    html = re.sub(r'(id="|href="#)[^"]*fn(?:ref)?-[^"]*"', r'\1fn"', html)
    html = re.sub(r'(class="footnote-(?:ref|backref)"[^>]*>(?:<a[^>]*>)?)[0-9]+', r"\1", html)
    notes = re.findall(r"<li id[^>]*>(.*?)</li>", "".join(html.split("<section")[1:]), re.DOTALL)
    text = re.sub(r'<section class="footnotes">.*?</section>', "", html, flags=re.DOTALL)
    return "".join(text.split()), ["".join(note.split()) for note in notes]


@settings(max_examples=300, deadline=None)
@given(st.lists(MARKDOWN, min_size=2, max_size=3))
def test_what_an_entry_shows_alone_it_shows_in_every_digest(bodies: list[str]) -> None:
    """Links, footnotes, code and HTML of one text do not reach into another."""
    told = [entry(body, letters=f"{number}" * 10) for number, body in enumerate(bodies)]
    whole, notes = shown_alone(to_html(markdown_of(*told), anchor="y"))
    at = 0
    for body in bodies:
        text, own_notes = shown_alone(to_html(body, anchor="x"))
        found = whole.find(text, at)
        assert found >= 0, (body, whole)
        at = found + len(text)
        assert [note for note in own_notes if note not in notes] == []


def test_footnotes_of_two_entries_keep_apart_in_markdown() -> None:
    """Each reference leads to its own note."""
    html = to_html(
        markdown_of(
            entry("Un[^1].\n\n[^1]: Première note."),
            entry("Deux[^1].\n\n[^1]: Seconde note.", letters="a" * 10),
        )
    )
    assert "Première note." in html
    assert "Seconde note." in html


@pytest.mark.parametrize(
    "title_text",
    ["*Étoile*", "_Bas_", "[lien](https://evil.example/)", "`code`", "<b>gras</b>", "a # b", "\\*"],
)
def test_a_title_is_no_markup(title_text: str) -> None:
    """What is plain text to us is plain text to whoever renders it."""
    html = to_html(markdown_of(entry("x", title=title_text)))
    heading = html.partition("</h6>")[0]
    for tag in ("<em>", "<strong>", "<code>", "<b>", ">lien</a>"):
        assert tag not in heading


def test_a_sources_address_cannot_leave_its_link() -> None:
    """An angle bracket in an address does not begin another link."""
    told = entry("x", sources=(Source("a", "https://example.org/>) [clic](https://evil.example/"),))
    assert ">clic</a>" not in to_html(markdown_of(told))


def test_a_week_is_that_of_the_blogs_calendar(new_blog: Callable[..., Blog], clock: Clock) -> None:
    """Where weeks begin on Sunday, the week's digest holds that Sunday."""
    blog = new_blog()
    path = blog.paths.root / "liveblog.toml"
    path.write_text(path.read_text("utf-8") + 'week_starts = "sunday"\n', "utf-8")
    blog = Blog(blog.paths.root, clock=clock)
    blog.post("dimanche")
    assert bodies(blog.digest("week")) == ["dimanche"]
    assert blog.digest("week").period == week(date(2012, 7, 15), 6)
    assert blog.digest("week").period.id == "2012-W29"


# -- long weeks, and parts of a digest ------------------------------------------------------------


@pytest.fixture(scope="module")
def long_week(tmp_path_factory: pytest.TempPathFactory) -> Blog:
    """A blog with 101 entries in one week, two of them key events."""
    clock = Clock("2012-07-10T10:00:00Z")
    blog = begun(tmp_path_factory.mktemp("long") / "blog", clock)
    settings_file = blog.paths.root / "liveblog.toml"
    mail = "[mail]\nserver = 'localhost'\nsender = 'a@example.org'\n"
    settings_file.write_text(settings_file.read_text("utf-8") + mail, "utf-8")
    blog = Blog(blog.paths.root, clock=clock)
    for number in range(LONG_WEEK + 1):
        clock.go(minutes=30)
        blog.post(f"Fait {number}.", key=number in (3, 70), figures=[Figure("Morts", number)])
    return blog


def shown(blog: Blog, *arguments: str) -> str:
    """Return what a digest command prints."""
    return run("-C", str(blog.paths.root), *arguments).stdout


def test_a_long_week_has_its_key_entries_in_full(long_week: Blog) -> None:
    """The figures stay those of the week; a shorter period or a range stays whole."""
    week = long_week.digest("2012-W28")
    shown = for_readers(week)
    full = [entry for entry in shown.entries if entry.id not in shown.brief]
    assert len(full) == FULL_AT_LEAST
    assert {"Fait 3.", "Fait 70."} < {entry.now.body for entry in full}
    assert len(shown.brief) == LINES_A_DAY * len(week.days)
    assert shown.is_abridged
    assert shown.series == week.series
    assert [shown.omitted(now) for now in shown.days] == [
        len(then.entries) - len(now.entries)
        for then, now in zip(week.days, shown.days, strict=True)
    ]
    assert for_readers(shown) is shown
    for when in ("2012-07-11", "2012-07-09..2012-07-15"):
        found = long_week.digest(when)
        assert for_readers(found).entries == found.entries


def test_a_list_of_days_that_would_repeat_the_digest_is_left_out(blog: Blog, clock: Clock) -> None:
    """Where no day has more than one update."""
    clock.set("2012-07-20T09:00:00Z")
    for number in (16, 17, 18):
        blog.post(f"Le {number}.", at=datetime(2012, 7, number, 9, tzinfo=UTC))
    assert for_readers(blog.digest("2012-W29")).overview is None
    blog.post("Encore.", at=datetime(2012, 7, 18, 10, tzinfo=UTC))
    assert for_readers(blog.digest("2012-W29")).overview


def test_a_week_opens_with_an_overview(french_week: Blog) -> None:
    """Each day with its headline, what was corrected or retracted, the main picture."""
    week = french_week.digest("2012-W29")
    overview = for_readers(week).overview
    assert overview
    assert [day.date for day in overview.days] == [day.date for day in week.days]
    assert [day.updates for day in overview.days] == [len(day.entries) for day in week.days]
    marked = [e.id for e in week.entries if e.corrections or e.now.state == "retracted"]
    assert marked
    assert [entry.id for entry in overview.corrected] == marked


@pytest.mark.parametrize("render", ["text", "markdown", "mail", "html", "page", "feed"])
def test_every_rendering_of_a_week_chooses_alike(long_week: Blog, render: str) -> None:
    """Terminal, Markdown, mail, printable file, page, feed: the same updates, the same note."""
    note = "L’essentiel en entier"
    if render == "mail":
        pages = long_week.publisher.pages
        message = compose(long_week.digest("2012-W28"), pages, "a@example.org", long_week.now)
        assert message
        texts = [str(part.get_content()) for part in message.walk() if not part.is_multipart()]
    elif render in ("page", "feed"):
        clock = Clock("2012-07-20T10:00:00Z")
        Blog(long_week.paths.root, clock=clock).publish()
        names = ("2012/W28/index.html", "2012/W28/index.md", "2012/W28/index.txt")
        found = ("weekly/atom.xml",) if render == "feed" else names
        texts = [(long_week.paths.site / name).read_text("utf-8") for name in found]
    else:
        texts = [shown(long_week, "digest", "2012-W28", "--format", render)]
    digest = for_readers(long_week.digest("2012-W28"))
    expected = {entry.now.body for entry in digest.entries}
    for text in texts:
        main = text.partition("<h1>")[2] or text
        assert set(re.findall(r"Fait \d+\.", main)) == expected
        assert note in " ".join(text.split())


def test_the_terminal_shows_a_long_week_whole_where_it_is_asked_to(long_week: Blog) -> None:
    """As JSON, and as a range of days."""
    for arguments in (("2012-W28", "--json"), ("2012-07-09..2012-07-15",)):
        found = re.findall(r"Fait \d+\.", shown(long_week, "digest", *arguments))
        assert len(set(found)) == LONG_WEEK + 1


def entries_with(*kinds: tuple[int, dict[str, Any]]) -> Digest:
    """Make the digest of a week, of an entry for each pair: its day and its fields."""
    days: dict[int, list[Entry]] = {}
    for number, (of, fields) in enumerate(kinds):
        at = NOON + timedelta(days=of, minutes=number)
        made = entry("Un fait.", at=at, letters=f"7k3m9qx{number:03}", **fields)
        days.setdefault(of, []).append(made)
    told = [Day(MONDAY + timedelta(days=of), tuple(found)) for of, found in days.items()]
    return Digest(week(MONDAY), None, tuple(told), figures(told))


@given(
    st.lists(
        st.tuples(
            st.integers(0, 6),
            st.fixed_dictionaries(
                {
                    "key": st.booleans(),
                    "title": st.sampled_from(["", "Un titre"]),
                    "state": st.sampled_from(["live", "live", "live", "retracted"]),
                }
            ),
        ),
        min_size=2,
        max_size=130,
    )
)
@settings(max_examples=30, deadline=None)
def test_a_selection_tells_of_every_day_and_counts_what_it_leaves_out(
    kinds: list[tuple[int, dict[str, Any]]],
) -> None:
    """As a week, and as any of the mails that are shorter: each part adds, and none takes away."""
    whole = entries_with(*sorted(kinds, key=lambda kind: kind[0]))
    shown = for_readers(whole)
    for before, after in zip(whole.days, shown.days, strict=True):
        assert len(after.entries) + shown.omitted(after) == len(before.entries)
        assert set(after.entries) <= set(before.entries)
        full = [entry for entry in after.entries if entry.id not in shown.brief]
        assert full or len(whole.days) > 1
        keys = [entry for entry in before.entries if entry.now.key and entry.now.state == "live"]
        assert len(keys) > FULL_A_DAY or set(keys) <= set(full)
    assert not shown.overview or len(shown.overview.days) == len(whole.days)
    base = with_overview(shown)
    withdrawn = {entry for entry in whole.entries if entry.now.state == "retracted"}
    assert withdrawn <= set(base.rendered)
    assert not replace_entries(base, lambda entries: ()).rendered
    found = parts(base)
    assert len(set(found)) == len(found)
    counts = []
    for number in range(0, len(found) + 1, 7):
        mail = keep(base, found[:number])
        assert mail.updates == len(whole.entries)
        assert mail.headlines == whole.headlines
        assert write_text(mail, Words("en", UTC), blog="B", base="https://b.example/")
        told = mail.overview
        assert told
        counts.append((len(told.days), len(told.keys), len(mail.entries)))
    assert counts == sorted(counts)


def test_a_headline_is_made_of_the_strongest_key_events() -> None:
    """One of each day, the strongest first, at most three; none is a claim."""
    found = entries_with(
        (0, {"title": "Des estimations", "key": True}),
        (0, {"title": "Une rumeur", "key": True, "verification": "unconfirmed"}),
        (2, {"title": "Attentat à Damas", "key": True, "verification": "confirmed"}),
        (2, {"title": "Suites de l’attentat", "key": True}),
        (3, {"title": "Une réunion"}),
        (4, {"title": "Veto à l’ONU", "key": True, "pinned": True}),
    )
    assert found.headlines == ("Veto à l’ONU", "Attentat à Damas", "Des estimations")
    said = headline(found, Words("fr", UTC))
    assert said == "Veto à l’ONU\u202f; Attentat à Damas\u202f; Des estimations"
    assert headline(found, Words("ar", UTC)).count("؛") == 2
    only = entries_with((0, {"title": "Une rumeur", "key": True, "verification": "unconfirmed"}))
    assert only.headlines == ("Une rumeur",)


def test_a_figure_is_told_with_its_change_over_the_period() -> None:
    """And its highest value, if it is neither the first nor the last; one value is no change."""
    words = Words("en", UTC)
    found = entries_with(
        (0, {"figures": (Figure("Dead", 92), Figure("Fled", 8_500, "people"))}),
        (1, {"figures": (Figure("Dead", 302), Figure("Once", 1))}),
        (3, {"figures": (Figure("Dead", 60.5), Figure("Fled", 30_000, "people"))}),
    )
    assert [change_line(series, found, words) for series in main_series(found)] == [
        "Dead: 92 on Jul 16, 60.5 on Jul 19 (−31.5), at most 302 on Jul 17",
        "Fled, people: 8,500 on Jul 16, 30,000 on Jul 19 (+21,500)",
    ]


def test_the_digest_of_the_coverage_has_its_headline_or_the_title(long_week: Blog) -> None:
    """And spans its days."""
    found = build_coverage(long_week.timeline, "Une semaine")
    assert found
    assert found.headlines == ("Une semaine",)
    assert (found.period.start, found.period.end) == (found.days[0].date, found.days[-1].date)


@pytest.mark.parametrize("render", [write_text, write_markdown])
def test_a_digest_over_several_years_names_the_year_of_each_day(
    blog: Blog, render: Callable[..., str]
) -> None:
    """In its headings and in the table of figures; within a year it is said once."""
    for year in (2010, 2011, 2012):
        blog.post("Gel.", at=datetime(year, 1, 2, 10, tzinfo=UTC), figures=[Figure("Glace", 3)])
    found = blog.digest("2010-01-01..2012-01-31")
    text = render(found, blog.words, base=blog.config.url, **BLOG_TITLE[render])
    assert [f"2 janvier {year}" in text for year in (2010, 2011, 2012)] == [True] * 3
    within = blog.digest("2012-01-01..2012-01-31")
    assert text.count("2012") > 1
    assert "2 janvier 2012" not in render(
        within, blog.words, base=blog.config.url, **BLOG_TITLE[render]
    ).replace("31 janvier 2012", "")


BLOG_TITLE: dict[Any, dict[str, str]] = {write_text: {"blog": "Une semaine"}, write_markdown: {}}
