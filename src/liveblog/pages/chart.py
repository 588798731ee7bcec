"""The geometry of a figure's chart: bars from day to day, for an inline SVG without script.

Pure numbers; the template draws them. Units are those of the SVG's view box.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from ..digest import Series

WIDTH = 640
HEIGHT = 200
TOP = 26  #: room for a value above its bar
BOTTOM = 26  #: room for the days
GAP = 0.35  #: of a bar's share
LABELLED = 10  #: more bars than this are labelled now and then only


class Bar(Struct, frozen=True):
    """One day's bar."""

    date: date
    value: int | float
    x: float
    y: float
    width: float
    height: float
    is_labelled: bool

    @property
    def middle(self) -> float:
        """Where its labels stand."""
        return round(self.x + self.width / 2, 1)


class Chart(Struct, frozen=True):
    """A figure drawn."""

    series: Series
    bars: tuple[Bar, ...]
    zero: float  #: where the axis lies

    @property
    def highest(self) -> Bar:
        """The day of the greatest value."""
        return max(self.bars, key=lambda bar: bar.value)


def draw(series: Series) -> Chart | None:
    """Draw a series; one or two values are better read than drawn."""
    if len(series.points) < 3:
        return None
    first, last = series.points[0][0], series.points[-1][0]
    slots = (last - first).days + 1
    values = [value for _, value in series.points]
    low, high = min(0, *values), max(0, *values)
    scale = (HEIGHT - TOP - BOTTOM) / ((high - low) or 1)
    zero = TOP + high * scale
    share = WIDTH / slots
    width = min(share * (1 - GAP), 64)
    every = -(-len(values) // LABELLED)
    bars = []
    for number, (of, value) in enumerate(series.points):
        # Days without a value keep their place, so that a gap is seen as a gap.
        x = ((of - first).days + 0.5) * share - width / 2
        height = max(abs(value) * scale, 1.5)
        y = zero - height if value >= 0 else zero
        bars.append(
            Bar(
                of,
                value,
                round(x, 1),
                round(y, 1),
                round(width, 1),
                round(height, 1),
                number % every == 0,
            )
        )
    return Chart(series, tuple(bars), round(zero, 1))
