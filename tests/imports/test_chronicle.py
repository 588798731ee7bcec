"""Chronicles in plain text: what comes of each line, and that none is lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog import Blog
from liveblog.imports import ChapterItem, FramingItem, Item, Problem, Update
from liveblog.imports.chronicle import chronicle
from liveblog.imports.chronicle.lines import lines_of
from liveblog.model.errors import InvalidInput
from liveblog.text.locale import Words
from liveblog.text.markup import to_html

from ..conftest import Clock, plain, tries

FOLDER = Path(__file__).parent / "chronicles"
PARIS = ZoneInfo("Europe/Paris")
TODAY = date(2026, 3, 1)


def read(text: str, **options: object) -> list[Item]:
    """Read a chronicle: in English and in Paris by default."""
    given: dict[str, object] = {"zone": PARIS, "language": "en", "today": TODAY}
    return list(chronicle(lambda: text.splitlines(), **(given | options)))  # type: ignore[arg-type]


def told(items: Sequence[Item]) -> list[tuple[str, str]]:
    """Return the day and the body of each update."""
    return [(i.key[:10], (i.versions[0].body or "")) for i in items if isinstance(i, Update)]


def headlines(items: Sequence[Item]) -> dict[str, str]:
    """Return the headline of each day."""
    return {i.period: i.headline for i in items if isinstance(i, FramingItem) and i.headline}


def problems(items: Sequence[Item]) -> list[tuple[str, str]]:
    """Return where each problem lies, and what it is."""
    return [(i.where, i.what) for i in items if isinstance(i, Problem)]


def bare(text: str) -> list[str]:
    """Return the words of a text, without its marks."""
    return re.findall(r"[^\W_]+", text)


# -- what is told ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heading", ["27.IX.2012", "27. IX. 2012", "27/IX/2012", "27 IX 2012", "27-Sep", "27-Sep-2012"]
)
def test_a_month_in_roman_numerals_or_after_a_hyphen_heads_a_day(heading: str) -> None:
    """Within the year of the days before it."""
    items = read(f"26 September 2012\nOne.\n\n{heading}\nTwo.\n\n28.IX.\nThree.")
    assert told(items) == [("2012-09-26", "One."), ("2012-09-27", "Two."), ("2012-09-28", "Three.")]


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("Le vingt-sept", "2012-09-27"),
        ("Le vingt-huit, la digue cède.", "2012-09-28"),
        ("El veintisiete: todo sigue.", "2012-09-27"),
        ("Am achtundzwanzigsten bricht der Damm:", ""),
        ("Am achtundzwanzigsten: der Damm bricht.", "2012-09-28"),
        ("On the twenty-seventh, the dam broke.", "2012-09-27"),
        ("J+3 : la suite", "2012-09-27"),
        ("D + 4", "2012-09-27"),
    ],
)
def test_a_day_in_words_or_counted_is_told(line: str, day: str) -> None:
    """With the day that its heading would name."""
    items = read(f"26 September 2012\nOne.\n\n{line}\n\nText.")
    found = [(i.where, i.hint) for i in items if isinstance(i, Problem) and "day" in i.what]
    hint = f"If a day begins there, put a line such as '## {day}' above it."
    assert found == ([("line 4", hint)] if day else [])


@pytest.mark.parametrize(
    ("line", "time"),
    [
        ("Le maire arrive, et à 11 h 30 il parle.", "11 h 30"),
        ("The mayor came and spoke at 11:30 to all.", "11:30"),
        ("Der Bürgermeister kam und sprach um 11 Uhr zu allen.", "11 Uhr"),
        ("El alcalde llegó y a las 11 h habló.", "11 h"),
        ("La garde a duré 11 h au total.", ""),
        ("Version 11:3 and 1:2 won.", ""),
    ],
)
def test_times_within_sentences_are_told_together(line: str, time: str) -> None:
    """By line; they begin no update."""
    items = read(f"26 September 2012\nOne.\n\n{line}\n\n{line}")
    assert len(told(items)) == 1
    expected = f"times within a sentence are read as text (line 4: '{time}', line 6: '{time}')"
    assert problems(items) == ([("line 4", expected)] if time else [])


def test_the_command_for_a_missing_picture_can_be_pasted(tmp_path: Path) -> None:
    """It names the update, and the file where the text does."""
    blog = Blog.init(tmp_path, title="x", language="en", timezone="UTC")
    text = "26 September 2012\n10:00 – One.\n\n![A map](my%20map.png)\n\n11:00 – Two.\n\nImage\n"
    result = blog.import_items(read(text), source="text")
    second, first = [entry.id for entry in blog.timeline.newest_first()]
    assert [problem.hint for problem in result.problems] == [
        f"Add it: liveblog edit {first} --image 'my map.png' --alt 'A map'.",
        f"Add it: liveblog edit {second} --image FILE --alt TEXT.",
    ]


@pytest.mark.parametrize("mark", ["", "# "])
def test_a_title_over_two_lines_is_one_title(mark: str) -> None:
    """Of a chapter and of an article; a third line makes a text of them."""
    title = f"{mark}A week\n{mark}in Damascus"
    days = "15 July 2012\nOne.\n\n16 July 2012\nTwo."
    found = [i for i in read(f"{title}\n\nWords before.\n\n{days}") if isinstance(i, ChapterItem)]
    assert [(c.title, c.introduction) for c in found] == [("A week in Damascus", "Words before.")]
    article = f"{title}\n\n15 July 2012 – The city was quiet."
    (update,) = (i for i in read(article) if isinstance(i, Update))
    assert update.versions[0].title == "A week in Damascus"
    assert "Damascus" not in (update.versions[0].body or "")
    three = [i for i in read(f"A\nB\nC\n\n{days}") if isinstance(i, ChapterItem)]
    assert all(c.title != "A B" for c in three)


def test_a_page_across_new_year_newest_first_without_years() -> None:
    """Each day is before the one above it."""
    page = "2 January\nD.\n\n1 January\nC.\n\n31 December\nB.\n\n30 December\nA."
    days = [day for day, _ in told(read(page, year=2013))]
    assert days == ["2013-01-02", "2013-01-01", "2012-12-31", "2012-12-30"]


# -- whole chronicles ------------------------------------------------------------------------------

HEADING = {
    "fr": re.compile(r"^\w+ \d+ juillet(?: 2012)? : ", re.MULTILINE),
    "en": re.compile(r"^\w+day \d+ September(?: 2012)?: ", re.MULTILINE),
    "ar": re.compile(r"^\w+ \d+ أبريل(?: 2012)?: ", re.MULTILINE),
}
FIRST = {"fr": date(2012, 7, 15), "en": date(2012, 9, 9), "ar": date(2012, 4, 8)}
TIME = re.compile(r"^(?:\d+ h \d\d : |\d+(?:\.\d\d)? [ap]m - )", re.MULTILINE)
END = re.compile(r"^(?:Conclusion|خاتمة)$", re.MULTILINE)


@pytest.mark.parametrize("language", ["fr", "en", "ar"])
def test_a_chronicle_comes_back_day_by_day(tmp_path: Path, language: str) -> None:
    """Every word of every day, in its order, in that day's digest; so before and after them."""
    text = (FOLDER / f"{language}.txt").read_text("utf-8")
    blog = Blog.init(tmp_path, title="Essai", language=language, timezone="Europe/Paris")
    items = list(
        chronicle(lines_of(FOLDER / f"{language}.txt"), zone=PARIS, language=language, today=TODAY)
    )
    result = blog.import_items(items, source="text")
    # The place of a picture is told, and a time within a sentence; nothing else is doubtful.
    pictures = len(re.findall(r"^(?:Image|صورة)$", text, re.MULTILINE))
    assert pictures
    others = [p for p in result.problems if not p.what.startswith("times within a sentence")]
    assert len(others) == pictures
    cut = END.search(text)
    assert cut
    story, close = text[: cut.start()], text[cut.start() :]
    introduction, *days = HEADING[language].split(story)
    assert len(days) >= 7
    for number, expected in enumerate(days):
        digest = blog.digest((FIRST[language] + timedelta(days=number)).isoformat())
        written = [*digest.headlines] if digest.framing else []
        written += [entry.now.body for entry in digest.entries]
        assert bare(" ".join(written)) == bare(TIME.sub("", expected))
    (chapter,) = (item for item in items if isinstance(item, ChapterItem))
    assert bare(f"{chapter.title} {chapter.introduction}") == bare(introduction)
    assert bare(chapter.close) == bare(END.sub("", close))


