"""Human times: what five languages type for an instant or a period, and what is refused.

It is Sunday 15 July 2012, 18:04 in Paris, unless a test says otherwise.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog.model.errors import InvalidInput
from liveblog.text.dates import parse_moment, parse_period

NOW = datetime(2012, 7, 15, 16, 4, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
EARLIEST = datetime(1971, 1, 1)  # noqa: DTZ001 (a time of day on some clock, no instant)
LATEST = datetime(2100, 1, 1)  # noqa: DTZ001


def local(text: str, language: str = "en", zone: str = "Europe/Paris", now: str = "") -> str:
    """Return what a text means, as the local clock shows it."""
    there = ZoneInfo(zone)
    present = datetime.fromisoformat(now) if now else NOW
    instant = parse_moment(text, now=present, zone=there, language=language).instant
    assert instant.tzinfo == UTC
    return instant.astimezone(there).strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")


# -- instants --------------------------------------------------------------------------------------

ENGLISH = [
    ("now", "2012-07-15 18:04"),
    ("NOW", "2012-07-15 18:04"),
    ("18:30", "2012-07-15 18:30"),
    ("9am", "2012-07-15 09:00"),
    ("9 AM", "2012-07-15 09:00"),
    ("12am", "2012-07-15 00:00"),
    ("12pm", "2012-07-15 12:00"),
    ("9:15 pm", "2012-07-15 21:15"),
    ("at 9am", "2012-07-15 09:00"),
    ("18:30:15", "2012-07-15 18:30:15"),
    ("today", "2012-07-15 00:00"),
    ("today 18:30", "2012-07-15 18:30"),
    ("yesterday 18:30", "2012-07-14 18:30"),
    ("yesterday at 18:30", "2012-07-14 18:30"),
    ("  Yesterday   18:30 ", "2012-07-14 18:30"),
    ("tomorrow 6am", "2012-07-16 06:00"),
    ("monday 9am", "2012-07-09 09:00"),
    ("on monday at 9am", "2012-07-09 09:00"),
    ("mon 9am", "2012-07-09 09:00"),
    ("sunday 9am", "2012-07-15 09:00"),
    ("10 min ago", "2012-07-15 17:54"),
    ("10 minutes ago", "2012-07-15 17:54"),
    ("2h ago", "2012-07-15 16:04"),
    ("1 hour ago", "2012-07-15 17:04"),
    ("3 days ago", "2012-07-12 18:04"),
    ("15 july 18:04", "2012-07-15 18:04"),
    ("July 15, 18:04", "2012-07-15 18:04"),
    ("July 15, 2011 18:04", "2011-07-15 18:04"),
    ("15 Jul 2011 at 18:04", "2011-07-15 18:04"),
    ("the 15th of july 18:04", "2012-07-15 18:04"),
    ("sunday 15 july 18:04", "2012-07-15 18:04"),
    ("Sunday, July 15, 18:04", "2012-07-15 18:04"),
    ("15/07/2012 18:04", "2012-07-15 18:04"),
    ("15.07.2012 18:04", "2012-07-15 18:04"),
    ("2012-07-15", "2012-07-15 00:00"),
    ("2012-07-15 18:04", "2012-07-15 18:04"),
    ("2012-07-15T18:04:09", "2012-07-15 18:04:09"),
    ("2012-07-15T18:04Z", "2012-07-15 20:04"),
    ("2012-07-15T18:04+05:45", "2012-07-15 14:19"),
]
FRENCH = [
    ("maintenant", "2012-07-15 18:04"),
    ("18h04", "2012-07-15 18:04"),
    ("18 h 04", "2012-07-15 18:04"),
    ("18\u00a0h\u00a004", "2012-07-15 18:04"),
    ("9h", "2012-07-15 09:00"),
    ("9 h", "2012-07-15 09:00"),
    ("à 9h", "2012-07-15 09:00"),
    ("hier 18h30", "2012-07-14 18:30"),
    ("hier à 18h30", "2012-07-14 18:30"),
    ("aujourd’hui 8h", "2012-07-15 08:00"),
    ("aujourd'hui à 8h", "2012-07-15 08:00"),
    ("demain 8h", "2012-07-16 08:00"),
    ("il y a 10 min", "2012-07-15 17:54"),
    ("il y a 2 heures", "2012-07-15 16:04"),
    ("il y a 3 jours", "2012-07-12 18:04"),
    ("lundi 9h", "2012-07-09 09:00"),
    ("le 1er août 2011 à 9h", "2011-08-01 09:00"),
    ("15 juillet 18h04", "2012-07-15 18:04"),
    ("15 juil. 18h04", "2012-07-15 18:04"),
    ("dimanche 15 juillet 2012 à 18 h 04", "2012-07-15 18:04"),
    ("yesterday 18:30", "2012-07-14 18:30"),  # English everywhere
    ("15 july 18:04", "2012-07-15 18:04"),
]
SPANISH = [
    ("ahora", "2012-07-15 18:04"),
    ("hoy 18:30", "2012-07-15 18:30"),
    ("ayer a las 18:30", "2012-07-14 18:30"),
    ("mañana 8:00", "2012-07-16 08:00"),
    ("manana a las 8:00", "2012-07-16 08:00"),
    ("hace 10 minutos", "2012-07-15 17:54"),
    ("hace 2 horas", "2012-07-15 16:04"),
    ("hace 3 días", "2012-07-12 18:04"),
    ("a la 1:00", "2012-07-15 01:00"),
    ("lunes 9:00", "2012-07-09 09:00"),
    ("el miércoles a las 9:00", "2012-07-11 09:00"),
    ("15 de julio 18:04", "2012-07-15 18:04"),
    ("domingo, 15 de julio de 2012 a las 18:04", "2012-07-15 18:04"),
]
GERMAN = [
    ("jetzt", "2012-07-15 18:04"),
    ("heute um 18:30", "2012-07-15 18:30"),
    ("18:30 Uhr", "2012-07-15 18:30"),
    ("18.30 Uhr", "2012-07-15 18:30"),
    ("18 Uhr", "2012-07-15 18:00"),
    ("gestern um 9 Uhr", "2012-07-14 09:00"),
    ("gestern 18:30", "2012-07-14 18:30"),
    ("morgen um 8:00", "2012-07-16 08:00"),
    ("vor 10 Minuten", "2012-07-15 17:54"),
    ("vor 2 Stunden", "2012-07-15 16:04"),
    ("vor 3 Tagen", "2012-07-12 18:04"),
    ("Montag 9:00", "2012-07-09 09:00"),
    ("am Montag um 9:00", "2012-07-09 09:00"),
    ("15. Juli 18:04", "2012-07-15 18:04"),
    ("Sonntag, 15. Juli 2012 um 18:04 Uhr", "2012-07-15 18:04"),
    ("1. März 2012 9:00", "2012-03-01 09:00"),
]
ARABIC = [
    ("الآن", "2012-07-15 18:04"),
    ("اليوم 18:30", "2012-07-15 18:30"),
    ("أمس 18:30", "2012-07-14 18:30"),
    ("أمس الساعة ١٨:٣٠", "2012-07-14 18:30"),
    ("غدًا 8:00", "2012-07-16 08:00"),
    ("منذ 10 دقائق", "2012-07-15 17:54"),
    ("منذ ١٠ دقائق", "2012-07-15 17:54"),
    ("قبل 5 ساعات", "2012-07-15 13:04"),
    ("منذ 3 أيام", "2012-07-12 18:04"),
    ("الاثنين 9:00", "2012-07-09 09:00"),
    ("يوم الاثنين في 9:00", "2012-07-09 09:00"),
    ("15 يوليو 18:04", "2012-07-15 18:04"),
    ("الأحد 15 يوليو 2012 18:04", "2012-07-15 18:04"),
]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (language, text, expected)
        for language, table in (
            ("en", ENGLISH),
            ("fr", FRENCH),
            ("es", SPANISH),
            ("de", GERMAN),
            ("ar", ARABIC),
        )
        for text, expected in table
    ],
)
def test_what_people_type_is_understood(language: str, text: str, expected: str) -> None:
    """In the blog's language and in English, on the blog's clock."""
    assert local(text, language) == expected


@pytest.mark.parametrize(("text", "expected"), ENGLISH)
@pytest.mark.parametrize("language", ["fr", "ar", "en-GB"])
def test_english_is_understood_everywhere(text: str, expected: str, language: str) -> None:
    """So that examples and scripts work in every blog."""
    assert local(text, language) == expected


VAGUE = [
    ("fr", "vers 13 h", "2012-07-15 13:00", "vers 13 h"),
    ("fr", "Vers 13\u00a0h", "2012-07-15 13:00", "Vers 13\u00a0h"),
    ("fr", "midi", "2012-07-15 12:00", "midi"),
    ("fr", "hier à midi", "2012-07-14 12:00", "à midi"),
    ("fr", "minuit", "2012-07-15 00:00", "minuit"),
    ("fr", "dans la nuit", "2012-07-15 03:00", "dans la nuit"),
    ("fr", "samedi vers 13 h", "2012-07-14 13:00", "vers 13 h"),
    ("fr", "15 juillet 2011, en début de soirée", "2011-07-15 19:00", "en début de soirée"),
    ("fr", "entre 10 h et 11 h", "2012-07-15 10:00", "entre 10 h et 11 h"),
    ("fr", "à onze heures", "2012-07-15 11:00", ""),
    ("en", "around noon", "2012-07-15 12:00", "around noon"),
    ("en", "yesterday around 6 p.m.", "2012-07-14 18:00", "around 6 p.m."),
    ("en", "saturday night", "2012-07-14 23:00", "night"),
    ("en", "during the night", "2012-07-15 03:00", "during the night"),
    ("en", "half past six", "2012-07-15 06:30", ""),
    ("de", "gegen 13 Uhr", "2012-07-15 13:00", "gegen 13 Uhr"),
    ("de", "gestern Mittag", "2012-07-14 12:00", "Mittag"),
    ("de", "am späten Abend", "2012-07-15 22:30", "am späten Abend"),
    ("de", "um halb sieben", "2012-07-15 06:30", ""),
    ("es", "a mediodía", "2012-07-15 12:00", "a mediodía"),
    ("es", "ayer por la tarde", "2012-07-14 15:00", "por la tarde"),
    ("es", "hacia las 3 de la tarde", "2012-07-15 15:00", "hacia las 3 de la tarde"),
    ("ar", "نحو الساعة ١٠", "2012-07-15 10:00", "نحو الساعة ١٠"),
    ("ar", "أمس ظهرًا", "2012-07-14 12:00", "ظهرًا"),
]


@pytest.mark.parametrize(("language", "text", "expected", "written"), VAGUE)
def test_a_vague_time_is_kept_as_it_is_written(
    language: str, text: str, expected: str, written: str
) -> None:
    """It has an instant, by which it is ordered; the words are those of its author."""
    found = parse_moment(text, now=NOW, zone=PARIS, language=language)
    assert local(text, language) == expected
    assert (found.precision, found.written_time) == ("instant", written)


@pytest.mark.parametrize("text", ["mañana", "morgen", "demain", "tomorrow", "غدا"])
def test_the_next_day_is_no_morning(text: str) -> None:
    """Words that mean both are the day."""
    language = {"m": "es", "d": "fr", "t": "en"}.get(text[0], "ar") if text != "morgen" else "de"
    found = parse_moment(text, now=NOW, zone=PARIS, language=language)
    assert (local(text, language), found.precision) == ("2012-07-16 00:00", "day")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "soon",
        "at 6",
        "about 3",
        "9h de combats",
        "9",
        "18",
        "1830",
        "25:00",
        "18:60",
        "18:30:61",
        "13pm",
        "0am",
        "10 parsecs ago",
        "ago",
        "in 10 min",
        "yesterdayish 18:30",
        "18:30 yesterdayish",
        "30 february 9am",
        "32 july 9am",
        "2012-02-30",
        "2012-02-30 09:00",
        "31/02/2012 9:00",
        "07/15/2012 9:00",
        "2012-13-01T00:00",
        "hier 18h30",  # French, in an English blog
        "9h depuis hier",
        "٩",
        "½h",
        "next week",
        "noon-ish",
        "10000000000 days ago",
        "99999999999999999999 min ago",
        "0001-01-01T00:00",
        "9999-12-31T23:59-10:00",
        "day",
        "may",
        "july",
        "15",
        "15 july 0000",
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    """Never guessed at; the message quotes it and the hint shows what works."""
    with pytest.raises(InvalidInput) as refused:
        parse_moment(text, now=NOW, zone=ZoneInfo("Asia/Kathmandu"))
    assert refused.value.hint
    assert "'" in refused.value.message or "between the years" in refused.value.message


@given(st.text(max_size=30), st.sampled_from(["en", "fr", "es", "de", "ar"]))
def test_any_text_is_an_instant_or_refused(text: str, language: str) -> None:
    """Nothing but InvalidInput comes out."""
    try:
        found = parse_moment(text, now=NOW, zone=PARIS, language=language).instant
    except InvalidInput:
        return
    assert found.tzinfo == UTC


PIECES = """
15 july 2012 hier le lundi monday 9h 18:30 am pm ago il y a min , . / 31 29 février - : t z w 10 0
99 de of يوم أمس ٣ vor tagen
"""


@given(
    st.lists(
        st.sampled_from(PIECES.split()),
        max_size=6,
    ),
    st.sampled_from(["en", "fr", "es", "de", "ar"]),
)
def test_words_in_any_order_are_an_instant_or_refused(words: list[str], language: str) -> None:
    """Jumbled pieces of the grammar break nothing."""
    with suppress(InvalidInput):
        found = parse_moment(" ".join(words), now=NOW, zone=PARIS, language=language).instant
        assert found.tzinfo == UTC


@pytest.mark.parametrize(
    ("now", "text", "expected"),
    [
        ("2012-07-15T16:04Z", "1 july 9am", "2012-07-01 09:00"),
        ("2012-07-15T16:04Z", "1 november 9am", "2012-11-01 09:00"),
        ("2013-01-02T12:00Z", "31 december 9am", "2012-12-31 09:00"),
        ("2012-12-30T12:00Z", "2 january 9am", "2013-01-02 09:00"),
        ("2013-01-02T12:00Z", "29 february 9am", "2012-02-29 09:00"),
    ],
)
def test_a_day_without_a_year_is_the_nearest_one(now: str, text: str, expected: str) -> None:
    """Across the year's end in both directions, and to the last leap day."""
    assert local(text, now=now) == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [("monday 15 july 9am", "Monday"), ("lundi 15 juillet 9h", "Monday")],
)
def test_a_weekday_that_does_not_fit_its_date_is_refused(text: str, name: str) -> None:
    """One of the two is wrong, and only the author knows which."""
    with pytest.raises(InvalidInput, match=f"2012-07-15 is not a {name}"):
        parse_moment(text, now=NOW, zone=PARIS, language="fr")


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [
        ("2012-07-14", "en", "2012-07-14"),
        ("20120714", "en", "2012-07-14"),
        ("dimanche", "fr", "2012-07-15"),
        ("hier", "fr", "2012-07-14"),
        ("14 de julio", "es", "2012-07-14"),
        ("14. Juli 2012", "de", "2012-07-14"),
        ("أمس", "ar", "2012-07-14"),
    ],
)
def test_a_date_without_a_time_is_a_whole_day(text: str, language: str, day: str) -> None:
    """Its instant is the first of the day; a time, midnight too, makes it an instant."""
    found = parse_moment(text, now=NOW, zone=PARIS, language=language)
    assert (found.precision, str(found.day_in(PARIS))) == ("day", day)
    assert found.instant.astimezone(PARIS).time() == time()
    for timed in (f"{day} 00:00", f"{day}T00:00", f"{day}T00:00Z", "0:00", "now"):
        assert parse_moment(timed, now=NOW, zone=PARIS).precision == "instant"


