"""Values of command-line options: sources, figures and pictures as people type them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from ..model import limits
from ..model.entry import Figure, Source
from ..model.errors import InvalidInput
from ..pictures import Image


def parse_source(text: str) -> Source:
    """Read ``NAME URL``; either may stand alone."""
    name, _, url = text.strip().rpartition(" ")
    if not url.startswith(("http://", "https://")):
        name, url = text.strip(), ""
    if not name and url:
        try:
            name = urlsplit(url).hostname or url
        except ValueError:
            raise InvalidInput(f"'{url}' is no address of a page.", "Correct it.") from None
    if not name:
        raise InvalidInput("A source is empty.", 'Write it as "Name https://…".')
    return Source(name, url)


def parse_figure(text: str) -> Figure:
    """Read ``NAME=VALUE [UNIT]``, the number with or without separators (``30 000``, ``1,5``)."""
    name, _, rest = (part.strip() for part in text.partition("="))
    match = re.match(
        r"([+-]?\d{1,3}(?:[ \u00a0\u202f]\d{3})+|[+-]?\d+)([.,]\d+)?"
        # Nothing that may belong to the number is taken for its unit: 1e9, 0x10, 18:30, 1_000.
        r"(?![-+eExX_.,:/'’]*\d)\s*(.*)$",
        rest,
    )
    if not name or not match:
        raise InvalidInput(
            f"'{text}' is not a figure.", 'Write it as "Name=105 people" or "Name=1.5".'
        )
    whole = re.sub(r"\D", "", match[1])
    sign = -1 if match[1].startswith("-") else 1
    fraction = match[2]
    # "30,000" and "1.250" are written for thousands far more often than for three decimals.
    if fraction and len(fraction) == 4 and whole != "0":
        raise InvalidInput(
            f"'{match[1]}{fraction}' can be read as thousands or as a fraction.",
            f'Write "{whole}{fraction[1:]}" or "{whole} {fraction[1:]}" for thousands, '
            f'"{whole}{fraction}0" for a fraction.',
        )
    # Python reads no integer of thousands of digits; a float as large is refused as a figure.
    is_whole = not fraction and len(whole) <= limits.NUMBER_DIGITS
    number = int(whole) if is_whole else float(f"{whole}.{fraction[1:] if fraction else 0}")
    value: int | float = sign * number
    unit = match[3]
    source = re.search(r"\(([^()]+)\)\s*$", name)
    return Figure(name, value, unit, source[1] if source else "")


def _is_film(path: Path) -> bool:
    from ..media import is_film, read_source

    return is_film(read_source(path))


def parse_images(
    images: Sequence[str],
    alts: Sequence[str],
    captions: Sequence[str],
    posters: Sequence[str] = (),
    subtitles: Sequence[str] = (),
) -> list[Image]:
    """Return the files of the options --image, --alt and --caption, in their order.

    *posters* and *subtitles* belong to the films and recordings among them, in their order.
    """
    if len(alts) != len(images):
        raise InvalidInput(
            f"There are {len(images)} --image and {len(alts)} --alt.",
            "Describe each with its own --alt, in the same order.",
        )
    if len(captions) > len(images):
        raise InvalidInput("There are more --caption than --image.", "Drop one.")
    films = [image for image in images if posters or subtitles if _is_film(Path(image))]
    for option, files in (("--poster", posters), ("--subtitles", subtitles)):
        if len(files) > len(films):
            raise InvalidInput(f"There are more {option} than films.", "Drop one.")
    shown = dict(zip(films, map(Path, posters), strict=False))
    said = dict(zip(films, map(Path, subtitles), strict=False))
    padded = [*captions, *[""] * (len(images) - len(captions))]
    return [
        Image(Path(image), alt, caption, shown.get(image), said.get(image))
        for image, alt, caption in zip(images, alts, padded, strict=True)
    ]