def test_times_are_those_of_the_text(tmp_path: Path) -> None:
    """What has one stands there, what has none first; "In the afternoon" follows a time."""
    items = chronicle(lines_of(FOLDER / "en.txt"), zone=PARIS, language="en", today=TODAY)
    sunday = [i for i in items if isinstance(i, Update) and i.key.startswith("2012-09-09")]
    times = [i.versions[0].published.instant.astimezone(PARIS).strftime("%H:%M") for i in sunday]
    assert times == ["00:00", "08:20", "11:45", "15:00"]


# -- what is wrong is told by line -----------------------------------------------------------------

PLANTED = """\
A week with mistakes

Sunday 15 July 2012: The first day

All is well here.

Monday 32 July 2012: No such day

This stands under no day.

Wednesday 17 July 2012: No Wednesday

The seventeenth was a Tuesday.

Thursday 19 July 2012

25:99 - No clock shows this.

Friday 20 July 2012: A day without a text

Thursday 19 July 2012

More of the Thursday.

Saturday 21 July 2012

A bell\a rings.
"""


def test_what_is_wrong_is_reported_by_line() -> None:
    """Each planted mistake, where it stands; and no word of the text is lost."""
    items = read(PLANTED)
    places = dict(problems(items))
    assert "lines 7–9" in places or "line 7" in " ".join(places)
    assert any("11" in place for place in places), places
    assert any(place.startswith("line 17") for place in places), places
    assert any(place.startswith("line 27, column 7") for place in places), places
    days = told(items)
    assert ("2012-07-15", "All is well here.") in days
    assert ("2012-07-19", "More of the Thursday.") in days
    assert any("A bell rings." in body for _, body in days)
    taken = " ".join(body for _, body in days) + " ".join(headlines(items).values())
    for line in PLANTED.replace("\a", "").splitlines()[4:]:
        where = [place for place, _ in problems(items)]
        is_told = line.strip() in taken or not line.strip() or line[-9:] in taken
        number = PLANTED.replace("\a", "").splitlines().index(line) + 1
        assert is_told or any(_covers(place, number) for place in where) or "2012" in line, line