# -- changes of the clock --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "zone", "message", "hint"),
    [
        ("2012-03-25 02:30", "Europe/Paris", "02:30 does not exist on 2012-03-25", "mean 03:30?"),
        ("25 march 2:30am", "Europe/Paris", "02:30 does not exist on 2012-03-25", "mean 03:30?"),
        ("2023-09-03 00:30", "America/Santiago", "00:30 does not exist", "mean 01:30?"),
        ("2012-10-07 02:15", "Australia/Lord_Howe", "02:15 does not exist", "mean 02:45?"),
    ],
)
def test_a_time_that_the_spring_skips_is_refused(
    text: str, zone: str, message: str, hint: str
) -> None:
    """The hint has the time that the clock showed instead."""
    with pytest.raises(InvalidInput, match=message) as refused:
        local(text, zone=zone)
    assert hint in refused.value.hint


def test_a_time_that_the_autumn_shows_twice_is_the_first() -> None:
    """Summer time still; an offset says the other one."""
    first = parse_moment("2012-10-28 02:30", now=NOW, zone=PARIS).instant
    assert first == datetime(2012, 10, 28, 0, 30, tzinfo=UTC)
    second = parse_moment("2012-10-28T02:30+01:00", now=NOW, zone=PARIS).instant
    assert second - first == timedelta(hours=1)


