"""Lays out the cells of an HTML table in a grid."""

from __future__ import annotations

import re

from lxml.html import HtmlElement

_MAX_COLUMNS = 40
"""Maximum number of columns that one cell spans."""


def grid(rows: list[HtmlElement]) -> list[list[HtmlElement | None]]:
    """Return the cells of each row by column; None where a cell beside or above spans a place."""
    found: list[list[HtmlElement | None]] = []
    covered: dict[int, int] = {}  # column: number of further rows that a cell above covers
    for row in rows:
        cells: list[HtmlElement | None] = []

        def skip(cells: list[HtmlElement | None] = cells) -> None:
            while covered.get(len(cells), 0) > 0:
                covered[len(cells)] -= 1
                cells.append(None)

        for cell in row.iterchildren("td", "th"):
            skip()
            first = len(cells)
            width = min(_span(cell, "colspan"), _MAX_COLUMNS)
            cells += [cell, *[None] * (width - 1)]
            for column in range(first, first + width):
                covered[column] = _span(cell, "rowspan") - 1
        skip()
        if cells:
            found.append(cells)
    return found


def alignment(cell: HtmlElement | None) -> str:
    """Return the delimiter of a column in a Markdown table: ``---``, ``:--``, ``:-:``, ``--:``."""
    given = "" if cell is None else f"{cell.get('align', '')} {cell.get('style', '')}"
    side = re.search(r"\A(?:[^:]*text-align:\s*)?(left|center|right)\b", given.lower().strip())
    return {"left": ":--", "center": ":-:", "right": "--:"}[side[1]] if side else "---"


def _span(cell: HtmlElement, name: str) -> int:
    given = cell.get(name, "")
    return max(1, int(given)) if given.isascii() and given.isdigit() and len(given) < 5 else 1