def _covers(place: str, number: int) -> bool:
    found = [int(n) for n in re.findall(r"\d+", place.partition(",")[0])]
    return bool(found) and found[0] <= number <= found[-1]


def test_a_date_with_two_readings_is_not_guessed() -> None:
    """Both readings are reported and neither is used, unless the user or another date decides."""
    text = "03/04/2012\n\nA fact.\n"
    items = read(text)
    assert told(items) == []
    ((_, what),) = problems(items)
    assert "3 April 2012 or 4 March 2012" in what
    asked: list[str] = []

    def ask(question: str, choices: Sequence[str]) -> str:
        asked.append(question)
        return next(choice for choice in choices if "4 March" in choice)

    assert told(read(text, ask=ask)) == [("2012-03-04", "A fact.")]
    assert len(asked) == 1
    assert told(read(text, language="fr")) == [("2012-04-03", "A fact.")]
    settled = read(text + "\n25/04/2012\n\nAnother.\n")
    assert told(settled) == [("2012-04-03", "A fact."), ("2012-04-25", "Another.")]


@pytest.mark.parametrize(
    ("heading", "options", "day"),
    [
        ("Sunday 15 July", {"today": date(2012, 8, 1)}, "2012-07-15"),
        ("Sunday 15 July", {"today": date(2015, 1, 1)}, "2012-07-15"),  # the nearest that agrees
        ("15 July", {"year": 2012}, "2012-07-15"),
        ("15/07", {"year": 2012}, "2012-07-15"),
        ("2012-07-15", {}, "2012-07-15"),
        ("## 15 July 2012", {}, "2012-07-15"),
        ("July 15, 2012", {}, "2012-07-15"),
        ("Dimanche 15 juillet 2012", {}, "2012-07-15"),
        ("Sonntag, 15. Juli 2012", {}, "2012-07-15"),
        ("domingo 15 de julio de 2012", {}, "2012-07-15"),
        ("الأحد 15 يوليو 2012", {}, "2012-07-15"),
        ("الأحد ١٥ تموز ٢٠١٢", {}, "2012-07-15"),
    ],
)
def test_headings_in_many_forms(heading: str, options: dict[str, object], day: str) -> None:
    """Whatever the blog's language; the year from the weekday where the heading says none."""
    assert told(read(f"{heading}\n\nA fact.\n", **options)) == [(day, "A fact.")]