def test_a_day_without_midnight_begins_all_the_same() -> None:
    """A date alone is the day's first instant, 01:00 where midnight is skipped."""
    assert local("2023-09-03", zone="America/Santiago") == "2023-09-03 01:00"
    assert local("2012-03-25", zone="Asia/Beirut") == "2012-03-25 01:00"


def test_a_distance_counts_elapsed_time() -> None:
    """Two hours before 03:30 on a spring night is 00:30."""
    assert local("2 hours ago", now="2012-03-25T01:30Z") == "2012-03-25 00:30"


@given(
    st.datetimes(EARLIEST, LATEST).map(lambda instant: instant.replace(microsecond=0)),
    st.sampled_from(sorted(available_timezones() - {"Factory", "localtime"})).map(ZoneInfo),
    st.sampled_from(["T", " "]),
)
def test_any_local_iso_time_is_that_time_or_does_not_exist(
    wanted: datetime, zone: ZoneInfo, separator: str
) -> None:
    """What is written in ISO 8601 comes back as the local clock shows it."""
    text = wanted.isoformat(separator)
    exists = any(
        wanted.replace(tzinfo=zone, fold=fold).astimezone(UTC).astimezone(zone)
        == wanted.replace(tzinfo=zone, fold=fold)
        and wanted.replace(tzinfo=zone, fold=fold)
        .astimezone(UTC)
        .astimezone(zone)
        .replace(tzinfo=None)
        == wanted
        for fold in (0, 1)
    )
    if exists:
        found = parse_moment(text, now=NOW, zone=zone).instant
        assert found.astimezone(zone).replace(tzinfo=None) == wanted
    elif wanted.time() != datetime.min.time():
        with pytest.raises(InvalidInput, match="does not exist"):
            parse_moment(text, now=NOW, zone=zone)


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-14 * 60, 14 * 60))
def test_an_offset_is_obeyed(wanted: datetime, minutes: int) -> None:
    """Whatever the blog's zone, an ISO time with an offset is one instant."""
    sign, distance = ("-" if minutes < 0 else "+"), abs(minutes)
    if not 1001 <= wanted.year <= 8999:
        return
    shifted = wanted + timedelta(minutes=minutes)
    text = f"{shifted.replace(tzinfo=None).isoformat()}{sign}{distance // 60:02}:{distance % 60:02}"
    assert parse_moment(text, now=NOW, zone=PARIS).instant == wanted


