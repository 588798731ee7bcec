"""Takes the pictures out of a post's Markdown, and finds links to the old blog. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ...text.plain import unescape

_ALT = r"!\[(?P<alt>(?:[^\[\]\\]|\\.)*)\]"
_TARGET = (
    r"\(\s*(?:<(?P<{0}angled>[^<>\n]*)>|(?P<{0}bare>[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*))"
    r"(?:\s+(?P<{0}title>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'))?\s*\)"
)
_LINK = re.compile(r"(?<=\])" + _TARGET.format(""))
_PICTURE = re.compile(
    rf"(?P<linked>\[\s*)?{_ALT}"
    rf"(?:{_TARGET.format('')}|\[(?P<name>[^\]\n]*)\])?"
    rf"(?(linked)\s*\]{_TARGET.format('to_')})"
    r"|(?P<html><(?i:img)\b[^<>]*>)"
    r"|(?P<player><(?i:video|audio)\b[^<>]*>(?s:(?!</?(?i:video|audio)\b).){0,2000}</(?i:video|audio)>)"
)
_DEFINITION = re.compile(
    r"^ {0,3}\[(?P<name>[^\]\n^][^\]\n]*)\]:[ \t]*<?(?P<target>[^\s<>]+)>?"
    r"(?:[ \t]+[\"'(](?P<title>[^\n]*)[\"')])?[ \t]*$",
    re.MULTILINE,
)
_ATTRIBUTE = re.compile(r"([\w-]+)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_MORE = re.compile(r"^[ \t]*<!--\s*(?:more|PELICAN_(?:BEGIN|END)_SUMMARY)\s*-->[ \t]*\n?", re.M)


@dataclass(frozen=True)
class ShownPicture:
    """A picture that a post shows."""

    path: str  #: within the folder
    alt: str = ""
    caption: str = ""


@dataclass
class Body:
    """The text of a post without its pictures, and what was found in it."""

    text: str = ""
    pictures: list[ShownPicture] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  #: pictures that are not in the folder
    remote: list[str] = field(default_factory=list)  #: pictures on other servers
    links: list[str] = field(default_factory=list)  #: links to the old blog


def read(text: str, find: Callable[[str], str]) -> Body:
    """Return the text of a post without its pictures, and what was found in it.

    *find* returns the path of the file in the folder that a target refers to, or an empty string. A
    missing picture is replaced by its alternative text. Code is not changed.
    """
    body = Body()
    parts = list(split_code(_MORE.sub("", text)))
    defined = {
        _name(match["name"]): (match["target"], match["title"] or "")
        for is_code, piece in parts
        if not is_code
        for match in _DEFINITION.finditer(piece)
    }

    def replaced(match: re.Match[str]) -> str:
        alt, source, caption = _picture(match, defined)
        if not source:  # text that looks like a picture
            return match[0]
        if is_remote(source):
            body.remote.append(source)
            return f"[{alt or source}](<{source}>)" if match["player"] else match[0]
        linked = _target(match, "to_")
        path = (find(linked) if linked and not is_remote(linked) else "") or find(source)
        if not path:
            body.missing.append(source)
            return f"[{alt}](<{linked}>)" if alt and linked else alt
        if path not in (shown.path for shown in body.pictures):
            body.pictures.append(ShownPicture(path, alt, caption))
        return f"[{alt or linked}](<{linked}>)" if linked and is_remote(linked) else ""

    texts = []
    for is_code, piece in parts:
        if not is_code:
            piece = _PICTURE.sub(replaced, piece)
            targets = [_target(match) for match in _LINK.finditer(piece)]
            targets += [match["target"] for match in _DEFINITION.finditer(piece)]
            body.links += [t for t in targets if t and t[0] != "#" and not is_remote(t)]
        texts.append(piece)
    picture_targets = {target for target, _ in defined.values() if find(target)}
    body.links = [target for target in dict.fromkeys(body.links) if target not in picture_targets]
    body.text = "".join(texts)
    if body.pictures:
        body.text = re.sub(r"\n(?:[ \t]*\n){2,}", "\n\n", body.text)
    return body


def is_remote(target: str) -> bool:
    """Whether a target has a scheme or a host, so that it is not a file of the folder."""
    return bool(_SCHEME.match(target))


def _picture(match: re.Match[str], defined: dict[str, tuple[str, str]]) -> tuple[str, str, str]:
    """Return a picture's alternative text, target and caption."""
    if match["html"] or match["player"]:
        given: dict[str, str] = {}
        for found in _ATTRIBUTE.finditer(match[0]):
            given.setdefault(found[1].lower(), unescape(found[2].strip("\"'")))
        alt = given.get("alt") or given.get("aria-label", "")
        return alt, given.get("src", ""), given.get("title", "")
    alt = _unescaped(match["alt"])
    target = _target(match)
    if target or match["bare"] is not None:
        return alt, target, _unescaped((match["title"] or "")[1:-1])
    target, title = defined.get(_name(match["name"] or match["alt"]), ("", ""))
    return alt, target, title


def _target(match: re.Match[str], which: str = "") -> str:
    return unescape(match[f"{which}angled"] or match[f"{which}bare"] or "")


def _name(text: str) -> str:
    return " ".join(text.casefold().split())


def _unescaped(text: str) -> str:
    """Return an alternative text or a title without escapes (CommonMark §2.4)."""
    words = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)
    return " ".join(unescape(words).split())


# -- code ------------------------------------------------------------------------------------------


def split_code(text: str) -> Iterator[tuple[bool, str]]:
    """Split a text into pieces; each pair says whether the piece is code, fenced or inline."""
    lines: list[str] = []
    fence = ""
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        mark = _FENCE.match(line)
        if fence:
            lines.append(line)
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                yield True, "".join(lines)
                lines, fence = [], ""
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            yield from _split_code_spans("".join(lines))
            lines, fence = [line], mark[1]
        else:
            lines.append(line)
    if fence:
        yield True, "".join(lines)
    else:
        yield from _split_code_spans("".join(lines))


def _split_code_spans(text: str) -> Iterator[tuple[bool, str]]:
    """Split a text at its code spans (CommonMark §6.1)."""
    for paragraph in re.split(r"(\n[ \t]*\n)", text):
        runs = list(re.finditer("`+", paragraph))
        last = {len(run[0]): number for number, run in enumerate(runs)}
        at = number = 0
        while number < len(runs):
            size = len(runs[number][0])
            start = runs[number].start()
            if last[size] > number:
                number += 1
                while len(runs[number][0]) != size:
                    number += 1
                yield False, paragraph[at:start]
                at = runs[number].end()
                yield True, paragraph[start:at]
            number += 1
        yield False, paragraph[at:]
