"""Days and times of chronicles as people write them in five languages; nothing is misfiled."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog.imports import ChapterItem, FramingItem, Item, Problem, Update
from liveblog.imports.chronicle import chronicle

from ..conftest import tries

PARIS = ZoneInfo("Europe/Paris")
TODAY = date(2026, 3, 1)


def read(text: str, language: str = "fr", **options: object) -> list[Item]:
    """Read a chronicle, in Paris."""
    given: dict[str, object] = {"zone": PARIS, "language": language, "today": TODAY}
    return list(chronicle(lambda: text.splitlines(), **(given | options)))  # type: ignore[arg-type]


def times(items: Sequence[Item]) -> list[tuple[str, str, str]]:
    """Return the local time, the time as it is written and the body of each update."""
    found = []
    for item in items:
        if isinstance(item, Update):
            version = item.versions[0]
            moment = version.published
            local = moment.instant.astimezone(PARIS)
            shown = f"{local:%Y-%m-%d}" if moment.precision == "day" else f"{local:%m-%d %H:%M}"
            found.append((shown, moment.written_time, str(version.body or version.title)))
    return found


def reports(items: Sequence[Item]) -> list[Problem]:
    """Return the problems of a chronicle."""
    return [item for item in items if isinstance(item, Problem)]


# -- times -----------------------------------------------------------------------------------------

TIMES = [
    ("10 h 15 : Le bac.", "10:15", "", "Le bac."),
    ("10h15 – Le bac.", "10:15", "", "Le bac."),
    ("10 h 30 le maire parle.", "10:30", "", "le maire parle."),
    ("À 11 h, la porte s'ouvre.", "11:00", "", "À 11 h, la porte s'ouvre."),
    ("À onze heures, la porte s'ouvre.", "11:00", "", "À onze heures, la porte s'ouvre."),
    ("Midi : la cloche sonne.", "12:00", "Midi", "la cloche sonne."),
    ("Vers 13 h : la pluie.", "13:00", "Vers 13 h", "la pluie."),
    ("Vers 13 h, la pluie tombe.", "13:00", "Vers 13 h", "Vers 13 h, la pluie tombe."),
    ("15h30 (heure locale) : la suite.", "15:30", "15h30 (heure locale)", "la suite."),
    ("15h30 (heure de Paris) : la suite.", "15:30", "", "la suite."),
    ("17:20 ana : la mer", "17:20", "", "ana : la mer"),
    ("Midi La cloche sonne.", "12:00", "Midi", "La cloche sonne."),
    ("Minuit : silence.", "00:00", "Minuit", "silence."),
    ("Dans la nuit, le vent tombe.", "03:00", "Dans la nuit", "Dans la nuit, le vent tombe."),
    ("De 10 h à 11 h : la marée.", "10:00", "De 10 h à 11 h", "la marée."),
    ("10 h 15, la marée monte.", "10:15", "", "10 h 15, la marée monte."),
    ("[14:32] <ana> hello", "14:32", "", "\\<ana> hello"),
    ("**14:32** hello", "14:32", "", "hello"),
    ("14:32 – The gate opens.", "14:32", "", "The gate opens."),
    ("9am: The gate opens.", "09:00", "", "The gate opens."),
    ("9.30 a.m. The gate opens.", "09:30", "", "The gate opens."),
    ("At around 6 p.m. local time, it rains.", "18:00", "At around 6 p.m. local time",
     "At around 6 p.m. local time, it rains."),
    ("Half past six: rain.", "06:30", "", "rain."),
    ("Around noon – rain.", "12:00", "Around noon", "rain."),
    ("10–11 am: rain.", "10:00", "10–11 am", "rain."),
    ("10:15 UTC: rain.", "12:15", "", "rain."),
    ("10:15 UTC+2: rain.", "10:15", "", "rain."),
    ("10.15 Uhr: Regen.", "10:15", "", "Regen."),
    ("Gegen 13 Uhr fiel der Strom aus.", "13:00", "Gegen 13 Uhr",
     "Gegen 13 Uhr fiel der Strom aus."),
    ("Um halb sieben: Regen.", "06:30", "", "Regen."),
    ("Am frühen Abend: Regen.", "19:00", "Am frühen Abend", "Regen."),
    ("A mediodía: lluvia.", "12:00", "A mediodía", "lluvia."),
    ("A las 6 de la tarde, llueve.", "18:00", "", "A las 6 de la tarde, llueve."),
    ("Hacia las 13:00: lluvia.", "13:00", "Hacia las 13:00", "lluvia."),
    ("الساعة ١٠:٣٠ – مطر.", "10:30", "", "مطر."),
    ("نحو الساعة العاشرة صباحًا: مطر.", "10:00", "نحو الساعة العاشرة صباحًا", "مطر."),
    ("ظهرًا: مطر.", "12:00", "ظهرًا", "مطر."),
]  # fmt: skip


@pytest.mark.parametrize(("line", "clock", "written", "body"), TIMES)
def test_a_time_that_begins_a_paragraph_begins_an_update(
    line: str, clock: str, written: str, body: str
) -> None:
    """An exact one by the clock, a vague one in its words; a sentence stays whole."""
    items = read(f"Dimanche 15 juillet 2012\n\n{line}\n")
    assert times(items) == [(f"07-15 {clock}", written, body)]
    assert reports(items) == []


@pytest.mark.parametrize(
    "line",
    [
        "9h de combats ont suivi.",
        "18.04 millions de personnes.",
        "La nuit tombe sur le port.",
        "Une heure plus tard, tout est calme.",
        "Two hours later the gate opens.",
        "A man of 10 walks by.",
        "À 3 km du port, rien.",
    ],
)
def test_a_span_of_time_begins_no_update(line: str) -> None:
    """Nor does any other number."""
    items = read(f"Dimanche 15 juillet 2012\n\n10 h : Un fait.\n\n{line}\n")
    assert times(items) == [("07-15 10:00", "", f"Un fait.\n\n{line}")]
    assert reports(items) == []


def test_a_sentence_that_was_wrapped_begins_no_update() -> None:
    """A line that goes on in the next one."""
    text = "Le bateau qui devait partir ce dimanche de la jetée du port\nà 10 h, est resté à quai."
    ((_, _, body),) = times(read(f"15 juillet 2012\n\n{text}\n"))
    assert body == text


CHATS = [
    "15/07/2012, 14:32 - Ana: hello\n15/07/2012, 14:33 - Bob: late\n"
    "16/07/2012, 09:01 - Ana: left\n",
    "[15/07/2012, 14:32:00] Ana: hello\n[15/07/2012, 14:33:00] Bob: late\n"
    "[16/07/2012, 09:01:00] Ana: left\n",
    "2012-07-15T14:32:00+02:00 Ana: hello\n2012-07-15T12:33:00Z Bob: late\n"
    "2012-07-16T09:01:00+02:00 Ana: left\n",
    "2012-07-15\n14:32 Ana: hello\n14:33 Bob: late\n2012-07-16\n09:01 Ana: left\n",
]


@pytest.mark.parametrize("text", CHATS)
def test_the_lines_of_a_chat_are_updates(text: str) -> None:
    """Whatever the program wrote before each."""
    items = read(text)
    assert times(items) == [
        ("07-15 14:32", "", "Ana: hello"),
        ("07-15 14:33", "", "Bob: late"),
        ("07-16 09:01", "", "Ana: left"),
    ]
    assert reports(items) == []


def test_midnight_and_the_night_after_other_times_end_the_day() -> None:
    """They stay on their day, in the order of the text, and the report says so."""
    text = "15 juillet 2012\n\n22 h : A.\n\nDans la nuit : B.\n\nMinuit : C.\n"
    items = read(text)
    assert [(at, written) for at, written, _ in times(items)] == [
        ("07-15 22:00", ""), ("07-15 23:00", "Dans la nuit"), ("07-15 23:59", "Minuit")
    ]  # fmt: skip
    assert [problem.where for problem in reports(items)] == ["line 5", "line 7"]


# -- headings --------------------------------------------------------------------------------------

SEVERAL = [
    ("Du 27 au 29 septembre 2014", "fr"),
    ("Du samedi 27 au lundi 29 septembre 2014", "fr"),
    ("Samedi 27 et dimanche 28 septembre 2014", "fr"),
    ("27, 28 et 29 septembre 2014", "fr"),
    ("Du 27 septembre au 2 octobre 2014", "fr"),
    ("27-29 September 2014", "en"),
    ("September 27-29, 2014", "en"),
    ("From 27 September to 2 October 2014", "en"),
    ("Vom 27. bis 29. September 2014", "de"),
    ("27./28. September 2014", "de"),
    ("27 y 28 de septiembre de 2014", "es"),
    ("Del 27 al 29 de septiembre de 2014", "es"),
    ("من 27 إلى 29 سبتمبر 2014", "ar"),
    ("٢٧ و٢٨ سبتمبر ٢٠١٤", "ar"),
    ("2014-09-27 – 2014-09-29", "en"),
    ("27/09/2014 - 29/09/2014", "fr"),
]


@pytest.mark.parametrize(("heading", "language"), SEVERAL)
def test_several_days_are_an_update_of_the_first(heading: str, language: str) -> None:
    """Its title keeps the words of the heading; the report names the line."""
    items = read(f"26.09.2014\n\nA.\n\n{heading}: Der Damm\n\nB.\n\n04.10.2014\n\nC.\n", language)
    assert times(items) == [("2014-09-26", "", "A."), ("2014-09-27", "", "B."),
                            ("2014-10-04", "", "C.")]  # fmt: skip
    titles = [str(item.versions[0].title) for item in items if isinstance(item, Update)]
    assert titles[1] == f"{heading}: Der Damm"
    (problem,) = reports(items)
    assert problem.where == "line 5"
    assert heading in problem.what


@pytest.mark.parametrize(
    ("heading", "first"),
    [
        ("Du 30 décembre au 2 janvier 2012", "2011-12-30"),
        ("Du 30 au 2 janvier 2012", "2011-12-30"),
        ("Du 30 au 2 octobre 2012", "2012-09-30"),
        ("Vom 30. bis 2. Oktober 2012", "2012-09-30"),
    ],
)
def test_days_across_months_and_years(heading: str, first: str) -> None:
    """The first is in the month or year before the last, also where it is not named."""
    items = read(f"{heading} : Les vagues.\n")
    assert times(items) == [(first, "", "Les vagues.")]


def test_a_chapter_reaches_to_the_last_of_its_days() -> None:
    """Also where its last heading is a night or several days, whose updates it holds."""
    for heading, last in (
        ("Nuit du 16 au 17 juillet", "2012-07-17"), ("Du 16 au 19 juillet", "2012-07-19")
    ):  # fmt: skip
        text = f"La tempête\n\nUne synthèse.\n\n15 juillet 2012 : A.\n\n{heading} :\n\nB.\n"
        (chapter,) = (item for item in read(text) if isinstance(item, ChapterItem))
        assert chapter.period == f"2012-07-15..{last}"


@pytest.mark.parametrize(
    ("heading", "language"),
    [
        ("Nuit du 27 au 28 septembre 2014", "fr"),
        ("Night of 27–28 September 2014", "en"),
        ("In der Nacht vom 27. auf den 28. September 2014", "de"),
        ("Noche del 27 al 28 de septiembre de 2014", "es"),
        ("ليلة 27-28 سبتمبر 2014", "ar"),
    ],
)
def test_a_night_ends_its_first_day(heading: str, language: str) -> None:
    """Its own text is shown under its words; its times are of the day that they are on."""
    text = f"27.09.2014\n\n20:00 – A.\n\n{heading}\n\nB.\n\n23:30 – C.\n\n02:00 – D.\n"
    items = read(f"{text}\n28.09.2014\n\n08:00 – E.\n", language)
    assert times(items) == [
        ("09-27 20:00", "", "A."),
        ("09-27 21:00", heading, "B."),
        ("09-27 23:30", "", "C."),
        ("09-28 02:00", "", "D."),
        ("09-28 08:00", "", "E."),
    ]
    (problem,) = reports(items)
    assert problem.where == "line 5"


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Journée du 27 septembre 2014 :", ("2014-09-27", "")),
        ("Jour 3 – samedi 27 septembre 2014", ("2014-09-27", "")),
        ("Day 3 (27 September 2014):", ("2014-09-27", "")),
        ("Matinée du 27 septembre 2014 :", ("09-27 09:00", "Matinée")),
        ("Evening of 27 September 2014:", ("09-27 20:00", "Evening")),
        ("Nacht zum 27. September 2014:", ("09-27 03:00", "Nacht")),
        ("20140927:", ("2014-09-27", "")),
        ("27-Sep-2014:", ("2014-09-27", "")),
        ("=== 27 septembre 2014 ===", ("2014-09-27", "")),
        ("27 septembre 2014, vers 13 h :", ("09-27 13:00", "vers 13 h")),
        ("Le 27 septembre 2014 au soir :", ("09-27 20:00", "au soir")),
    ],
)
def test_words_around_a_date(heading: str, expected: tuple[str, str]) -> None:
    """A heading with words before or after its date; a part of the day is a time."""
    items = read(f"{heading}\n\nUn fait.\n")
    assert times(items) == [(*expected, "Un fait.")]
    assert reports(items) == []


def test_a_weekday_and_a_number_are_of_the_month_before() -> None:
    """Or of the next one; the newest may come first."""
    for days in (["2012-07-30", "2012-07-31", "2012-08-01"], ["2012-08-01", "2012-07-31"]):
        first, *others = (date.fromisoformat(day) for day in days)
        weekdays = GRAMMARS["fr"].weekdays.split()
        lines = [f"{first:%d/%m/%Y}\n\nA.\n"]
        lines += [f"{weekdays[day.weekday()].capitalize()} {day.day} : A.\n" for day in others]
        items = read("\n".join(lines))
        assert [shown for shown, _, _ in times(items)] == days
        timed = read("\n".join(lines).replace(" : A.", ", 10 h : A."))
        assert [shown for shown, _, _ in times(timed)][1:] == [
            f"{day[5:]} 10:00" for day in days[1:]
        ]
        assert reports(items) == []


# -- the year --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "year"),
    [
        # Weekdays agree in 2012, 2018 and other years; the text names a full date of one.
        ("Dimanche 15 juillet : A.\n\nLundi 16 juillet : B, dit-on le 20 juillet 2012.\n", 2012),
        ("Dimanche 15 juillet : A.\n\nLundi 16 juillet : B.\n", 2018),
        # Without weekdays, a year in the text is taken.
        ("L'été 2013\n\n15 juillet : A.\n\n16 juillet : B.\n", 2013),
        ("15 juillet : A.\n\n16 juillet : B, comme en 2013.\n", 2013),
        # A date of the same days beats one of other events, and weekdays beat both.
        ("Depuis le 11 mars 2011\n\n15 juillet : A le 20 juillet 2013.\n\n16 juillet : B.\n", 2013),
        ("Depuis mars 2011\n\nDimanche 15 juillet : A.\n\nLundi 16 juillet : B.\n", 2018),
    ],
)
def test_the_year_that_the_text_says(text: str, year: int) -> None:
    """Before a guess; the report says which and why."""
    items = read(text)
    assert {shown[:4] for shown, _, _ in times(items)} == {str(year)}
    assert str(year) in reports(items)[0].what
    if year != 2018:
        assert "which the text" in reports(items)[0].what


# -- advice ----------------------------------------------------------------------------------------

ADVICE = [
    # The text, what the report says, what its advice makes of the text, and the times then.
    ("15 juillet 2012\n\nA.\n\nLe lendemain, B.\n", "another day",
     lambda text, hint: text.replace("Le lendemain", f"{quoted(hint)}\n\nLe lendemain"),
     ["2012-07-15", "2012-07-16"]),
    ("15 juillet 2012\n\nA.\n\nLundi : B.\n", "another day",
     lambda text, hint: text.replace("Lundi", f"{quoted(hint)}\n\nLundi"),
     ["2012-07-15", "2012-07-16"]),
    ("15 juillet 2012\n\nA.\n\nLe 17 : B.\n", "another day",
     lambda text, hint: text.replace("Le 17", f"{quoted(hint)}\n\nLe 17"),
     ["2012-07-15", "2012-07-17"]),
    ("15 juillet 2012\n\nA.\n\nLe 17 juillet, B.\n", "another day",
     lambda text, hint: text.replace("Le 17", f"{quoted(hint)}\n\nLe 17"),
     ["2012-07-15", "2012-07-17"]),
    ("15 juillet 2012\n\nA.\n\nSuite du 17 juillet : B.\n", "another day",
     lambda text, hint: text.replace("Suite", f"{quoted(hint)}\n\nSuite"),
     ["2012-07-15", "2012-07-17"]),
    ("15 juillet 2012\n\nA.\n\n9 h le maire parle.\n", "may be the time",
     lambda text, hint: text.replace("9 h ", quoted(hint)),
     ["2012-07-15", "07-15 09:00"]),
    ("15 juillet 2012\n\nA.\n\nMidi sonne.\n", "may be the time",
     lambda text, hint: text.replace("Midi", f"{quoted(hint)}Midi"),
     ["2012-07-15", "07-15 12:00"]),
    ("15 juillet 2012\n\nA.\n\n18.04 : B.\n", "may be the time",
     lambda text, hint: text.replace("18.04 : ", quoted(hint)),
     ["2012-07-15", "07-15 18:04"]),
    ("15 juillet 2012\n\n25:99 : B.\n", "no clock shows",
     lambda text, hint: text.replace("25:99", "23:59"), ["07-15 23:59"]),
    ("15 juillet 2012\n\n10:00 (heure de Damas) : B.\n", "time zone",
     lambda text, hint: text.replace("10:00 (heure de Damas)", quoted(hint)), ["07-15 12:00"]),
    ("15 juillet 2012\n\nA.\n\n23:30 UTC : B.\n", "it is 01:30 on 2012-07-16",
     lambda text, hint: text.replace("23:30 UTC", f"16 juillet 2012\n\n{quoted(hint)}"),
     ["2012-07-15", "07-16 01:30"]),
    ("15 juillet 2012\n\n23 h : A.\n\n1 h : B.\n", "follows a later time",
     lambda text, hint: text.replace("1 h", "16 juillet\n\n1 h"), ["07-15 23:00", "07-16 01:00"]),
    ("15 juillet 2012\n\n23 h : A.\n\nMinuit : B.\n", "the end of 2012-07-15",
     lambda text, hint: "15 juillet 2012\n\nMinuit : B.\n\n23 h : A.\n",
     ["07-15 00:00", "07-15 23:00"]),
    ("Du 15 au 16 juillet 2012\n\nA.\n", "several days",
     lambda text, hint: text.replace("A.", "15 juillet 2012\n\nA.\n\n16 juillet\n\nB."),
     ["2012-07-15", "2012-07-16"]),
    ("Du 15 au 16 juillet 2012\n\nA.\n\n10 h : B.\n", "under a heading of several days",
     lambda text, hint: text.replace("10 h", "16 juillet 2012\n\n10 h"),
     ["2012-07-15", "07-16 10:00"]),
    ("Du 16 au 15 juillet 2012\n\nA.\n", "ends before it begins",
     lambda text, hint: text.replace("16 au 15", "15 au 16"), ["2012-07-15"]),
    ("25 mars 2012\n\n2 h 30 : A.\n", "skip it",
     lambda text, hint: text.replace("2 h", "4 h"), ["03-25 04:30"]),
    ("15 juillet : A.\n", "no day heading says its year",
     lambda text, hint: text.replace("15 juillet", "15 juillet 2012"), ["2012-07-15"]),
]  # fmt: skip


def quoted(hint: str) -> str:
    """Return the text that a hint tells to write."""
    return hint.partition("'")[2].rpartition("'")[0]


ADVICE += [
    ("15 juillet 2012\n\nA.\n\nLundi, B.\n", "another day",
     lambda text, hint: text.replace("Lundi", f"{quoted(hint)}\n\nLundi"),
     ["2012-07-15", "2012-07-16"]),
    ("15 juillet 2012\n\nA.\n\nDébut août : B.\n", "another day",
     lambda text, hint: text.replace("Début", f"{quoted(hint)}\n\nDébut"),
     ["2012-07-15", "2012-07-16"]),
    ("15 juillet 2012\n\nA.\n\nTrois jours plus tard, B.\n", "another day",
     lambda text, hint: text.replace("Trois", f"{quoted(hint)}\n\nTrois"),
     ["2012-07-15", "2012-07-16"]),
    ("15 juillet 2012\n\nA.\n\nDimanche soir : B.\n", "may be the time",
     lambda text, hint: text.replace("Dimanche", f"{quoted(hint)}Dimanche"),
     ["2012-07-15", "07-15 20:00"]),
    ("15 juillet 2012\n\nA.\n\n2030: B.\n", "may be the time",
     lambda text, hint: text.replace("2030: ", quoted(hint)), ["2012-07-15", "07-15 20:30"]),
    ("15 juillet 2012 : A.\n\nMardi 17 juillet 2012, B.\n", "may head a day",
     lambda text, hint: text.replace("2012, B", "2012 : B"), ["2012-07-15", "2012-07-17"]),
    ("15 juillet 2012 : A.\n\nMardi 17 juillet 2012, B.\n", "may head a day",
     lambda text, hint: text.replace("Mardi", "## Mardi"), ["2012-07-15", "2012-07-17"]),
    ("Lundi 15 juillet 2012 : A.\n", "weekday and date disagree",
     lambda text, hint: text.replace("Lundi", "Dimanche"), ["2012-07-15"]),
    ("32 juillet 2012 : A.\n", "is in no calendar",
     lambda text, hint: text.replace("32", "31"), ["2012-07-31"]),
    ("15 juillet 2012\n\n10 h :\n\n11 h : B.\n", "there is no text",
     lambda text, hint: text.replace("10 h :", "10 h : A."), ["07-15 10:00", "07-15 11:00"]),
    ("Rien.\n", "no line is the heading of a day",
     lambda text, hint: f"{quoted(hint)}\n\nRien.\n", ["2012-07-15"]),
    ("Du 15 au 16 juillet 2012\n\nA.\n\n16 juillet, 9 h le maire.\n", "may be",
     lambda text, hint: text.replace("16 juillet, 9 h le", "16 juillet 2012\n\n9 h : le"),
     ["2012-07-15", "07-16 09:00"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "what", "follow", "expected"), ADVICE)
def test_advice_can_be_followed(
    text: str, what: str, follow: Callable[[str, str], str], expected: list[str]
) -> None:
    """And gives the result that it promises, without another report about it."""
    problem = next(problem for problem in reports(read(text)) if what in problem.what)
    items = read(follow(text, problem.hint))
    assert [shown for shown, _, _ in times(items)] == expected
    assert not any(what in left.what for left in reports(items)) or what == "several days"


# -- whatever people write -------------------------------------------------------------------------


@dataclass(frozen=True)
class Grammar:
    """How people write days and times in a language; independent of the importer's tables."""

    months: str
    weekdays: str
    days: tuple[str, ...]  #: ``{w}`` weekday, ``{d}`` day, ``{m}`` month, ``{y}`` year
    several: tuple[str, ...]  #: ``{d}`` and ``{e}`` of one month
    exact: tuple[str, ...]  #: ``{h}`` hour, ``{mm}`` minutes, ``{h12}`` and ``{half}``
    vague: tuple[tuple[str, int | None], ...]  #: with the hour; None for that of ``{h}``
    nights: tuple[str, ...]  #: ``{d}`` and ``{e}`` of one month
    monthless: tuple[str, ...]  #: ``{w}`` and ``{d}``, after another heading
    elsewhere: tuple[str, ...]  #: lines that name another day