# -- periods ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("today", "en", "2012-07-15"),
        ("yesterday", "en", "2012-07-14"),
        ("tomorrow", "en", "2012-07-16"),
        ("week", "en", "2012-W28"),
        ("last-week", "en", "2012-W27"),
        ("2012-W29", "en", "2012-W29"),
        ("2012-07-15", "en", "2012-07-15"),
        ("2012-07-15..2012-07-22", "en", "2012-07-15..2012-07-22"),
        ("2012-07-15..2012-07-15", "en", "2012-07-15"),
        ("2012-W28..2012-W29", "en", "2012-07-09..2012-07-22"),
        ("yesterday..today", "en", "2012-07-14..2012-07-15"),
        ("monday..today", "en", "2012-07-09..2012-07-15"),
        ("15 july", "en", "2012-07-15"),
        ("15 july 2011", "en", "2011-07-15"),
        ("15/07/2012", "en", "2012-07-15"),
        ("aujourd’hui", "fr", "2012-07-15"),
        ("Hier", "fr", "2012-07-14"),
        ("1er juillet", "fr", "2012-07-01"),
        ("lundi", "fr", "2012-07-09"),
        ("1er juillet..hier", "fr", "2012-07-01..2012-07-14"),
        ("1er juillet .. hier", "fr", "2012-07-01..2012-07-14"),
        ("ayer", "es", "2012-07-14"),
        ("gestern", "de", "2012-07-14"),
        ("15. Juli", "de", "2012-07-15"),
        ("أمس", "ar", "2012-07-14"),
        ("١٥ يوليو", "ar", "2012-07-15"),
    ],
)
def test_a_period_is_named_or_said(text: str, language: str, expected: str) -> None:
    """By its id, by its ends, or as people say a day."""
    assert parse_period(text, now=NOW, zone=PARIS, language=language).id == expected