def test_a_year_continues_after_new_year() -> None:
    """A heading without a year follows the one before it."""
    items = read("30 December 2011\n\nA.\n\n31 December\n\nB.\n\n1 January\n\nC.\n")
    assert [day for day, _ in told(items)] == ["2011-12-30", "2011-12-31", "2012-01-01"]


@pytest.mark.parametrize("body", ["\n\nThe text.", "\nThe text.", "\n\n14:30 The text."])
def test_the_rest_of_a_heading_is_the_days_headline(body: str) -> None:
    """Where the text is set apart, or begins like one."""
    items = read(f"Sunday 15 July 2012: The battle begins{body}\n")
    assert headlines(items) == {"2012-07-15": "The battle begins"}
    assert told(items) == [("2012-07-15", "The text.")]


def test_a_sentence_behind_a_heading_begins_the_text() -> None:
    """It ends with a full stop, or goes on in the next line."""
    for rest in ("The battle began.", "The battle which began\nin the night goes on"):
        items = read(f"Sunday 15 July 2012: {rest}\n")
        assert headlines(items) == {}
        assert [bare(body) for _, body in told(items)] == [bare(rest)]


@pytest.mark.parametrize("day", ["2012-03-25", "2012-10-28"])
def test_the_nights_of_a_clock_change(day: str) -> None:
    """In the order of the text, within the day; a skipped time is reported."""
    hours = ["00:30", "01:30", "02:30", "03:30"] + (["02:45"] if day > "2012-05" else [])
    text = "".join(f"{hour} Fact {n}.\n\n" for n, hour in enumerate(hours[:4]))
    items = read(f"{day}\n\n{text}")
    updates = [i for i in items if isinstance(i, Update)]
    instants = [i.versions[0].published.instant for i in updates]
    assert instants == sorted(instants)
    assert {i.astimezone(PARIS).date().isoformat() for i in instants} == {day}
    assert len(problems(items)) == (day < "2012-05")


def test_a_text_without_days_is_reported() -> None:
    """With what a heading looks like."""
    ((where, what),) = problems(read("Nothing here\n\nhas a date.\n"))
    assert where == "lines 1–3"
    assert "no line is the heading of a day" in what


def test_a_source_and_a_picture_are_recognised() -> None:
    """The source becomes the update's; a bare link stays; the picture is reported."""
    items = read(
        "15 July 2012\n\nA fact.\n\nhttps://example.org/a\n\nImage\n\nSource: The council\n"
    )
    (update,) = (i for i in items if isinstance(i, Update))
    assert [s.name for s in (update.versions[0].sources or ())] == ["The council"]
    assert "https://example.org/a" in (update.versions[0].body or "")
    assert problems(items)[0][0] == "line 7"


@pytest.mark.parametrize("address", ["http://[::1", "http://a\u2100b/x"])
def test_a_source_whose_address_is_none_is_named_by_it(address: str) -> None:
    """It stops nothing."""
    items = read(f"15 July 2012\n\nA fact.\n\nSource: {address}\n")
    (update,) = (i for i in items if isinstance(i, Update))
    assert [(s.name, s.url) for s in (update.versions[0].sources or ())] == [(address, address)]