GRAMMARS = {
    "fr": Grammar(
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        ("{w} {d} {m} {y} :", "{d} {m} {y}", "Le {d} {m} {y} :", "{W} {d} {m} {y} –",
         "## {w} {d} {m} {y}", "Journée du {w} {d} {m} {y} :", "{d}/{nn}/{y}"),
        ("Du {d} au {e} {m} {y} :", "Les {d} et {e} {m} {y} :", "{d}-{e} {m} {y}"),
        ("{h} h {mm} :", "{h}h{mm} –", "À {h} h {mm},", "{h}:{mm}", "{h} h {mm} le", "**{h}h{mm}**",
         "[{h}:{mm}]", "{h} h {mm}, le", "{h} h {mm}.", "À {h} h {mm} le"),
        (("Vers {h} h :", None), ("Vers {h} h,", None), ("Midi :", 12), ("À midi,", 12),
         ("Aux alentours de {h} h, le", None), ("Un peu avant {h} h, le", None)),
        ("Nuit du {d} au {e} {m} {y} :", "Dans la nuit du {d} au {e} {m} {y} :"),
        ("{W} {d} :", "{w} {d} –"),
        ("Le lendemain, le", "Le surlendemain, le", "Trois jours plus tard, le"),
    ),
    "en": Grammar(
        "January February March April May June July August September October November December",
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        ("{w} {d} {m} {y}:", "{m} {d}, {y}", "{w}, {m} {d}, {y} –", "On {d} {m} {y}:",
         "## {d} {m} {y}", "Day 3 – {d} {m} {y}", "{y}-{nn}-{dd}"),
        ("From {d} to {e} {m} {y}:", "{d}–{e} {m} {y}", "{m} {d}-{e}, {y}"),
        ("{h}:{mm} –", "{h12}:{mm} {half}:", "{h12}.{mm}{half} The", "At {h}:{mm}, the",
         "At {h}:{mm} the", "[{h}:{mm}]", "{h}:{mm} ana:"),
        (("Around {h}:00,", None), ("About {h}:00 the", None), ("Noon:", 12), ("At noon the", 12),
         ("At around {h}:00 the", None)),
        ("Night of {d}–{e} {m} {y}:", "Overnight {d}-{e} {m} {y}:"),
        ("{w} {d}:", "{w} {d} –"),
        ("The next day, the", "The following day the", "Two weeks later, the"),
    ),
    "de": Grammar(
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
        ("{w}, {d}. {m} {y}:", "{d}. {m} {y}", "Am {d}. {m} {y}:", "{dd}.{nn}.{y}",
         "Tag 3: {w}, {d}. {m} {y}"),
        ("Vom {d}. bis {e}. {m} {y}:", "{d}./{e}. {m} {y}:", "{d}. und {e}. {m} {y}"),
        ("{h}.{mm} Uhr:", "{h}:{mm} Uhr –", "Um {h}.{mm} Uhr fiel", "{h}:{mm} –",
         "{h}.{mm} Uhr Der"),
        (("Gegen {h} Uhr fiel", None), ("Gegen {h} Uhr:", None), ("Mittags:", 12),
         ("Kurz vor {h} Uhr fiel", None), ("Etwa um {h} Uhr:", None)),
        ("In der Nacht vom {d}. auf den {e}. {m} {y}:", "Nacht vom {d}. auf {e}. {m} {y}:"),
        ("{w} {d}:", "{w}, {d}:"),
        ("Am nächsten Tag fiel", "Tags darauf fiel", "Drei Tage später fiel"),
    ),
    "es": Grammar(
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "lunes martes miércoles jueves viernes sábado domingo",
        ("{w} {d} de {m} de {y}:", "{d} de {m} de {y}", "El {d} de {m} de {y}:",
         "{W}, {d} de {m} de {y} –", "Jornada del {d} de {m} de {y}:"),
        ("Del {d} al {e} de {m} de {y}:", "{d} y {e} de {m} de {y}",
         "Los días {d} y {e} de {m} de {y}:"),
        ("{h}:{mm} –", "A las {h}:{mm}, el", "A las {h}:{mm} el", "{h}.{mm} h:", "{h}:{mm} h –",
         "{h}:{mm} El"),
        (("Hacia las {h}:00,", None), ("A mediodía:", 12), ("Sobre las {h}, el", None),
         ("A eso de las {h}:00 el", None)),
        ("Noche del {d} al {e} de {m} de {y}:", "En la noche del {d} al {e} de {m} de {y}:"),
        ("{w} {d}:", "{W}, {d} –"),
        ("Al día siguiente, el", "El día siguiente, el", "Tres días más tarde, el"),
    ),
    "ar": Grammar(
        "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
        "الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد",
        ("{w} {d} {m} {y}:", "{d} {m} {y}", "يوم {w} {d} {m} {y}:", "في {d} {m} {y}:"),
        ("من {d} إلى {e} {m} {y}:", "{d} و{e} {m} {y}:", "{d}–{e} {m} {y}"),
        ("{h}:{mm} –", "الساعة {h}:{mm}:", "في الساعة {h}:{mm}، كان", "الساعة {h}:{mm} كان"),
        (("نحو الساعة {h}،", None), ("حوالي الساعة {h}:00 كان", None), ("ظهرًا:", 12),
         ("عند الظهر، كان", 12)),
        ("ليلة {d}-{e} {m} {y}:", "في ليلة {d}–{e} {m} {y}:"),
        ("{w} {d}:", "يوم {w} {d}:"),
        ("في اليوم التالي، كان", "اليوم التالي: كان", "بعد يومين، كان"),
    ),
}  # fmt: skip

