"""What a line of a chronicle is, beside days and times: a rule, a source, a picture's place.

Every look at a line takes time in proportion to its length, whatever it holds.
"""

from __future__ import annotations

import re

from ...model import addresses, limits
from ...model.entry import FORBIDDEN, Source
from ...text.dates import normalize

_SHORT = 400
"""Characters of the longest line that is taken for anything but text."""

_HEADLINE = 150
"""Characters of the longest line that is taken for a headline."""

_RULES = frozenset("-–—*_=~•·#☆★⁂")
_ENDS = (".", "!", "?", "…", ":", ";", "؟", "»", "”", '"', ")", "۔")

_CLOSES = frozenset(
    (
        "conclusion", "conclusions", "en conclusion", "pour conclure", "epilogue", "postface",
        "in conclusion", "afterword", "closing", "fazit", "schluss", "schlusswort", "epilog",
        "nachwort", "conclusion y balance", "conclusiones", "a modo de conclusion", "epilogo",
        "خاتمه", "الخاتمه", "خلاصه", "الخلاصه", "ختاما",
    )
)  # fmt: skip
_SOURCE = frozenset(("source", "quelle", "fuente", "مصدر", "المصدر"))
_SOURCES = frozenset(("sources", "quellen", "fuentes", "مصادر", "المصادر"))
_PICTURE = frozenset(
    (
        "image", "images", "photo", "photos", "photographie", "picture", "pictures", "illustration",
        "bild", "bilder", "foto", "fotos", "imagen", "imagenes", "fotografia", "صوره", "الصوره",
        "صور",
    )
)  # fmt: skip

_PICTURE_LINE = re.compile(r"([^\W\d_]+)(?: ?\d{1,3})? ?(?:[:–—-]|$)")
_MARKDOWN_PICTURE = re.compile(r"!\[([^\[\]]{0,500})\]\(([^()\s]{1,2000})(?: \"[^\"]{0,300}\")?\)")
_LINK = re.compile(r"\[([^\[\]]{1,300})\]\((https?://[^()\s]{1,2000})\)|(https?://[^\s<>]{1,2000})")
_HTML = re.compile(r"(?<!\\)<(?=[A-Za-z/!?])(?!(?:https?://|mailto:))")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_AROUND = "*_ \t\u00a0\u202f"


def cleaned(line: str) -> tuple[str, list[tuple[int, str]]]:
    """Return a line without what no page can carry, and where that stood: column and name.

    Of many only the first ten are named. What separates words (a form feed) leaves a space.
    """
    if not FORBIDDEN.search(line):
        return line, []
    found = []
    for match in FORBIDDEN.finditer(line):
        found.append((match.start() + 1, f"U+{ord(match[0]):04X}"))
        if len(found) == 10:
            break
    return FORBIDDEN.sub(lambda match: " " if match[0].isspace() else "", line), found


def is_rule(line: str) -> bool:
    """Whether a line separates: ``---``, ``* * *``, ``⁂``."""
    signs = line[:_SHORT].split()
    bare = "".join(signs)
    if len(line) > _SHORT or not bare or bare[0] not in _RULES:
        return False
    return bare == bare[0] * len(bare) and (len(bare) >= 3 or bare == "⁂")


def is_underline(line: str) -> bool:
    """Whether a line makes a heading of the one above it (CommonMark §4.3)."""
    bare = line[:_SHORT].strip()
    return is_rule(line) and bare[0] in "-=" and " " not in bare


def is_headline(text: str) -> bool:
    """Whether a line can be a headline: short, and no sentence that a full stop ends."""
    bare = text.rstrip("*_ ")
    return (
        len(bare) <= _HEADLINE
        and bool(bare)
        and (bare.endswith(("...", "…")) or not bare.endswith((".", ":", ";", ",", "،", "؛", "۔")))
    )


def ends_sentence(line: str) -> bool:
    """Whether a line comes to an end, so that the next begins something new."""
    return line.rstrip("*_ \t\u00a0\u202f]").endswith(_ENDS)


def begins_close(line: str) -> bool:
    """Whether a line is the heading of what closes a text: « Conclusion », "Fazit: …"."""
    head = line[:_SHORT].lstrip("#*_ \t")
    return normalize(head.partition(":")[0].rstrip("*_# \t\u00a0\u202f")) in _CLOSES


def sources(line: str) -> tuple[Source, ...]:
    """Return what a line « Source : OSDH » names; nothing if it is no such line.

    After the plural, commas and semicolons separate names. A link in a name is its address.
    """
    if len(line) > _SHORT:
        return ()
    word, colon, names = _unwrapped(line).partition(":")
    word = normalize(word.strip(_AROUND))
    if not colon or word not in _SOURCE | _SOURCES:
        return ()
    parts = re.split(r"[;,،؛](?!\S)", names) if word in _SOURCES else [names]
    found = tuple(_source(part.strip(_AROUND).rstrip(".")) for part in parts if part.strip())
    return found if all(source.name and len(source.name) <= limits.NAME for source in found) else ()


def _source(text: str) -> Source:
    link = _LINK.search(text)
    if not link:
        return Source(text)
    url = link[2] or link[3].rstrip(".,")
    if not link[2] and "(" not in url:
        url = url.rstrip(")]")
    end = link.end() if link[2] else link.start() + len(url)
    rest = f"{text[: link.start()]}{link[1] or ''}{text[end:]}".replace("()", "")
    return Source(
        rest.strip(_AROUND + ":,–—-") or addresses.host_of(url) or url[: limits.NAME], url
    )


def _unwrapped(line: str) -> str:
    """Take off the brackets and emphasis around a whole line."""
    line = line.strip(_AROUND)
    if line[:1] + line[-1:] in ("()", "[]"):
        line = line[1:-1].strip(_AROUND)
    return line


def is_picture(line: str) -> bool:
    """Whether a line stands for a picture: « Image », "[Photo: a street]", « (photo) »."""
    if len(line) > _SHORT:
        return False
    match = _PICTURE_LINE.match(normalize(_unwrapped(line)))
    return match is not None and match[1] in _PICTURE


def as_markdown(line: str) -> tuple[str, int]:
    """Return a line of plain text as Markdown that shows every word, and how many pictures it had.

    What looks like HTML would not be shown. A picture by Markdown lies where the text came from;
    one with an address of its own stays and is shown as a link, another becomes its name.
    """
    line = _HTML.sub(r"\\<", line)
    if "![" not in line:
        return line, 0
    return _MARKDOWN_PICTURE.subn(_picture, line)


def _picture(match: re.Match[str]) -> str:
    if match[2].startswith(("https://", "http://")):
        return match[0]
    return f"*{match[1].strip()}* (`{match[2]}`)" if match[1].strip() else f"(`{match[2]}`)"


def years(line: str) -> set[int]:
    """Return the years that a line mentions."""
    return {year for match in _YEAR.findall(line) if 1800 <= (year := int(match)) <= 2100}