def test_a_very_long_day_is_cut_into_updates_that_fit() -> None:
    """At its spaces, with nothing missing."""
    text = " ".join(f"word{n}" for n in range(40_000))
    items = read(f"15 July 2012\n\n{text}\n")
    days = told(items)
    assert len(days) > 1
    assert max(len(body.encode()) for _, body in days) <= 100_000
    assert " ".join(body for _, body in days).split() == text.split()


@pytest.mark.parametrize(
    "data",
    [b"\xff\xfe\x00", "Dimanche 15 juillet : é".encode("latin-1"), b"x" * 2_000_000],
    ids=["utf-16", "latin-1", "one endless line"],
)
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes) -> None:
    """Whole, with a way to put it right."""
    path = tmp_path / "file.txt"
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match=r"line|UTF-8"):
        list(chronicle(lines_of(path), zone=PARIS, language="fr", today=TODAY))


def test_ends_of_lines_and_a_mark_at_the_start_do_not_matter(tmp_path: Path) -> None:
    """As Windows writes them."""
    path = tmp_path / "file.txt"
    path.write_bytes("\ufeff15 July 2012\r\n\r\nA fact.\r\n".encode())
    items = list(chronicle(lines_of(path), zone=PARIS, language="en", today=TODAY))
    assert told(items) == [("2012-07-15", "A fact.")]


# -- whatever is written ---------------------------------------------------------------------------

STYLES = ("weekday", "no year", "numbers", "iso")
WORDS = st.sampled_from(
    ["fact", "pont", "Brücke", "niño", "الجسر", "and", "zwölf", "l’eau", "« x »", "(y)", "word,"]
)
PARAGRAPH = st.lists(WORDS, min_size=4, max_size=30).map(" ".join).map(lambda text: f"{text} end.")
DAYS = st.lists(st.lists(PARAGRAPH, min_size=1, max_size=4), min_size=1, max_size=6)


def heading(of: date, language: str, style: str) -> str:
    """Write the heading of a day in a style."""
    match style:
        case "weekday":
            return Words(language, PARIS).day(of, year=True)
        case "no year":
            return Words(language, PARIS).day(of)
        case "numbers":
            return f"{of:%m/%d/%Y}" if language == "en" else f"{of:%d/%m/%Y}"
        case _:
            return of.isoformat()


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "fr", "de", "es", "ar"])
@pytest.mark.parametrize("style", STYLES)
@tries(10, ci=25)
@given(days=DAYS, start=st.integers(0, 4000))
def test_whatever_is_exported_can_be_imported(
    language: str, style: str, days: list[list[str]], start: int
) -> None:
    """In each language and style: every day's paragraphs, in order, nothing missing."""
    first = date(2010, 1, 1) + timedelta(days=start)
    if style == "numbers" and language == "en":
        first = first.replace(day=13)  # it and those after it can be read in one way only
    parts = []
    for number, paragraphs in enumerate(days):
        of = first + timedelta(days=number)
        parts += [heading(of, language, style), *paragraphs]
    items = read("\n\n".join(parts), language=language, today=first + timedelta(days=30))
    # How the year was found is told, for somebody may know better.
    assert [where for where, _ in problems(items)] == ["line 1"] * (style == "no year")
    found: dict[str, list[str]] = {}
    for day, body in told(items):
        found.setdefault(day, []).append(plain(to_html(body)))
    assert {day: bare(" ".join(bodies)) for day, bodies in found.items()} == {
        (first + timedelta(days=n)).isoformat(): bare(" ".join(paragraphs))
        for n, paragraphs in enumerate(days)
    }


def test_the_same_text_brought_in_twice_is_once(tmp_path: Path) -> None:
    """And one that was extended adds only what is new, and revises its chapter."""
    blog = Blog.init(tmp_path, title="Essai", clock=Clock("2013-01-01T00:00:00Z"))
    text = (FOLDER / "en.txt").read_text("utf-8")
    start = text[: text.index("Friday 14")]
    for part, expected in ((start, (14, 0)), (start, (0, 0)), (text, (4, 1)), (text, (0, 0))):
        items = read(part, zone=ZoneInfo("UTC"))
        result = blog.import_items(items, source="text en.txt")
        assert (result.entries, result.revisions) == expected