def test_the_week_is_that_of_the_blogs_calendar_and_clock() -> None:
    """On a Sunday evening in Paris it is Monday in Kathmandu; some weeks begin on Sunday."""
    sunday_evening = datetime(2012, 7, 15, 20, tzinfo=UTC)
    assert parse_period("week", now=sunday_evening, zone=PARIS).id == "2012-W28"
    kathmandu = ZoneInfo("Asia/Kathmandu")
    assert parse_period("week", now=sunday_evening, zone=kathmandu).id == "2012-W29"
    assert parse_period("week", now=sunday_evening, zone=PARIS, first_weekday=6).id == "2012-W29"
    last = parse_period("last-week", now=sunday_evening, zone=PARIS, first_weekday=6)
    assert (last.id, last.start.isoformat()) == ("2012-W28", "2012-07-08")


@pytest.mark.parametrize(
    ("language", "this", "last"),
    [
        ("en", "this week", "last week"),
        ("fr", "Semaine", "la semaine dernière"),
        ("de", "diese Woche", "letzte Woche"),
        ("es", "esta semana", "semana pasada"),
        ("ar", "هذا الأسبوع", "الأسبوع الماضي"),
    ],
)
def test_a_week_is_named_in_every_language(language: str, this: str, last: str) -> None:
    """As today and yesterday are; in English too, and in a range."""
    for mine, english in ((this, "week"), (last, "last-week")):
        wanted = parse_period(english, now=NOW, zone=PARIS)
        assert parse_period(mine, now=NOW, zone=PARIS, language=language) == wanted
        assert parse_period(english, now=NOW, zone=PARIS, language=language) == wanted
    both = parse_period(f"{last}..{this}", now=NOW, zone=PARIS, language=language)
    assert (both.end - both.start).days == 13


