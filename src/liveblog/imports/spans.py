"""What stands in a line, written as Markdown: words, emphasis, code, links, breaks.

In comes a run of tokens in the order of a text; out come lines in which each sign means what its
token says, and no word is read as a sign (CommonMark 0.31 §2.4, §6). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

SPACE = re.compile(r"[ \t\n]+")  #: what a browser folds
_SIGNS = {"strong": "**", "em": "*", "del": "~~"}
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
    """A piece of a run."""

    kind: str  #: text, raw (Markdown already), code, break, open, close
    value: str = ""  #: its text, or what it opens and closes: strong, em, del, or an element


BREAK = Token("break")


def paragraphs(run: list[Token]) -> list[str]:
    """Write a run as paragraphs that can stand anywhere in a text."""
    return ["\\\n".join(map(_begun, lines)) for lines in finished(run)]


def _begun(line: str) -> str:
    """Keep the beginning of a line from being read as a list, a heading or a rule."""
    return _AT_START.sub(lambda m: (m["digits"] or "") + "\\", line, count=1) if (
        _AT_START.match(line)
    ) else line  # fmt: skip


def finished(run: list[Token], *, is_link: bool = False) -> list[list[str]]:
    """Return the paragraphs of a run, each as its lines.

    White space is folded as a browser folds it, and moved out of emphasis; two breaks in a row
    part paragraphs.
    """
    found: list[list[list[Token]]] = [[[]]]
    is_open: list[Token] = []  # written
    waiting: list[Token] = []  # opened, with nothing written in them yet
    has_space, breaks = False, 0
    for token in _merged(run):
        if token.kind == "break":
            breaks += 1
        elif token.kind == "open":
            waiting.append(token)
        elif token.kind == "close":
            if waiting:
                waiting.pop()
            elif is_open:
                is_open.pop()
                found[-1][-1].append(token)
        else:
            value = token.value
            if token.kind == "text":
                has_space = has_space or value[:1] in (" ", "\t", "\n")
                value = value.strip(" \t\n")
                if not value:
                    continue
            if breaks and found[-1][-1]:
                # Emphasis ends with its line and begins again: a sign that spans lines of a
                # paragraph is allowed, but one place to think of less.
                found[-1][-1] += [Token("close", t.value) for t in reversed(is_open)]
                if breaks > 1:
                    found.append([[]])
                else:
                    found[-1].append([])
                found[-1][-1] += is_open
            elif has_space and found[-1][-1]:
                found[-1][-1].append(Token("text", " "))
            found[-1][-1] += waiting
            is_open += waiting
            waiting = []
            found[-1][-1].append(replace(token, value=value))
            has_space, breaks = token.kind == "text" and token.value[-1:] in (" ", "\t", "\n"), 0
    found[-1][-1] += [Token("close", t.value) for t in reversed(is_open)]
    lines = [[_written(line, is_link=is_link) for line in lines] for lines in found]
    return [kept for part in lines if (kept := [line for line in part if line])]


def _merged(run: list[Token]) -> Iterator[Token]:
    """Join neighbours of one kind, so that none hides what it means from the next."""
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


def _written(line: list[Token], *, is_link: bool) -> str:
    parts: list[str] = []
    pairs: list[tuple[int, int]] = []
    opened: list[int] = []
    for number, token in enumerate(line):
        if token.kind == "text":
            text = escaped(token.value, is_link=is_link)
            following = line[number + 1].kind if number + 1 < len(line) else ""
            if following == "raw" and text.endswith("!"):
                text = text[:-1] + "\\!"  # with a link it would be a picture
            parts.append(text)
        elif token.kind == "code":
            parts.append(_code(token.value.strip()))
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
        sign = _SIGNS.get(mark, "")
        if sign and _can_open(parts, begin) and _can_close(parts, end):
            parts[begin] = parts[end] = sign
        else:
            parts[begin], parts[end] = f"<{mark}>", f"</{mark}>"
    return "".join(parts).strip(" ")


def _can_open(parts: list[str], place: int) -> bool:
    """Whether a sign there is left-flanking (CommonMark 0.31 §6.2), to be on the safe side."""
    before = parts[place - 1] if place else " "
    after = parts[place + 1]
    return bool(before and after) and (
        after[0].isalnum() or (before[-1] == " " and not after[0].isspace() and after[0] != "*")
    )


def _can_close(parts: list[str], place: int) -> bool:
    before = parts[place - 1]
    after = parts[place + 1] if place + 1 < len(parts) else " "
    return bool(before and after) and (
        before[-1].isalnum()
        or (after[0] == " " and not before[-1].isspace() and before[-1] not in "*~")
    )


def escaped(text: str, *, is_link: bool = False) -> str:
    """Return text in which nothing is a sign; a bare address becomes a link."""

    def safe(match: re.Match[str]) -> str:
        if match["url"]:
            url = match["url"]
            if is_link:
                return escaped(url.replace("://", "\0")).replace("\0", "\\://")
            return f"<{re.sub('&', '&amp;', url)}>"
        if match["scheme"]:
            return "\\://"
        return f"{match[0]}\\" if match["www"] else f"\\{match[0]}"

    return _SPECIAL.sub(safe, text)


def _code(text: str) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def link_to(text: str, url: str) -> str:
    """Write a link; without a text it shows its address."""
    if not text:
        text = escaped(urlsplit(url).netloc or url, is_link=True)
    url = quote(url, safe="/?#[]@!$&'+,;=:%-._~*")
    return f"[{text}]({re.sub('&(?=#?[0-9a-zA-Z]+;)', '&amp;', url)})"
