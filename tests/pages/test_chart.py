"""The geometry of charts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from liveblog.digest import Series
from liveblog.pages.chart import HEIGHT, MAX_LABELS, WIDTH, Chart, draw


def series(*values: float, skip: int = 0) -> Series:
    """Return a series with a value for each day; *skip* days are missing after the first."""
    first = date(2012, 7, 15)
    days = [first, *(first + timedelta(days=skip + n) for n in range(1, len(values)))]
    return Series("Morts", "", "", tuple(zip(days, values, strict=True)))


def drawn(*values: float, skip: int = 0) -> Chart:
    """Return the chart of a series that is long enough."""
    chart = draw(series(*values, skip=skip))
    assert chart
    return chart


def test_one_or_two_values_are_not_drawn() -> None:
    """A table says more."""
    assert draw(series(1, 2)) is None
    assert draw(series(1, 2, 3)) is not None


@pytest.mark.parametrize("values", [(1, 2, 3), (0, 0, 0), (-5, 0, 5), (-3, -2, -1), (1e29, 1, 2)])
def test_bars_stay_within_the_view_box(values: tuple[float, ...]) -> None:
    """Whatever the values; each bar is high enough to be seen."""
    for bar in drawn(*values).bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert 0 <= bar.y <= bar.y + bar.height <= HEIGHT
        assert bar.height >= 1.5


def test_negative_values_hang_from_the_axis() -> None:
    """Positive ones stand on it."""
    chart = drawn(-5, 0, 5)
    low, _, high = chart.bars
    assert low.y == chart.zero
    assert high.y + high.height == pytest.approx(chart.zero, abs=0.2)
    assert chart.highest is high


def test_a_day_without_a_value_leaves_a_gap() -> None:
    """The distance between bars is that of the days."""
    first, second, third = drawn(1, 2, 3, skip=2).bars
    assert second.middle - first.middle == pytest.approx(3 * (third.middle - second.middle), 0.01)


def test_only_some_of_many_bars_are_labelled() -> None:
    """The first always."""
    bars = drawn(*range(1, 32)).bars
    assert 0 < sum(bar.is_labelled for bar in bars) <= MAX_LABELS
    assert bars[0].is_labelled