@pytest.mark.parametrize(
    "text",
    ["", "someday", "coverage", "2012-W60", "2012-02-30", "2012", "18:30", "today..", "..today",
     "today..yesterday", "a..b..c", "30 february", "coverage..today"],
)  # fmt: skip
def test_what_names_no_period_is_refused(text: str) -> None:
    """With a hint that shows how one is written."""
    with pytest.raises(InvalidInput) as refused:
        parse_period(text, now=NOW, zone=PARIS)
    assert refused.value.hint


@pytest.mark.parametrize(
    "text",
    ["9" * n + unit for n in (1, 9, 12, 90, 5000) for unit in (" min ago", " h ago", " days ago")]
    + [f"il y a {'9' * n} j" for n in (9, 90, 5000)]
    + ["0001-01-01", "9999-12-31", "0001-W01", "9999-W52", "1 january 0001", "31 december 9999"]
    + ["0001-01-01T00:00+14:00", "9999-12-31T23:59:59-12:00", "31/12/9999 23:59", "1.1.0001"]
    + ["0001-01-01..0001-01-02", "٩٩٩٩-١٢-٣١", "①②:③④", "²:30", "monday", "x" * 100_000],
)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_no_number_is_too_large(text: str, zone: str) -> None:
    """A time or a period of any year is understood, or refused with a short message."""
    for parse in (parse_moment, parse_period):
        said = ""
        try:
            parse(text, now=NOW, zone=ZoneInfo(zone), language="fr")
        except InvalidInput as error:
            said = error.message
        assert len(said) < 300
