"""Writes inline content as Markdown: words, emphasis, code, links, line breaks.

Takes a sequence of tokens in the order of a text, and returns lines of Markdown in which no word is
read as markup (CommonMark 0.31 §2.4, §6). Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

SPACE = re.compile(r"[ \t\n]+")  #: white space that browsers collapse
_MARKERS = {"strong": "**", "em": "*", "del": "~~"}
_SPECIAL = re.compile(
    r"(?P<url>\b(?:https?|ftp)://[^\s<>\[\]\"`]*[^\s<>\[\]\"`.,;:!?)'*_~])"
    r"|(?P<scheme>://)"
    r"|(?P<www>www(?=\.))"
    r"|(?P<sign>[\\`*\[\]<~]|(?<![^\W_])_|_(?![^\W_])|&(?=\#?\w+;))",
    re.IGNORECASE,
)
_AT_START = re.compile(r"(?P<digits>\d{1,9})(?=[.)])|(?=[#+\-=>|:])")


@dataclass(frozen=True)
class Token:
    """A piece of inline content."""

    kind: str  #: text, raw (Markdown), code, break, open, close
    value: str = ""  #: the text; of open and close: strong, em, del or an HTML element


BREAK = Token("break")


def write_paragraphs(run: list[Token]) -> list[str]:
    """Return tokens as paragraphs of Markdown, whose first signs are escaped."""
    return ["\\\n".join(map(_escape_start, lines)) for lines in split_paragraphs(run)]


def _escape_start(line: str) -> str:
    """Escape the beginning of a line that would be read as a list, a heading or a rule."""
    return _AT_START.sub(lambda m: (m["digits"] or "") + "\\", line, count=1) if (
        _AT_START.match(line)
    ) else line  # fmt: skip


def split_paragraphs(run: list[Token], *, is_link: bool = False) -> list[list[str]]:
    """Return the paragraphs of some tokens, each as a list of lines.

    White space is collapsed as in browsers, and moved out of emphasis; two breaks in a row
    separate paragraphs.
    """
    found: list[list[list[Token]]] = [[[]]]
    open_marks: list[Token] = []  # opened and written
    unopened: list[Token] = []  # opened, not yet written
    has_space, breaks = False, 0
    for token in _merge(run):
        if token.kind == "break":
            breaks += 1
        elif token.kind == "open":
            unopened.append(token)
        elif token.kind == "close":
            if unopened:
                unopened.pop()
            elif open_marks:
                open_marks.pop()
                found[-1][-1].append(token)
        else:
            value = token.value
            if token.kind == "text":
                has_space = has_space or value[:1] in (" ", "\t", "\n")
                value = value.strip(" \t\n")
                if not value:
                    continue
            if breaks and found[-1][-1]:
                # Emphasis is closed at the end of a line and opened again in the next.
                found[-1][-1] += [Token("close", t.value) for t in reversed(open_marks)]
                if breaks > 1:
                    found.append([[]])
                else:
                    found[-1].append([])
                found[-1][-1] += open_marks
            elif has_space and found[-1][-1]:
                found[-1][-1].append(Token("text", " "))
            found[-1][-1] += unopened
            open_marks += unopened
            unopened = []
            found[-1][-1].append(replace(token, value=value))
            has_space, breaks = token.kind == "text" and token.value[-1:] in (" ", "\t", "\n"), 0
    found[-1][-1] += [Token("close", t.value) for t in reversed(open_marks)]
    written = [
        [line for tokens in lines if (line := _write_line(tokens, is_link=is_link))]
        for lines in found
    ]
    return [lines for lines in written if lines]


def _merge(run: list[Token]) -> Iterator[Token]:
    """Join neighbouring tokens of the same kind, and collapse their white space."""
    last: Token | None = None
    for token in run:
        if token.kind == "text":
            token = Token("text", SPACE.sub(" ", token.value))
            if not token.value:
                continue
        elif token.kind == "code" and not token.value.strip():
            token = Token("text", " ")
        if last and last.kind == token.kind and token.kind in ("text", "code"):
            last = Token(last.kind, SPACE.sub(" ", last.value + token.value))
        else:
            if last:
                yield last
            last = token
    if last:
        yield last


def _write_line(line: list[Token], *, is_link: bool) -> str:
    parts: list[str] = []
    pairs: list[tuple[int, int]] = []
    opened: list[int] = []
    for number, token in enumerate(line):
        if token.kind == "text":
            text = escape(token.value, is_link=is_link)
            following = line[number + 1].kind if number + 1 < len(line) else ""
            if following == "raw" and text.endswith("!"):
                text = text[:-1] + "\\!"  # followed by a link it would begin a picture
            parts.append(text)
        elif token.kind == "code":
            parts.append(_code_span(token.value.strip()))
        elif token.kind == "raw":
            parts.append(token.value)
        else:
            if token.kind == "open":
                opened.append(number)
            else:
                pairs.append((opened.pop(), number))
            parts.append("")
    for begin, end in sorted(pairs):
        mark = line[begin].value
        sign = _MARKERS.get(mark, "")
        if sign and _can_open(parts, begin) and _can_close(parts, end):
            parts[begin] = parts[end] = sign
        else:
            parts[begin], parts[end] = f"<{mark}>", f"</{mark}>"
    return "".join(parts).strip(" ")


def _can_open(parts: list[str], index: int) -> bool:
    """Whether a delimiter there is certainly left-flanking (CommonMark 0.31 §6.2)."""
    before = parts[index - 1] if index else " "
    after = parts[index + 1]
    return bool(before and after) and (
        after[0].isalnum() or (before[-1] == " " and not after[0].isspace() and after[0] != "*")
    )


def _can_close(parts: list[str], index: int) -> bool:
    before = parts[index - 1]
    after = parts[index + 1] if index + 1 < len(parts) else " "
    return bool(before and after) and (
        before[-1].isalnum()
        or (after[0] == " " and not before[-1].isspace() and before[-1] not in "*~")
    )


def escape(text: str, *, is_link: bool = False) -> str:
    """Return text with all markup escaped; a bare address becomes a link."""

    def safe(match: re.Match[str]) -> str:
        if match["url"]:
            url = match["url"]
            if is_link:
                return escape(url.replace("://", "\0")).replace("\0", "\\://")
            return f"<{re.sub('&', '&amp;', url)}>"
        if match["scheme"]:
            return "\\://"
        return f"{match[0]}\\" if match["www"] else f"\\{match[0]}"

    return _SPECIAL.sub(safe, text)


def code_block(code: str, language: str) -> str:
    """Return code as a fenced block (CommonMark 0.31 §4.5)."""
    fence = _fence(code, 3)
    return f"{fence}{language}\n{code}\n{fence}"


def _fence(code: str, shortest: int) -> str:
    """Return more backticks than there are in a row in *code*."""
    longest = max(map(len, re.findall("`+", code)), default=0)
    return "`" * max(shortest, longest + 1)


def _code_span(text: str) -> str:
    fence = _fence(text, 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def write_link(text: str, url: str) -> str:
    """Return a link; without a text it shows its host."""
    if not text:
        text = escape(urlsplit(url).netloc or url, is_link=True)
    url = quote(url, safe="/?#[]@!$&'+,;=:%-._~*")
    return f"[{text}]({re.sub('&(?=#?[0-9a-zA-Z]+;)', '&amp;', url)})"
