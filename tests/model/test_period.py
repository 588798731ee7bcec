"""The calendar: weeks across the year's end, days of 23 and 25 hours, midnights that are not."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog.model import period
from liveblog.model.errors import InvalidInput
from liveblog.model.limits import FIRST_DAY, LAST_DAY

MONDAY, SATURDAY, SUNDAY = 0, 5, 6
PARIS = ZoneInfo("Europe/Paris")

zones = st.sampled_from(
    [name for name in sorted(available_timezones()) if name not in ("Factory", "localtime")]
).map(ZoneInfo)
weekdays = st.integers(0, 6)


def hours(of: date, zone: ZoneInfo) -> float:
    """Return how long a local day is."""
    return (period.day_end(of, zone) - period.day_start(of, zone)) / timedelta(hours=1)


# -- weeks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "week", "start", "end"),
    [
        ("2012-07-15", "2012-W28", "2012-07-09", "2012-07-15"),
        ("2012-07-16", "2012-W29", "2012-07-16", "2012-07-22"),
        ("2012-12-31", "2013-W01", "2012-12-31", "2013-01-06"),
        ("2012-01-01", "2011-W52", "2011-12-26", "2012-01-01"),
        ("2016-01-03", "2015-W53", "2015-12-28", "2016-01-03"),
        ("2016-01-04", "2016-W01", "2016-01-04", "2016-01-10"),
        ("2020-12-31", "2020-W53", "2020-12-28", "2021-01-03"),
        ("2024-02-29", "2024-W09", "2024-02-26", "2024-03-03"),
    ],
)
def test_weeks_are_those_of_iso_8601(day: str, week: str, start: str, end: str) -> None:
    """A week of the turn of the year has the year that holds its Thursday."""
    found = period.week(date.fromisoformat(day))
    assert (found.id, found.kind) == (week, "week")
    assert (found.start, found.end) == (date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.parametrize(
    ("day", "first", "week", "start"),
    [
        ("2012-07-15", SUNDAY, "2012-W29", "2012-07-15"),
        ("2012-07-14", SUNDAY, "2012-W28", "2012-07-08"),
        ("2012-07-14", SATURDAY, "2012-W29", "2012-07-14"),
        ("2012-07-13", SATURDAY, "2012-W28", "2012-07-07"),
        ("2012-12-30", SUNDAY, "2013-W01", "2012-12-30"),
        ("2013-01-05", SUNDAY, "2013-W01", "2012-12-30"),
        ("2012-12-29", SATURDAY, "2013-W01", "2012-12-29"),
    ],
)
def test_a_blog_may_begin_its_week_on_another_day(
    day: str, first: int, week: str, start: str
) -> None:
    """The number is still that of the week's Thursday."""
    found = period.week(date.fromisoformat(day), first)
    assert (found.id, found.start.isoformat()) == (week, start)


@given(st.dates(FIRST_DAY, LAST_DAY), weekdays)
def test_every_date_belongs_to_exactly_one_week(day: date, first: int) -> None:
    """Its week holds it, begins on the first weekday, has seven days, and its name leads back."""
    week = period.week(day, first)
    assert week.start <= day <= week.end
    assert week.start.weekday() == first
    assert len(week.days()) == 7
    assert period.parse_period_id(week.id, first) == week
    assert {period.week(each, first) for each in week.days()} == {week}
    following = period.week(week.end + timedelta(days=1), first)
    assert following.start == week.end + timedelta(days=1)
    assert following.id != week.id


@given(st.integers(0, 9999), st.integers(0, 99), weekdays)
def test_a_weeks_name_is_a_week_or_refused(year: int, number: int, first: int) -> None:
    """At the calendar's ends too: nothing but InvalidInput comes out."""
    name = f"{year:04}-W{number:02}"
    with suppress(InvalidInput):
        assert period.parse_period_id(name, first).id == name


