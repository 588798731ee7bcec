"""Printed pages are filled: nothing that is kept together leaves a page half blank."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ..conftest import needs, serving
from .test_browser import page_of

SAMPLE = Path(__file__).parents[2] / "feeds"


@pytest.mark.slow
@pytest.mark.parametrize("path", ["", "2012/W29/", "2012/07/18/"])
def test_no_page_but_the_last_is_half_blank(browser: Any, tmp_path: Path, path: str) -> None:
    """The text of each goes down to the last third of the paper."""
    with serving(SAMPLE) as url, page_of(browser) as page:
        page.goto(url + path)
        page.pdf(path=str(tmp_path / "page.pdf"), format="A4")
    words = subprocess.run(
        [needs("pdftotext"), "-bbox", str(tmp_path / "page.pdf"), "-"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    sheets = words.split("<page ")[1:]
    ends = []
    for sheet in sheets:
        height = float(re.search(r'height="([\d.]+)"', sheet)[1])  # type: ignore[index]
        ends.append(max(map(float, re.findall(r'yMax="([\d.]+)"', sheet)), default=0) / height)
    assert len(ends) > 1
    assert min(ends[:-1]) > 0.6
