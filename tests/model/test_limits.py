"""The checks of limits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from liveblog.model import limits
from liveblog.model.errors import InvalidInput


@pytest.mark.parametrize("day", [date(999, 12, 31), date(9001, 1, 1), date.min, date.max])
def test_a_day_outside_of_the_limits_is_refused(day: date) -> None:
    """The message names it; the first and the last day are allowed."""
    for allowed in (limits.FIRST_DAY, limits.LAST_DAY):
        assert limits.check_day(allowed) == allowed
    with pytest.raises(InvalidInput, match=r"The deadline .* between the years 1000 and 9000"):
        limits.check_day(day, "deadline")


@pytest.mark.parametrize("hours", [-23, 0, 14])
def test_an_instant_is_returned_in_utc_or_refused(hours: int) -> None:
    """At the calendar's ends nothing but InvalidInput is raised, in no time zone."""
    zone = timezone(timedelta(hours=hours))
    found = limits.check_instant(datetime(2012, 7, 15, 12, tzinfo=zone))
    assert found.tzinfo is UTC
    for year in (1, 999, 9001, 9999):
        for instant in (datetime(year, 1, 1, tzinfo=zone), datetime(year, 12, 31, tzinfo=zone)):
            with pytest.raises(InvalidInput):
                limits.check_instant(instant)


@pytest.mark.parametrize("value", [10**30, -(10**30), 10**400, float("inf"), float("nan")])
def test_a_number_with_too_many_digits_is_refused(value: float) -> None:
    """So is what is not a number."""
    assert limits.check_number(10**30 - 1, "figure") == 10**30 - 1
    with pytest.raises(InvalidInput, match="The figure"):
        limits.check_number(value, "figure")


def test_texts_are_limited_in_bytes_or_in_characters() -> None:
    """Names of files have bytes; people read characters."""
    arabic = "ض" * 100
    assert limits.check_length(arabic, 100, "title") == arabic
    assert limits.check_bytes(arabic, 200, "tag") == arabic
    with pytest.raises(InvalidInput, match="The tag has 200 bytes; the limit is 199"):
        limits.check_bytes(arabic, 199, "tag")
    with pytest.raises(InvalidInput, match="The title has 100 characters; the limit is 99"):
        limits.check_length(arabic, 99, "title")
    with pytest.raises(InvalidInput):
        limits.check_bytes("\ud800" * 4, 11, "tag")
