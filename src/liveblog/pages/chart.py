"""Computes the bar chart of a figure, which a template draws as inline SVG. Pure.

Lengths are in units of the SVG's view box.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from ..digest import Series

WIDTH = 640
HEIGHT = 200
TOP = 26  #: height of the value above the highest bar
BOTTOM = 26  #: height of the labels with the days
GAP = 0.35  #: distance between bars, as a fraction of the width of a day
MAX_BAR_WIDTH = 64
MIN_BAR_HEIGHT = 1.5
MAX_LABELS = 10


class Bar(Struct, frozen=True):
    """The bar of one day."""

    date: date
    value: int | float
    x: float
    y: float
    width: float
    height: float
    is_labelled: bool

    @property
    def middle(self) -> float:
        """The x coordinate of its labels."""
        return round(self.x + self.width / 2, 1)


class Chart(Struct, frozen=True):
    """The chart of one figure."""

    series: Series
    bars: tuple[Bar, ...]
    zero: float  #: the y coordinate of the axis

    @property
    def highest(self) -> Bar:
        """The bar of the greatest value."""
        return max(self.bars, key=lambda bar: bar.value)


def draw(series: Series) -> Chart | None:
    """Return the chart of a series, or None for one or two values, which the table shows better."""
    if len(series.points) < 3:
        return None
    first, last = series.points[0][0], series.points[-1][0]
    slots = (last - first).days + 1
    values = [value for _, value in series.points]
    low, high = min(0, *values), max(0, *values)
    scale = (HEIGHT - TOP - BOTTOM) / ((high - low) or 1)
    zero = TOP + high * scale
    share = WIDTH / slots
    width = min(share * (1 - GAP), MAX_BAR_WIDTH)
    labelled_every = -(-len(values) // MAX_LABELS)
    bars = []
    for number, (day, value) in enumerate(series.points):
        # A day without a value leaves a gap.
        x = ((day - first).days + 0.5) * share - width / 2
        height = max(abs(value) * scale, MIN_BAR_HEIGHT)
        y = zero - height if value >= 0 else zero
        x, y, bar_width, height = (round(length, 1) for length in (x, y, width, height))
        bars.append(Bar(day, value, x, y, bar_width, height, number % labelled_every == 0))
    return Chart(series, tuple(bars), round(zero, 1))
