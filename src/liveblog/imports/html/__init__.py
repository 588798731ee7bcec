"""Converts HTML from other programs to Markdown (CommonMark with tables and strikethrough).

The HTML may be broken or hostile. The Markdown renders to the same words, links, lists, quotes,
tables and emphasis; scripts, styles and forms are dropped. Pictures are offered to the caller; a
picture that it does not take becomes a link. Time is proportional to the length of the HTML,
whatever its nesting.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from lxml.html import HtmlElement

from .footnotes import extract_footnotes
from .inline import (
    BREAK,
    SPACE,
    Token,
    code_block,
    escape,
    split_paragraphs,
    write_link,
    write_paragraphs,
)
from .parsing import parse
from .pictures import Image, Pictures, TakePicture
from .tables import alignment, grid

__all__ = ["Image", "TakePicture", "to_markdown"]


_MAX_DEPTH = 60
"""Nesting of elements beyond which only the words are kept."""

_MAX_LEVELS = 8
"""Nesting of lists and quotes beyond which they become paragraphs."""


_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog",
    "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2",
    "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "html", "legend", "li", "main", "menu",
    "nav", "ol", "p", "pre", "search", "section", "summary", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "ul", "caption",
))  # fmt: skip
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_TOP_HEADING = 4  # the first level that :func:`liveblog.text.markup.to_html` writes
_LISTS = ("ul", "ol", "menu", "dir")
_MARKS = {
    "b": "strong", "strong": "strong", "i": "em", "em": "em", "cite": "em", "dfn": "em",
    "var": "em", "del": "del", "s": "del", "strike": "del",
}  # fmt: skip
_HTML_ONLY = ("sub", "sup", "kbd", "mark", "ins", "q")  # stay HTML: Markdown has no sign for them
_CODE = ("code", "tt", "samp")
_PLAYERS = {"iframe": "src", "video": "src", "audio": "src", "embed": "src", "object": "data"}

_BARE = re.compile(r"https?://[^\s<>]+|[\w.+-]+@[\w-]+(\.[\w-]+)+", re.ASCII)


def to_markdown(source: str, *, base: str = "", take: TakePicture | None = None) -> str:
    """Return a fragment or page of HTML as Markdown.

    Relative addresses are resolved against *base*; a link that stays relative becomes text. *take*
    is called once for each picture, in order.
    """
    tree = parse(source)
    if tree is None:
        return ""
    return _Converter(tree, Pictures(tree, base, take or (lambda image: False))).text()


class _Converter:
    """Converts one tree to blocks of Markdown."""

    def __init__(self, tree: HtmlElement, pictures: Pictures) -> None:
        self._tree = tree
        self._pictures = pictures
        self._references, self._notes = extract_footnotes(tree)
        levels = [int(str(found.tag)[1]) for found in tree.iter(*_HEADINGS)]
        self._above = min([*levels, _TOP_HEADING]) - 1  # the topmost heading becomes level 1
        self._holds_blocks: set[HtmlElement] = set()
        for element in tree.iter(*_BLOCKS, *(set(_PLAYERS) - {"object"})):
            above = element.getparent()
            while above is not None and above not in self._holds_blocks:
                self._holds_blocks.add(above)
                above = above.getparent()

    def text(self) -> str:
        blocks = self._blocks(self._tree, 0, 0)
        notes = ["\n\n".join(self._blocks(note, 0, 1)) for note in self._notes]
        if notes and blocks[-1:] == ["***"]:  # the rule between text and footnotes
            blocks.pop()
        shown = set(re.findall(r"\[\^(\d+)\]", "\n".join([*blocks, *notes])))
        for number, note in enumerate(notes, 1):
            if str(number) in shown:  # otherwise its reference is in code
                blocks.append(re.sub("\n(?=.)", "\n    ", f"[^{number}]: {note}"))
            else:
                blocks.append(note)
        return "\n\n".join(blocks)

    # -- blocks ------------------------------------------------------------------------------------

    def _blocks(self, parent: HtmlElement, depth: int, level: int) -> list[str]:
        """Return the blocks of an element within *level* lists and quotes."""
        if depth > _MAX_DEPTH:
            return write_paragraphs([Token("text", " ".join(parent.itertext()))])
        blocks: list[str] = []
        run: list[Token] = [Token("text", parent.text or "")]
        for child in parent:
            if self._is_block(child):
                blocks += write_paragraphs(run)
                run = []
                found = self._block(child, depth + 1, level)
                if blocks and found:
                    found[0] = _separate_lists(blocks[-1], found[0])
                blocks += found
            else:
                self._append_inline(child, run, depth + 1)
            run.append(Token("text", child.tail or ""))
        return blocks + write_paragraphs(run)

    def _is_block(self, element: HtmlElement) -> bool:
        if element.tag in _BLOCKS or element.tag in _PLAYERS:
            return True
        return element in self._holds_blocks and element.tag not in ("a", *_CODE)

    def _block(self, element: HtmlElement, depth: int, level: int) -> list[str]:
        tag = element.tag
        if tag in _PLAYERS:
            return self._player(element, depth, level)
        if tag == "pre":
            return _code_block(element)
        if tag == "hr":
            return ["***"]
        if tag in _HEADINGS:
            text = re.sub(r"(#+)$", r"\\\1", self._one_line(element, depth))
            return [f"{'#' * (int(tag[1]) - self._above)} {text}"] if text else []
        if tag == "dt":
            text = self._one_line(element, depth, mark="strong")
            return [text] if text else []
        if tag == "figure":
            return self._figure(element, depth, level)
        if tag == "table":
            return self._table(element, depth, level)
        if level < _MAX_LEVELS:
            if tag in _LISTS:
                return self._list(element, depth, level)
            if tag == "blockquote":
                inner = "\n\n".join(self._blocks(element, depth, level + 1))
                return [re.sub("^", "> ", inner, flags=re.MULTILINE)] if inner else []
        return self._blocks(element, depth, level)

    def _list(self, element: HtmlElement, depth: int, level: int) -> list[str]:
        number = None
        if element.tag == "ol":
            start = element.get("start", "")
            number = int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1
        items: list[list[str]] = []
        blocks: list[str] = []
        for child in element:
            inner = (
                self._list(child, depth + 1, level + 1)  # a list directly within a list
                if child.tag in _LISTS and depth < _MAX_DEPTH and level + 1 < _MAX_LEVELS
                else self._blocks(child, depth + 1, level + 1)
            )
            if child.tag != "li" and items:
                items[-1] += inner
            elif inner:
                items.append(inner)
            if child.tail and child.tail.strip():
                items.append(write_paragraphs([Token("text", child.tail)]))
        first = write_paragraphs([Token("text", element.text or "")])
        is_loose = any(_is_loose(item) for item in items) or (
            element.find("li/p") is not None and level + 1 < _MAX_LEVELS
        )
        for item in items:
            marker = "- " if number is None else f"{number}. "
            number = None if number is None else number + 1
            inner_text = ("\n\n" if is_loose else "\n").join(item)
            blocks.append(marker + inner_text.replace("\n", "\n" + " " * len(marker)))
        text = re.sub(r"[ \t]+$", "", ("\n\n" if is_loose else "\n").join(blocks), flags=re.M)
        return [*first, text] if text else first

    def _figure(self, element: HtmlElement, depth: int, level: int) -> list[str]:
        """Convert a figure; its caption is dropped if the caller takes the picture with it."""
        captions = list(element.iter("figcaption"))
        pictures = list(element.iter("img"))
        films = list(element.iter("video", "audio"))
        if len(captions) != 1 or not (pictures or films):
            return self._blocks(element, depth, level)
        caption = SPACE.sub(" ", "".join(captions[0].itertext())).strip()
        images = [self._pictures.image(picture, caption) for picture in pictures]
        images += filter(None, (self._pictures.film(film, caption) for film in films))
        taken = [self._pictures.is_taken(image) for image in images] or [False]
        if all(taken) and captions[0].find(".//a") is None:
            captions[0].drop_tree()
        return self._blocks(element, depth, level)

    def _player(self, element: HtmlElement, depth: int, level: int) -> list[str]:
        """Return a link to a video, a sound or a frame, and its fallback content.

        Of a file that the caller takes, nothing is left.
        """
        film = self._pictures.film(element) if element.tag in ("video", "audio") else None
        if film and self._pictures.is_taken(film):
            return []
        source = element.find(".//source[@src]")
        address = element.get(_PLAYERS[str(element.tag)]) or element.get("data-src") or (
            source.get("src") if source is not None else ""
        )  # fmt: skip
        url = self._pictures.web_address(address or "")
        inner = [] if element.tag == "iframe" else self._blocks(element, depth, level)
        if not url or (element.tag == "object" and inner):
            return inner
        name = element.get("title") or element.get("aria-label") or ""
        return [write_link(escape(SPACE.sub(" ", name).strip(), is_link=True), url), *inner]

    def _table(self, element: HtmlElement, depth: int, level: int) -> list[str]:
        rows = list(element.iter("tr"))
        is_layout = element.find(".//table") is not None or element.find(".//pre") is not None
        cells = [] if is_layout else grid(rows)
        width = max(map(len, cells), default=0)
        if not width or (width < 2 and element.find(".//th") is None):
            return self._blocks(element, depth, level)
        texts = [
            [
                "" if cell is None else self._table_cell(cell, depth)
                for cell in row + [None] * (width - len(row))
            ]
            for row in cells
        ]
        lines = ["| " + " | ".join(row) + " |" for row in texts]
        has_head = all(cell is None or cell.tag == "th" for cell in cells[0])
        has_head = has_head or element.find("thead/tr") is rows[0]
        head = lines.pop(0) if has_head else "|" + "  |" * width
        rule = [alignment(cell) for cell in cells[0]] + ["---"] * (width - len(cells[0]))
        captions = [self._one_line(found, depth) for found in element.findall("caption")]
        return [*filter(None, captions), "\n".join([head, f"| {' | '.join(rule)} |", *lines])]

    def _table_cell(self, cell: HtmlElement, depth: int) -> str:
        return self._one_line(cell, depth, newline="<br>").replace("|", "\\|")

    # -- inline ------------------------------------------------------------------------------------

    def _one_line(
        self, element: HtmlElement, depth: int, *, newline: str = " ", mark: str = ""
    ) -> str:
        """Return the contents of an element on one line."""
        run: list[Token] = [Token("open", mark)] if mark else []
        self._append_children(element, run, depth)
        if mark:
            run.append(Token("close", mark))
        return newline.join(line for text in split_paragraphs(run) for line in text)

    def _append_children(
        self,
        element: HtmlElement,
        run: list[Token],
        depth: int,
        *,
        is_link: bool = False,
    ) -> None:
        run.append(Token("text", element.text or ""))
        for child in element:
            self._append_inline(child, run, depth + 1, is_link=is_link)
            run.append(Token("text", child.tail or ""))

    def _append_inline(
        self,
        element: HtmlElement,
        run: list[Token],
        depth: int,
        *,
        is_link: bool = False,
    ) -> None:
        tag = str(element.tag)
        if depth > _MAX_DEPTH:
            run.append(Token("text", " ".join(element.itertext())))
        elif element in self._references:
            run.append(Token("raw", f"[^{self._references[element]}]"))
        elif tag == "br":
            run.append(BREAK)
        elif tag == "img":
            self._append_picture(element, run, is_link=is_link)
        elif tag == "a":
            self._append_link(element, run, depth, is_link=is_link)
        elif tag in _PLAYERS:
            run += [Token("raw", text) for text in self._player(element, depth, _MAX_LEVELS)]
        elif tag in _CODE and next(element.iter("a", "img"), None) is None:
            run.append(Token("code", SPACE.sub(" ", " ".join(element.itertext()))))
        elif tag in _MARKS or tag in _HTML_ONLY:
            mark = _MARKS.get(tag, tag)
            run.append(Token("open", mark))
            self._append_children(element, run, depth, is_link=is_link)
            run.append(Token("close", mark))
        elif tag in _BLOCKS:  # within a cell, a heading or a link
            run.append(BREAK)
            self._append_children(element, run, depth, is_link=is_link)
            run.append(BREAK)
        else:
            self._append_children(element, run, depth, is_link=is_link)

    def _append_link(
        self, element: HtmlElement, run: list[Token], depth: int, *, is_link: bool
    ) -> None:
        url = "" if is_link else self._pictures.address(element.get("href", ""))
        if not url:
            self._append_children(element, run, depth, is_link=is_link)
            return
        shown = "".join(element.itertext()).strip()
        if shown in (url, url.removeprefix("mailto:")) and _BARE.fullmatch(shown):
            run.append(Token("raw", f"<{shown.replace('&', '&amp;')}>"))
            return
        inner: list[Token] = []
        self._append_children(element, inner, depth, is_link=True)
        text = " ".join(line for part in split_paragraphs(inner, is_link=True) for line in part)
        if text:
            edge = "".join(element.itertext())
            run += [Token("text", " ")] if edge[:1].isspace() else []
            run.append(Token("raw", write_link(text, url)))
            run += [Token("text", " ")] if edge[-1:].isspace() else []
        elif (picture := element.find(".//img")) is not None:
            # The picture was taken: a link to its own page or a larger copy is not needed.
            own = _file_stem(self._pictures.web_address(picture.get("src") or ""))
            if own and not _file_stem(url).startswith(own.partition("-")[0]):
                run.append(Token("raw", write_link("", url)))

    def _append_picture(self, element: HtmlElement, run: list[Token], *, is_link: bool) -> None:
        alt = SPACE.sub(" ", element.get("alt") or "").strip()
        names = (element.get("class") or "").split()
        if {"wp-smiley", "emoji", "liveblog-emoji"} & set(names):
            emoji = element.get("data-emoji")
            run.append(Token("text", alt or (f":{emoji}:" if emoji else "")))
            return
        image = self._pictures.image(element)
        if image is None:
            run.append(Token("text", alt))
        elif not self._pictures.is_taken(image):
            name = image.alt or unquote(urlsplit(image.url).path.rpartition("/")[2])
            text = escape(name, is_link=True)
            run.append(Token("raw", text if is_link else write_link(text, image.url)))


def _file_stem(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[2].rpartition(".")[0]


def _code_block(element: HtmlElement) -> list[str]:
    for line_break in element.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    text = "".join(element.itertext()).strip("\n").rstrip()
    if not text.strip():
        return []
    inner = element.find("code")
    names = f"{element.get('class') or ''} {'' if inner is None else inner.get('class') or ''}"
    language = re.search(r"(?:^|\s)(?:language|lang)-([\w+#-]+)", names)
    return [code_block(text, language[1] if language else "")]


def _separate_lists(before: str, block: str) -> str:
    """Give a list after another list a different marker (CommonMark 0.31 §5.3)."""
    if before.startswith("- ") and block.startswith("- "):
        return re.sub("^- ", "* ", block, flags=re.MULTILINE)
    if re.match(r"\d+\. ", before):
        return re.sub(r"^(\d+)\. ", r"\1) ", block, flags=re.MULTILINE)
    return block


_ENDS_PARAGRAPH = re.compile(r"[-*] |1[.)] |#{1,6} |```|~~~|> ")


def _is_loose(item: list[str]) -> bool:
    """Whether an item holds more than a paragraph and blocks that end it without a blank line."""
    return any(not _ENDS_PARAGRAPH.match(block) for block in item[1:])
