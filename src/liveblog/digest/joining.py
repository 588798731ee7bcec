"""Makes an author's Markdown part of a larger document that shows it as it is alone.

Names of links and footnotes differ from those of other texts, headings become headings
below the entry's own, addresses become absolute, and nothing is left open. What comes out is
rendered and compared; where it differs from the text alone, the text is written as HTML, which
Markdown permits.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from ..model import addresses
from ..model.quotes import LINK
from ..text.fragments import with_root
from ..text.markup import heading_levels, to_html

_SIMPLE = re.compile(r"(?:(?!    |\t)[^\[\]<#`~=\\]*(?:\n|\Z))*+")
_PLAIN_LINK = re.compile(r"\[[^\[\]<`\\\n]*\]\((?:https?|mailto):[^\s()<>\[\]\\]*\)")
_LINE_OF_DASHES = re.compile(r"^ {0,3}-+[ \t]*$", re.MULTILINE)

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_HEADING = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)(.*)")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
_NOT_PARAGRAPH = re.compile(r" {0,3}([#>|*+-]|\d+[.)]|```|~~~)|    |\t")
_NOTE = re.compile(r"\[\^([^\[\]\s]{1,1000})\]")
_DEFINED_NOTE = re.compile(r"^ {0,3}\[\^([^\[\]\s]{1,1000})\]:", re.MULTILINE)
_DEFINITION = re.compile(r"^ {0,3}\[(?!\^)((?:[^\[\]\\]|\\.)+)\]:", re.MULTILINE)
_REFERENCE = re.compile(r"(?<!\\)\[((?:[^\[\]\\]|\\.)+)\](?:\[((?:[^\[\]\\]|\\.)*)\])?(?![\[(:])")
_INLINE_ADDRESS = re.compile(r"(\]\([ \t\n]*<?)([^\s<>()]+)")
_DEFINED_ADDRESS = re.compile(
    r"^( {0,3}\[(?!\^)(?:[^\[\]\\]|\\.)+\]:[ \t]*\n?[ \t]*<?)([^\s<>]+)", re.MULTILINE
)
_ABSOLUTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|#")

_BACKTICKS = re.compile("`+")

_FOOTNOTES = re.compile(r'<section class="footnotes">.*?</section>', re.DOTALL)
_FOOTNOTE_NAME = re.compile(r'(id="|href="#)[^"]*fn(ref)?-[^"]*"')
_PRE = re.compile("(<pre.*?</pre>)", re.DOTALL)
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")
_END = "end"


def adapted(text: str, name: str, base: str) -> str:
    """Return an author's text as a part of another document.

    *name* distinguishes it from the other texts of the document, *base* is the site's address.
    """
    if _SIMPLE.fullmatch(_PLAIN_LINK.sub("", text)) and not _LINE_OF_DASHES.search(text):
        return text
    written = _rewritten(text, name, base)
    if _shows(written, text, name, base):
        return written
    return _without_blank_lines(with_root(to_html(text, anchor=name), base))


def _without_blank_lines(html: str) -> str:
    """Return HTML without blank lines, which would end it in Markdown."""
    parts = _PRE.split(html)
    parts[::2] = [_BLANK_LINES.sub("\n", part) for part in parts[::2]]
    parts[1::2] = [part.replace("\n", "&#10;") for part in parts[1::2]]
    return "".join(parts)


def _shows(written: str, text: str, name: str, base: str) -> bool:
    """Whether a text, with another below it, is shown as the original is alone.

    The other one names every link and footnote that the text may define: none may lead anywhere.
    """
    labels = [match[1] for match in _DEFINITION.finditer(written)]
    labels += [f"^{match[1]}" for match in _DEFINED_NOTE.finditer(written)]
    others = {label for label in labels if not label.removeprefix("^").startswith(f"{name}-")}
    below = " ".join([_END, *(f"[{label}]" for label in sorted(others))])
    whole = _normalized(to_html(f"{written}\n\n{below}"), base)
    return whole == _normalized(f"{to_html(text)}\n{to_html(below)}", base) and heading_levels(
        written
    ) == heading_levels(text, is_shifted=True)


def _normalized(html: str, base: str) -> tuple[str, list[str]]:
    """Return HTML without the names of footnotes, and the footnotes apart from the rest."""
    html = _FOOTNOTE_NAME.sub(r'\1fn\2"', with_root(html, base))
    return "".join(_FOOTNOTES.sub("", html).split()), _FOOTNOTES.findall(html)


def _rewritten(text: str, name: str, base: str) -> str:
    """Return a text with the usual markup adapted, line by line."""
    labels = {_label(match[1]) for match in _DEFINITION.finditer(text)}
    labels |= {f"^{_label(match[1])}" for match in _DEFINED_NOTE.finditer(text)}
    levels = iter(heading_levels(text, is_shifted=True))
    parts: list[str] = []
    lines: list[str] = []  # since the last fence
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            parts.append(line)
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            parts += [*_renamed(lines, labels, name, base), line]
            lines, fence = [], mark[1]
        elif heading := _HEADING.match(line):
            lines.append("#" * next(levels, 4) + heading[2])
        elif _UNDERLINE.fullmatch(line) and lines and _is_paragraph(lines[-1]):
            words = [lines.pop().strip()]
            while lines and _is_paragraph(lines[-1]):
                words.insert(0, lines.pop().strip())
            lines.append("#" * next(levels, 4) + " " + " ".join(words))
        else:
            lines.append(line)
    parts += _renamed(lines, labels, name, base)
    return "\n".join([*parts, fence] if fence else parts)


def _renamed(lines: list[str], labels: set[str], name: str, base: str) -> list[str]:
    """Return lines with their own names of links and footnotes, and absolute addresses."""
    if not lines:
        return []

    def note(match: re.Match[str]) -> str:
        is_defined = f"^{_label(match[1])}" in labels
        return f"[^{name}-{match[1]}]" if is_defined else match[0]

    def reference(match: re.Match[str]) -> str:
        shown, label = match[1], match[2]
        if _label(label or shown) not in labels:
            return match[0]
        return f"[{shown}][{name}-{label or shown}]"

    def absolute(match: re.Match[str]) -> str:
        if link := LINK.fullmatch(match[2]):
            return match[1] + addresses.url(base, addresses.entry_path(link[1]))
        if _ABSOLUTE.match(match[2]):
            return match[0]
        if match[2].startswith("//"):
            return f"{match[1]}https:{match[2]}"
        return match[1] + base + match[2].lstrip("/")

    pieces = _split_code("\n".join(lines))
    for number in range(0, len(pieces), 2):
        piece = _NOTE.sub(note, pieces[number])
        piece = _DEFINED_ADDRESS.sub(absolute, _INLINE_ADDRESS.sub(absolute, piece))
        piece = _REFERENCE.sub(reference, piece)
        pieces[number] = _DEFINITION.sub(rf"[{name}-\1]:", piece)
    return ["".join(pieces)]


def _split_code(text: str) -> list[str]:
    """Split a text at its code spans; texts and spans alternate, the first and last are texts."""
    runs = list(_BACKTICKS.finditer(text))
    by_length: dict[int, list[int]] = {}
    for number, run in enumerate(runs):
        by_length.setdefault(len(run[0]), []).append(number)
    pieces: list[str] = []
    at = number = 0
    while number < len(runs):
        equal = by_length[len(runs[number][0])]
        following = bisect_right(equal, number)
        if following == len(equal):  # nothing closes it
            number += 1
            continue
        start, end = runs[number].start(), runs[equal[following]].end()
        pieces += [text[at:start], text[start:end]]
        at, number = end, equal[following] + 1
    return [*pieces, text[at:]]


def _label(text: str) -> str:
    return " ".join(text.split()).casefold()


def _is_paragraph(line: str) -> bool:
    """Whether a line can belong to a paragraph, which a line of dashes below makes a heading."""
    return bool(line.strip()) and not _NOT_PARAGRAPH.match(line)