LINES = st.lists(
    st.tuples(
        st.sampled_from(("exact", "vague", "elsewhere")),
        st.integers(0, 9),
        st.integers(7, 22),
        st.integers(0, 59),
    ),
    max_size=4,
)
KINDS = ("days", "days", "several", "nights", "monthless")
DAYS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 9), st.booleans(), LINES),
    min_size=1,
    max_size=4,
)


@dataclass(frozen=True)
class Dated:
    """A dated line of a text that was made: where it stands, and what it must become."""

    number: int
    mark: str  #: a word that only its text has
    day: date
    clock: str  #: empty without a time


def written(grammar: Grammar, form: str, day: date, hour: int, minute: int, *, arabic: bool) -> str:
    """Write a form of the grammar."""
    months, weekdays = grammar.months.split(), grammar.weekdays.split()
    weekday = weekdays[day.weekday()]
    text = form.format(
        w=weekday, W=weekday.capitalize(), d=day.day, dd=f"{day:%d}", e=day.day + 1,
        m=months[day.month - 1], nn=f"{day:%m}", y=day.year,
        h=hour, mm=f"{minute:02}", h12=hour % 12 or 12, half="am" if hour < 12 else "pm",
    )  # fmt: skip
    return text.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")) if arabic else text


def make(
    language: str, start: date, days: list[tuple[str, int, bool, object]]
) -> tuple[str, list[Dated]]:
    """Write a chronicle; return it, and its dated lines."""
    grammar = GRAMMARS[language]
    lines: list[str] = []
    dated: list[Dated] = []
    day = start

    def add(line: str, day: date, clock: str) -> None:
        mark = f"zz{len(dated)}q"
        lines.extend((f"{line} {mark} {mark}.", ""))
        dated.append(Dated(len(lines) - 1, mark, day, clock))

    for kind_of_day, which, arabic, inside in days:
        arabic = arabic and language == "ar"
        is_long = kind_of_day in ("several", "nights")
        if is_long and (day + timedelta(days=1)).month != day.month:
            kind_of_day = "days"
        if kind_of_day == "monthless" and not dated:
            kind_of_day = "days"
        forms = getattr(grammar, kind_of_day)
        heading = written(grammar, forms[which % len(forms)], day, 0, 0, arabic=arabic)
        if heading.endswith((":", "–")):
            add(heading, day, "21:00" if kind_of_day == "nights" else "")
        else:
            lines.extend((heading, ""))
            add("Text", day, "")
        for kind, form, hour, minute in inside:  # type: ignore[attr-defined]
            is_after = kind_of_day == "nights" and hour < 12
            at_day = day + timedelta(days=is_after)
            if kind == "elsewhere":
                text = grammar.elsewhere[form % len(grammar.elsewhere)]
                add(text, day + timedelta(days=1), "?")
            elif kind == "exact":
                text = grammar.exact[form % len(grammar.exact)]
                text = written(grammar, text, day, hour, minute, arabic=arabic)
                add(text, at_day, f"{hour:02}:{minute:02}")
            else:
                text, at = grammar.vague[form % len(grammar.vague)]
                text = written(grammar, text, day, hour, 0, arabic=arabic)
                at_day = at_day if at is None else day
                add(text, at_day, f"{hour if at is None else at:02}:00")
        day += timedelta(days=2 if is_long else 1)
    return "\n".join(lines), dated