@pytest.mark.parametrize(("name", "first"), [("0001-W01", SUNDAY), ("9999-W52", MONDAY)])
def test_a_week_that_leaves_the_calendar_is_refused(name: str, first: int) -> None:
    """The week's days would lie before the year 1 or after 9999."""
    with pytest.raises(InvalidInput, match="is not entirely in the calendar"):
        period.parse_period_id(name, first)


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "days"),
    [
        ("2012-07-15", "day", 1),
        ("2012-02-29", "day", 1),
        ("2012-W29", "week", 7),
        ("2015-W53", "week", 7),
        ("2012-07-15..2012-07-22", "range", 8),
        ("2012-12-31..2013-01-01", "range", 2),
    ],
)
def test_a_name_leads_to_its_period(name: str, kind: str, days: int) -> None:
    """And the period goes by the same name."""
    found = period.parse_period_id(name)
    assert (found.id, found.kind, len(found.days())) == (name, kind, days)
    assert found.days() == sorted(set(found.days()))
    assert (found.days()[0], found.days()[-1]) == (found.start, found.end)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("2012-W60", "'2012-W60' is not in the calendar"),
        ("2012-W00", "'2012-W00' is not in the calendar"),
        ("2012-W53", "'2012-W53' is not in the calendar"),
        ("2012-02-30", "'2012-02-30' is not in the calendar"),
        ("2013-02-29", "'2013-02-29' is not in the calendar"),
        ("0000-01-01", "is not in the calendar"),
        ("2012-07-15..2012-07-32", "is not in the calendar"),
        ("someday", "'someday' names no period"),
        ("coverage", "'coverage' names no period"),
        ("", "'' names no period"),
        ("2012", "'2012' names no period"),
        ("2012-7-15", "names no period"),
        ("2012-w29", "names no period"),
        ("2012-07-15T00:00", "names no period"),
        ("2012-07-15..", "names no period"),
        ("../2012-07-15", "names no period"),
        ("2012-07-15\n", "names no period"),
        ("٢٠١٢-٠٧-١٥", "٢٠١٢-٠٧-١٥"),
    ],
)
def test_what_names_no_period_is_refused(name: str, message: str) -> None:
    """With the name, and a hint that shows how one is written."""
    with pytest.raises(InvalidInput) as refused:
        period.parse_period_id(name)
    assert message in refused.value.message
    assert refused.value.hint


def test_a_span_of_one_day_is_that_day() -> None:
    """So that it has the day's page, framing and name."""
    day = date(2012, 7, 15)
    assert period.span(day, day) == period.day(day)


def test_a_span_that_ends_before_it_starts_is_refused_with_a_hint() -> None:
    """The hint has the two days in their order."""
    with pytest.raises(InvalidInput, match="ends before it starts") as refused:
        period.span(date(2012, 7, 22), date(2012, 7, 15))
    assert "2012-07-15..2012-07-22" in refused.value.hint


def test_a_span_is_ten_years_at_most() -> None:
    """The longest passes, a day more does not."""
    start = date(2012, 1, 1)
    assert len(period.span(start, start + timedelta(days=period.LONGEST - 1)).days()) == 3660
    with pytest.raises(InvalidInput, match="longer than ten years"):
        period.span(start, start + timedelta(days=period.LONGEST))


# -- days in a zone --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("Europe/Paris", "2012-03-25", 23),
        ("Europe/Paris", "2012-10-28", 25),
        ("Europe/Paris", "2012-07-15", 24),
        ("Asia/Kathmandu", "2012-03-25", 24),
        ("America/Santiago", "2023-09-03", 23),  # midnight is skipped
        ("America/Santiago", "2023-04-01", 25),  # 23:00 comes twice
        ("Asia/Beirut", "2012-03-25", 23),  # midnight is skipped
        ("America/Havana", "2012-11-04", 25),  # midnight comes twice
        ("Australia/Lord_Howe", "2012-10-07", 23.5),
    ],
)
def test_a_day_is_as_long_as_its_clock_makes_it(zone: str, day: str, expected: float) -> None:
    """The days of a clock change have 23 or 25 hours, or what the zone's law says."""
    assert hours(date.fromisoformat(day), ZoneInfo(zone)) == expected


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("Europe/Paris", "2012-07-15", "2012-07-14T22:00:00Z"),
        ("Europe/Paris", "2012-03-25", "2012-03-24T23:00:00Z"),
        ("Asia/Kathmandu", "2012-07-15", "2012-07-14T18:15:00Z"),
        ("America/Santiago", "2023-09-03", "2023-09-03T04:00:00Z"),
        ("Asia/Beirut", "2012-03-25", "2012-03-24T22:00:00Z"),
        ("America/Havana", "2012-11-04", "2012-11-04T04:00:00Z"),
        ("Pacific/Kiritimati", "2012-07-15", "2012-07-14T10:00:00Z"),
    ],
)
def test_a_day_begins_where_its_clock_first_shows_it(zone: str, day: str, start: str) -> None:
    """Where midnight is skipped it begins an hour later, where it is doubled at the first."""
    found = period.day_start(date.fromisoformat(day), ZoneInfo(zone))
    assert found == datetime.fromisoformat(start)
    assert found.tzinfo == UTC


@given(st.dates(date(1970, 1, 2), date(2100, 12, 31)), zones)
def test_days_tile_time_without_gap_or_overlap(day: date, zone: ZoneInfo) -> None:
    """A day ends at the instant at which the next begins, in every zone."""
    assert period.day_end(day, zone) == period.day_start(day + timedelta(days=1), zone)
    assert 0 <= hours(day, zone) <= 26


