"""What generators put into a text beside Markdown: Hugo's shortcodes, Jekyll's tags (Liquid).

What has an equal in Markdown becomes it: a figure, a highlighted listing, an address of the site
itself. The rest stays in the text as it stands, and is told. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .body import pieces

_SHORTCODE = re.compile(
    r"\{\{(?P<open>[<%])(?P<inside>(?:(?!\{\{).)*?)(?P<close>[>%])\}\}", re.DOTALL
)
_LIQUID = re.compile(
    r"\{%-?\s*(?P<tag>(?:(?!\{%).)*?)\s*-?%\}|\{\{-?\s*(?P<output>(?:(?!\{\{).)*?)\s*-?\}\}",
    re.DOTALL,
)
_PARAMETER = re.compile(r'([\w-]+)\s*=\s*("(?:[^"\\]|\\.)*"|`[^`]*`|[^\s"`]+)')
_ADDRESS = re.compile(
    r"site\.(?:base)?url|(?P<quote>[\"'])(?P<path>[^\"']*)(?P=quote)\s*\|\s*"
    r"(?:relative_url|absolute_url|prepend:\s*site\.(?:base)?url)"
)
# Kramdown's lists of attributes: looks, not text.
_ATTRIBUTES = re.compile(r"^[ \t]*\{:[^{}\n]*\}[ \t]*\n?|\{:[^{}\n]*\}", re.MULTILINE)

_HIGHLIGHT = re.compile(r"\{\{[<%]\s*/\s*highlight\s*[>%]\}\}")


def hugo(text: str) -> tuple[str, list[str]]:
    """Return a text of Hugo's as Markdown, and the shortcodes that have no equal there."""
    out: list[str] = []
    strange: list[str] = []
    at = 0
    for code in _SHORTCODE.finditer(text):
        if code.start() < at:
            continue
        out.append(text[at : code.start()])
        at = code.end()
        inside = code["inside"].strip()
        name, _, rest = inside.partition(" ")
        if inside.startswith("/*") and inside.endswith("*/"):
            out.append(f"{{{{{code['open']}{inside[2:-2]}{code['close']}}}}}")
        elif name == "figure":
            out.append(_figure(rest) or code[0])
            if out[-1] == code[0]:
                strange.append(code[0])
        elif name == "highlight" and (end := _HIGHLIGHT.search(text, at)):
            out.append(_listing(text[at : end.start()], rest))
            at = end.end()
        else:
            out.append(code[0])
            strange.append(code[0])
    return "".join([*out, text[at:]]), strange


def jekyll(text: str) -> tuple[str, list[str]]:
    """Return a text of Jekyll's as Markdown, and the tags that have no equal there."""
    out: list[str] = []
    strange: list[str] = []
    tags = _LIQUID.finditer(text)
    at = 0
    for tag in tags:
        out.append(text[at : tag.start()])
        at = tag.end()
        name, _, rest = (tag["tag"] or "").partition(" ")
        if name in ("raw", "comment", "highlight"):
            end = _end(f"end{name}", tags)
            inside = text[at : end.start() if end else len(text)]
            at = end.end() if end else len(text)
            if name == "highlight":
                inside = _listing(inside, rest)
            out.append("" if name == "comment" else inside)
        elif name == "link" and not rest.strip().startswith("_"):
            out.append(f"/{rest.strip()}")
        elif tag["output"] is not None and (address := _ADDRESS.fullmatch(tag["output"])):
            out.append(address["path"] or "")
        else:
            out.append(tag[0])
            strange.append(tag[0])
    parts = pieces("".join([*out, text[at:]]))
    return "".join(p if is_code else _ATTRIBUTES.sub("", p) for is_code, p in parts), strange


def _end(name: str, tags: Iterator[re.Match[str]]) -> re.Match[str] | None:
    """Return the tag that closes a block, and pass over those before it."""
    return next((tag for tag in tags if tag["tag"] == name), None)


def _figure(parameters: str) -> str:
    """Return Hugo's figure as a picture of Markdown."""
    given = {
        m[1]: m[2] if m[2][0] not in '"`' else m[2][1:-1] for m in _PARAMETER.finditer(parameters)
    }
    given = {name: value.replace('\\"', '"') for name, value in given.items()}
    source = given.get("src", "")
    if not source or re.search(r"[<>\n]", source):
        return ""
    caption = " ".join((given.get("caption") or given.get("title") or "").split())
    alt = re.sub(r"([\\\[\]])", r"\\\1", " ".join(given.get("alt", "").split()))
    title = ' "{}"'.format(re.sub(r'([\\"])', r"\\\1", caption)) if caption else ""
    return f"![{alt}](<{source}>{title})"


def _listing(code: str, language: str) -> str:
    """Return a listing as a fenced block (CommonMark §4.5)."""
    ticks = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(3, ticks + 1)
    word = re.match(r"[\w+#.-]*", language.strip())
    return f"{fence}{word[0] if word else ''}\n{code.strip(chr(10))}\n{fence}"