def covered(problems: Sequence[Problem], number: int) -> bool:
    """Whether a problem names a line."""
    for problem in problems:
        numbers = [int(n) for n in re.findall(r"\d+", problem.where)]
        if numbers and numbers[0] <= number <= numbers[-1]:
            return True
    return False


@pytest.mark.parametrize("language", GRAMMARS)
@tries(25, ci=300)
@given(days=DAYS, start=st.integers(0, 4000))
def test_every_dated_line_is_filed_or_reported(
    language: str, days: list[tuple[str, int, bool, object]], start: int
) -> None:
    """Each is in an update of its day and time, or the report names its line."""
    text, dated = make(language, date(2010, 1, 1) + timedelta(days=start), days)
    items = read(text, language)
    problems = reports(items)
    updates = [item for item in items if isinstance(item, Update)]
    headlines = [item for item in items if isinstance(item, FramingItem)]
    for line in dated:
        where = [
            item for item in updates
            if line.mark in f"{item.versions[0].title or ''} {item.versions[0].body or ''}"
        ]  # fmt: skip
        if not where:
            assert covered(problems, line.number) or any(
                line.mark in item.headline and item.period == line.day.isoformat()
                for item in headlines
            ), (text, line)
            continue
        (update,) = where
        moment = update.versions[0].published
        local = moment.instant.astimezone(PARIS)
        clock = "" if moment.precision == "day" else f"{local:%H:%M}"
        is_filed = moment.day_in(PARIS) == line.day and clock == line.clock
        assert is_filed or covered(problems, line.number), (text, line, moment)


def test_the_grammar_is_mostly_understood() -> None:
    """A form of the grammar that names no other day is filed, not only reported."""
    for language, grammar in GRAMMARS.items():
        start = datetime(2013, 5, 13, tzinfo=PARIS).date()
        for kind, forms in (("exact", grammar.exact), ("vague", grammar.vague)):
            for which in range(len(forms)):
                day = ("days", 0, False, [(kind, which, 14, 35)])
                text, dated = make(language, start, [day])
                items = read(text, language)
                found = [line for line in times(items) if dated[-1].mark in line[2]]
                assert found[0][0] == f"05-13 {dated[-1].clock}", text
                assert reports(items) == [], text


CHRONICLES = Path(__file__).parent / "chronicles"


@pytest.mark.parametrize("language", ["fr", "en", "ar"])
def test_a_chronicle_that_is_clear_has_no_doubts(language: str) -> None:
    """Sentences that mention times and days are not reported."""
    text = (CHRONICLES / f"{language}.txt").read_text("utf-8")
    assert [
        problem.what for problem in reports(read(text, language)) if "may" in problem.what
    ] == []