@given(st.dates(date(2012, 1, 1), date(2100, 12, 31)), zones)
def test_the_first_and_the_last_instant_of_a_day_belong_to_it(day: date, zone: ZoneInfo) -> None:
    """``local_day`` agrees with ``day_start`` and ``day_end`` to the microsecond."""
    tick = timedelta(microseconds=1)
    assert period.local_day(period.day_start(day, zone), zone) == day
    assert period.local_day(period.day_start(day, zone) - tick, zone) == day - timedelta(days=1)
    assert period.local_day(period.day_end(day, zone) - tick, zone) == day


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        ("Europe/Paris", (2012, 2030)),
        ("America/Santiago", (2012, 2030)),
        ("Asia/Beirut", (2012, 2030)),
        ("America/Asuncion", (2012, 2024)),
        ("Asia/Tehran", (2012, 2022)),
        ("Asia/Gaza", (2012, 2024)),
    ],
)
def test_every_day_of_many_years_occurs_once(zone: str, changes: tuple[int, int]) -> None:
    """Day for day, through each change of the clock: none is missing, none is there twice."""
    there = ZoneInfo(zone)
    day, last = date(changes[0], 1, 1), date(changes[1], 12, 31)
    while day <= last:
        assert period.local_day(period.day_start(day, there), there) == day
        assert period.day_start(day, there) < period.day_end(day, there)
        day += timedelta(days=1)


def test_the_day_that_samoa_skipped_takes_no_time() -> None:
    """30 December 2011 never was in Apia; the days around it still meet."""
    apia = ZoneInfo("Pacific/Apia")
    assert hours(date(2011, 12, 30), apia) == 0
    assert period.day_end(date(2011, 12, 29), apia) == period.day_start(date(2011, 12, 31), apia)


def test_a_day_closes_at_the_instant_at_which_it_is_over() -> None:
    """Unless the blog chose a later time."""
    closing = period.Closing(PARIS)
    day = date(2012, 7, 15)
    assert closing.closes_at(period.day(day)) == period.day_end(day, PARIS)
    later = period.Closing(PARIS, day_at=time(6, 30))
    assert later.closes_at(period.day(day)) == datetime(2012, 7, 16, 4, 30, tzinfo=UTC)


def test_a_week_closes_on_its_weekday_but_never_before_its_last_day() -> None:
    """The first such moment after it is over."""
    week = period.week(date(2012, 7, 15))  # ends on Sunday 15 July
    assert period.Closing(PARIS).closes_at(week) == period.day_end(week.end, PARIS)
    tuesday = period.Closing(PARIS, week_on=1, week_at=time(9))
    assert tuesday.closes_at(week) == datetime(2012, 7, 17, 7, tzinfo=UTC)
    early = period.Closing(PARIS, day_at=time(6), week_on=0, week_at=time(0))
    assert early.closes_at(week) == early.closes_at(period.day(week.end))


@given(day=st.dates(date(1990, 1, 1), date(2035, 12, 31)), at=st.times(), zone=zones)
def test_every_day_of_every_zone_has_every_time_once_and_in_order(
    day: date, at: time, zone: ZoneInfo
) -> None:
    """Also a time that the clock change skips or repeats."""
    at = at.replace(second=0, microsecond=0)
    one, two = (period.local_instant(d, at, zone) for d in (day, day + timedelta(days=1)))
    # Only a day that is skipped as a whole (Samoa, 30 December 2011) shares its instant.
    assert one < two or (one == two and hours(day, zone) == 0)


def test_the_newest_closed_day() -> None:
    """The one before yesterday, until yesterday closes."""
    closing = period.Closing(PARIS, day_at=time(6))
    assert closing.last_closed_day(datetime(2012, 7, 16, 3, 59, tzinfo=UTC)) == date(2012, 7, 14)
    assert closing.last_closed_day(datetime(2012, 7, 16, 4, 0, tzinfo=UTC)) == date(2012, 7, 15)


@pytest.mark.parametrize("there", ["Pacific/Pago_Pago", "Europe/Paris", "Pacific/Kiritimati"])
@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(-11 * 60, 11 * 60))
def test_noon_is_the_same_day_for_readers_within_eleven_hours(
    there: str, day: date, minutes: int
) -> None:
    """In every zone, also on the days on which the clocks change."""
    at = period.noon(day, ZoneInfo(there))
    clock = at.astimezone(ZoneInfo(there)).replace(tzinfo=None)
    assert (clock + timedelta(minutes=minutes)).date() == day
