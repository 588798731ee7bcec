"""Reads the lines of a chronicle, and recognises rules, headlines, sources and pictures.

Every function takes time proportional to the length of the line, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from ...model import addresses, limits
from ...model.entry import FORBIDDEN, Source
from ...model.errors import InvalidInput
from ...text.tokens import normalize
from ..files import cannot_read

LONGEST_LINE = 1_000_000
"""Maximum characters of a line; ten times as many as an update may have."""

_MAX_MARK = 400
"""Maximum characters of a line that is a rule, a source or a reference to a picture."""

_MAX_HEADLINE = 150
"""Maximum characters of a headline."""

_RULES = frozenset("-–—*_=~•·#☆★⁂")
_ENDS = (".", "!", "?", "…", ":", ";", "؟", "»", "”", '"', ")", "۔")

_CLOSE_HEADINGS = frozenset(
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
_WRAPPERS = "*_ \t\u00a0\u202f"


def lines_of(path: Path) -> Callable[[], Iterator[str]]:
    """Return a function that yields the lines of a UTF-8 file from the start at each call.

    It raises :class:`InvalidInput` for a file that cannot be read, is not UTF-8, or has a line of
    :data:`LONGEST_LINE` characters.
    """

    def lines() -> Iterator[str]:
        number = 0
        try:
            with path.open(encoding="utf-8-sig", newline=None) as file:
                while line := file.readline(LONGEST_LINE):
                    number += 1
                    if len(line) >= LONGEST_LINE:
                        raise InvalidInput(
                            f"{path}: line {number} has more than {LONGEST_LINE:,} characters.",
                            "Check that it is a text, and break the line.",
                        )
                    yield line
        except UnicodeDecodeError:
            raise InvalidInput(
                f"{path}: the text after line {number} is not UTF-8.",
                "Save the text as UTF-8 in your editor, or: iconv -f WINDOWS-1252 -t UTF-8",
            ) from None
        except OSError as error:
            raise cannot_read(path, error) from None

    return lines


def strip_forbidden(line: str) -> tuple[str, list[tuple[int, str]]]:
    """Return a line without forbidden characters, and the column and name of the first ten.

    A character that separates words (a form feed) is replaced by a space.
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
    """Whether a line is a rule: ``---``, ``* * *``, ``⁂``."""
    signs = line[:_MAX_MARK].split()
    bare = "".join(signs)
    if len(line) > _MAX_MARK or not bare or bare[0] not in _RULES:
        return False
    return bare == bare[0] * len(bare) and (len(bare) >= 3 or bare == "⁂")


def is_underline(line: str) -> bool:
    """Whether a line can make the line above it a heading (CommonMark §4.3)."""
    bare = line[:_MAX_MARK].strip()
    return is_rule(line) and bare[0] in "-=" and " " not in bare


def is_headline(text: str) -> bool:
    """Whether a line can be a headline: short, and not a sentence with a full stop."""
    bare = text.rstrip("*_ ")
    return (
        len(bare) <= _MAX_HEADLINE
        and bool(bare)
        and (bare.endswith(("...", "…")) or not bare.endswith((".", ":", ";", ",", "،", "؛", "۔")))
    )


def ends_sentence(line: str) -> bool:
    """Whether a line ends a sentence, so that the next one can begin something new."""
    return line.rstrip("*_ \t\u00a0\u202f]").endswith(_ENDS)


def begins_close(line: str) -> bool:
    """Whether a line is the heading of a close: « Conclusion », "Fazit: …"."""
    head = line[:_MAX_MARK].lstrip("#*_ \t")
    return normalize(head.partition(":")[0].rstrip("*_# \t\u00a0\u202f")) in _CLOSE_HEADINGS


def find_sources(line: str) -> tuple[Source, ...]:
    """Return the sources that a line « Source : OSDH » names; empty for any other line.

    After the plural, commas and semicolons separate names. A link in a name becomes its address.
    """
    if len(line) > _MAX_MARK:
        return ()
    word, colon, names = _unwrapped(line).partition(":")
    word = normalize(word.strip(_WRAPPERS))
    if not colon or word not in _SOURCE | _SOURCES:
        return ()
    section = re.split(r"[;,،؛](?!\S)", names) if word in _SOURCES else [names]
    found = tuple(_source(part.strip(_WRAPPERS).rstrip(".")) for part in section if part.strip())
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
    return Source(rest.strip(_WRAPPERS + ":,–—-") or addresses.host(url) or url[: limits.NAME], url)


def _unwrapped(line: str) -> str:
    """Return a line without brackets and emphasis that enclose all of it."""
    line = line.strip(_WRAPPERS)
    if line[:1] + line[-1:] in ("()", "[]"):
        line = line[1:-1].strip(_WRAPPERS)
    return line


def is_picture(line: str) -> bool:
    """Whether a line refers to a picture: « Image », "[Photo: a street]", « (photo) »."""
    if len(line) > _MAX_MARK:
        return False
    match = _PICTURE_LINE.match(normalize(_unwrapped(line)))
    return match is not None and match[1] in _PICTURE


def is_markdown_picture(line: str) -> bool:
    """Whether a line holds a Markdown picture and nothing else."""
    return line.startswith("![") and _MARKDOWN_PICTURE.fullmatch(line.strip()) is not None


def to_markdown(line: str) -> tuple[str, int]:
    """Return a line of plain text as Markdown that shows every word, and how many pictures it had.

    HTML is escaped, because Markdown would hide it. A Markdown picture with a web address stays,
    and is shown as a link; any other, which is not at hand, becomes its text and path.
    """
    line = _HTML.sub(r"\\<", line)
    if "![" not in line:
        return line, 0
    return _MARKDOWN_PICTURE.subn(_picture, line)


def _picture(match: re.Match[str]) -> str:
    if match[2].startswith(("https://", "http://")):
        return match[0]
    return f"*{match[1].strip()}* (`{match[2]}`)" if match[1].strip() else f"(`{match[2]}`)"
