"""Converts Hugo's shortcodes and Jekyll's Liquid tags to Markdown. Pure functions.

Figures, highlighted code and addresses of the site have equivalents in Markdown. All others stay in
the text unchanged, and are returned to be reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...exports.markdown import picture
from ..html.inline import code_block
from .body import split_code

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
# Kramdown's attribute lists: style, not text.
_ATTRIBUTES = re.compile(r"^[ \t]*\{:[^{}\n]*\}[ \t]*\n?|\{:[^{}\n]*\}", re.MULTILINE)

_HIGHLIGHT = re.compile(r"\{\{[<%]\s*/\s*highlight\s*[>%]\}\}")


def convert_hugo(text: str) -> tuple[str, list[str]]:
    """Return the text of a Hugo post as Markdown, and the shortcodes without an equivalent."""
    out: list[str] = []
    unknown_tags: list[str] = []
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
            out.append(_picture(rest) or code[0])
            if out[-1] == code[0]:
                unknown_tags.append(code[0])
        elif name == "highlight" and (end := _HIGHLIGHT.search(text, at)):
            out.append(_code_block(text[at : end.start()], rest))
            at = end.end()
        else:
            out.append(code[0])
            unknown_tags.append(code[0])
    return "".join([*out, text[at:]]), unknown_tags


def convert_jekyll(text: str) -> tuple[str, list[str]]:
    """Return the text of a Jekyll post as Markdown, and the tags without an equivalent."""
    out: list[str] = []
    unknown_tags: list[str] = []
    tags = _LIQUID.finditer(text)
    at = 0
    for tag in tags:
        out.append(text[at : tag.start()])
        at = tag.end()
        name, _, rest = (tag["tag"] or "").partition(" ")
        if name in ("raw", "comment", "highlight"):
            end = _find_end(f"end{name}", tags)
            inside = text[at : end.start() if end else len(text)]
            at = end.end() if end else len(text)
            if name == "highlight":
                inside = _code_block(inside, rest)
            out.append("" if name == "comment" else inside)
        elif name == "link" and not rest.strip().startswith("_"):
            out.append(f"/{rest.strip()}")
        elif tag["output"] is not None and (address := _ADDRESS.fullmatch(tag["output"])):
            out.append(address["path"] or "")
        else:
            out.append(tag[0])
            unknown_tags.append(tag[0])
    parts = split_code("".join([*out, text[at:]]))
    return "".join(p if is_code else _ATTRIBUTES.sub("", p) for is_code, p in parts), unknown_tags


def _find_end(name: str, tags: Iterator[re.Match[str]]) -> re.Match[str] | None:
    """Return the tag that closes a block; the tags before it are skipped."""
    return next((tag for tag in tags if tag["tag"] == name), None)


def _picture(parameters: str) -> str:
    """Return Hugo's figure as a Markdown picture; empty if that is impossible."""
    given = {
        m[1]: m[2] if m[2][0] not in '"`' else m[2][1:-1] for m in _PARAMETER.finditer(parameters)
    }
    given = {name: value.replace('\\"', '"') for name, value in given.items()}
    source = given.get("src", "")
    if not source or re.search(r"[<>\n]", source):
        return ""
    caption = given.get("caption") or given.get("title") or ""
    return picture(given.get("alt", "").strip(), f"<{source}>", caption.strip())


def _code_block(code: str, parameters: str) -> str:
    """Return highlighted code as a fenced block; the first parameter is its language."""
    language = re.match(r"[\w+#.-]*", parameters.strip())
    return code_block(code.strip("\n"), language[0] if language else "")
