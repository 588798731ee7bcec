"""HTML to Markdown: what other programs wrote, as an author here would have written it.

In comes HTML from anywhere, however broken; out comes Markdown (CommonMark with tables and
strikethrough) that `text.markup` renders to the same words, links, lists, quotes, tables
and emphasis. Scripts, styles and forms fall away. Pictures are offered to the caller; what it does
not take becomes a link. Time grows with the length of the text, whatever its nesting.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from lxml import etree
from lxml import html as lxml_html

from ..model import addresses
from ..model.entry import FORBIDDEN
from ..text.sanitizer import has_too_many_attributes
from .spans import BREAK, SPACE, Token, escaped, finished, link_to, paragraphs


@dataclass(frozen=True)
class Image:
    """A picture that a text shows."""

    url: str  #: absolute, http or https
    alt: str = ""
    caption: str = ""


Take = Callable[[Image], bool]
"""Whether a picture is taken along as a file; it then leaves the text."""

_DEPTH = 60  # of elements; what lies deeper keeps its words only
_LEVELS = 8  # of lists and quotes in each other
_COLUMNS = 40

_DROPPED = (
    "script", "style", "template", "title", "svg", "canvas", "select", "datalist", "input",
    "map", "noembed", "noframes", "option", "param", "textarea", "track",
)  # fmt: skip
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog",
    "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2",
    "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "html", "legend", "li", "main", "menu",
    "nav", "ol", "p", "pre", "search", "section", "summary", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "ul", "caption",
))  # fmt: skip
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_OWN_LEVEL = 4  # where :func:`liveblog.text.markup.to_html` begins
_LISTS = ("ul", "ol", "menu", "dir")
_MARKS = {
    "b": "strong", "strong": "strong", "i": "em", "em": "em", "cite": "em", "dfn": "em",
    "var": "em", "del": "del", "s": "del", "strike": "del",
}  # fmt: skip
_KEPT = ("sub", "sup", "kbd", "mark", "ins", "q")  # Markdown has no sign for these
_CODE = ("code", "tt", "samp")
_PLAYERS = {"iframe": "src", "video": "src", "audio": "src", "embed": "src", "object": "data"}
_WEB = ("http", "https")

_NESTING = re.compile(r"</?(?!(?:a|p|br|img|li|script|style)\b)[a-zA-Z][^<>]*>")
"""Tags of elements that can stand in each other."""
_LONG_TAG = re.compile(r"<[a-zA-Z][^<>]{1000,}+")
_BARE = re.compile(r"https?://[^\s<>]+|[\w.+-]+@[\w-]+(\.[\w-]+)+", re.ASCII)
_WORD = re.compile(r"[^\W_]")


def to_markdown(source: str, *, base: str = "", take: Take | None = None) -> str:
    """Return a fragment or page of HTML as Markdown.

    Relative addresses are resolved against *base*; one that stays relative is no link, for it
    would lead somewhere else. *take* is asked once for each picture, in order.
    """
    tree = _parsed(source)
    return "" if tree is None else _Converter(base, take or (lambda image: False), tree).text()


def images(source: str, base: str = "") -> list[Image]:
    """Return the pictures that a text shows, in order, each once."""
    found: list[Image] = []

    def take(image: Image) -> bool:
        found.append(image)
        return False

    to_markdown(source, base=base, take=take)
    return found


def words(source: str) -> str:
    """Return the words of an HTML fragment on one line: a title, an author's name."""
    tree = _parsed(source)
    return "" if tree is None else SPACE.sub(" ", "".join(tree.itertext())).strip()


def _parsed(source: str) -> lxml_html.HtmlElement | None:
    source = re.sub("\r\n?|\f", "\n", source)
    source = FORBIDDEN.sub("", source)
    source = _LONG_TAG.sub(
        lambda tag: tag[0].split()[0] if has_too_many_attributes(tag[0]) else tag[0], source
    )
    if not source.strip():
        return None
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        tree = lxml_html.document_fromstring(source.encode(), parser=parser)
        if any(fault.type_name == "ERR_RESOURCE_LIMIT" for fault in parser.error_log):
            # The parser leaves out what is nested more deeply than any page is.
            tree = lxml_html.document_fromstring(_NESTING.sub(" ", source).encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):  # nothing in it, or nothing to be read
        return None
    etree.strip_elements(tree, *_DROPPED, with_tail=False)
    return tree


class _Converter:
    """Turns one tree into blocks of Markdown."""

    def __init__(self, base: str, take: Take, tree: lxml_html.HtmlElement) -> None:
        self._take = take
        self._tree = tree
        given = tree.find(".//base[@href]")
        own = given.get("href", "") if given is not None else ""
        self._base = _resolved(base, own) or base
        self._asked: dict[str, bool] = {}
        self._marks: dict[lxml_html.HtmlElement, int] = {}
        self._notes: list[lxml_html.HtmlElement] = []
        self._take_notes()
        levels = [int(str(found.tag)[1]) for found in tree.iter(*_HEADINGS)]
        self._above = min([*levels, _OWN_LEVEL]) - 1  # the topmost one is the first of its text
        self._holds_blocks: set[lxml_html.HtmlElement] = set()
        for element in tree.iter(*_BLOCKS, *(set(_PLAYERS) - {"object"})):
            above = element.getparent()
            while above is not None and above not in self._holds_blocks:
                self._holds_blocks.add(above)
                above = above.getparent()

    def text(self) -> str:
        blocks = self._blocks(self._tree, 0, 0)
        notes = ["\n\n".join(self._blocks(note, 0, 1)) for note in self._notes]
        if notes and blocks[-1:] == ["***"]:  # it parted them from the text
            blocks.pop()
        shown = set(re.findall(r"\[\^(\d+)\]", "\n".join([*blocks, *notes])))
        for number, note in enumerate(notes, 1):
            if str(number) in shown:  # else it stands in code, and the note as a paragraph
                blocks.append(re.sub("\n(?=.)", "\n    ", f"[^{number}]: {note}"))
            else:
                blocks.append(note)
        return "\n\n".join(blocks)

    def _take_notes(self) -> None:
        """Take footnotes out of the tree: items of a list that small raised links lead to."""
        items = {item.get("id"): item for item in self._tree.iter("li") if item.get("id")}
        if not items:
            return
        numbers: dict[lxml_html.HtmlElement, int] = {}
        for link in self._tree.iter("a"):
            item = items.get(unquote(link.get("href", "").rpartition("#")[2]))
            raised = link if len(link) == 1 and link[0].tag == "sup" else link.getparent()
            if item is not None and raised is not None and (raised is link or raised.tag == "sup"):
                number = numbers.setdefault(item, len(numbers) + 1)
                self._marks[link if len(raised) > 1 else raised] = number
        for item in numbers:
            for link in list(item.iter("a")):
                is_named = "back" in f"{link.get('class')} {link.get('role')}"
                is_back = is_named or not _WORD.search(link.text_content())
                if is_back and "#" in link.get("href", "") and link not in self._marks:
                    link.drop_tree()
            item.drop_tree()
            self._notes.append(item)

    # -- blocks ------------------------------------------------------------------------------------

    def _blocks(self, parent: lxml_html.HtmlElement, depth: int, level: int) -> list[str]:
        """Return the blocks of an element; *level* counts the lists and quotes around them."""
        if depth > _DEPTH:
            return paragraphs([Token("text", " ".join(parent.itertext()))])
        blocks: list[str] = []
        run: list[Token] = [Token("text", parent.text or "")]
        for child in parent:
            if self._is_block(child):
                blocks += paragraphs(run)
                run = []
                found = self._block(child, depth + 1, level)
                if blocks and found:
                    found[0] = _parted(blocks[-1], found[0])
                blocks += found
            else:
                self._inline(child, run, depth + 1)
            run.append(Token("text", child.tail or ""))
        return blocks + paragraphs(run)

    def _is_block(self, element: lxml_html.HtmlElement) -> bool:
        if element.tag in _BLOCKS or element.tag in _PLAYERS:
            return True
        return element in self._holds_blocks and element.tag not in ("a", *_CODE)

    def _block(self, element: lxml_html.HtmlElement, depth: int, level: int) -> list[str]:
        tag = element.tag
        if tag in _PLAYERS:
            return self._player(element, depth, level)
        if tag == "pre":
            return _fenced(element)
        if tag == "hr":
            return ["***"]
        if tag in _HEADINGS:
            text = re.sub(r"(#+)$", r"\\\1", self._line(element, depth))
            return [f"{'#' * (int(tag[1]) - self._above)} {text}"] if text else []
        if tag == "dt":
            text = self._line(element, depth, mark="strong")
            return [text] if text else []
        if tag == "figure":
            return self._figure(element, depth, level)
        if tag == "table":
            return self._table(element, depth, level)
        if level < _LEVELS:
            if tag in _LISTS:
                return self._list(element, depth, level)
            if tag == "blockquote":
                inner = "\n\n".join(self._blocks(element, depth, level + 1))
                return [re.sub("^", "> ", inner, flags=re.MULTILINE)] if inner else []
        return self._blocks(element, depth, level)

    def _list(self, element: lxml_html.HtmlElement, depth: int, level: int) -> list[str]:
        number = None
        if element.tag == "ol":
            start = element.get("start", "")
            number = int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1
        items: list[list[str]] = []
        blocks: list[str] = []
        for child in element:
            inner = (
                self._list(child, depth + 1, level + 1)  # a list straight in a list, not in an item
                if child.tag in _LISTS and depth < _DEPTH and level + 1 < _LEVELS
                else self._blocks(child, depth + 1, level + 1)
            )
            if child.tag != "li" and items:
                items[-1] += inner
            elif inner:
                items.append(inner)
            if child.tail and child.tail.strip():
                items.append(paragraphs([Token("text", child.tail)]))
        first = paragraphs([Token("text", element.text or "")])
        is_loose = any(_is_loose(item) for item in items) or (
            element.find("li/p") is not None and level + 1 < _LEVELS
        )
        for item in items:
            marker = "- " if number is None else f"{number}. "
            number = None if number is None else number + 1
            inner_text = ("\n\n" if is_loose else "\n").join(item)
            blocks.append(marker + inner_text.replace("\n", "\n" + " " * len(marker)))
        text = re.sub(r"[ \t]+$", "", ("\n\n" if is_loose else "\n").join(blocks), flags=re.M)
        return [*first, text] if text else first

    def _figure(self, element: lxml_html.HtmlElement, depth: int, level: int) -> list[str]:
        """Let a caption go with its picture, if that is taken."""
        captions = list(element.iter("figcaption"))
        pictures = list(element.iter("img"))
        if len(captions) != 1 or not pictures:
            return self._blocks(element, depth, level)
        caption = SPACE.sub(" ", "".join(captions[0].itertext())).strip()
        taken = [self._is_taken(self._image(picture, caption)) for picture in pictures]
        if all(taken) and not any(captions[0].iter("a")):
            captions[0].drop_tree()
        return self._blocks(element, depth, level)

    def _player(self, element: lxml_html.HtmlElement, depth: int, level: int) -> list[str]:
        """Link to a film, a sound, a frame; keep what stands there for who cannot see it."""
        source = element.find(".//source[@src]")
        address = element.get(_PLAYERS[str(element.tag)]) or element.get("data-src") or (
            source.get("src") if source is not None else ""
        )  # fmt: skip
        url = self._web(address or "")
        inner = [] if element.tag == "iframe" else self._blocks(element, depth, level)
        if not url or (element.tag == "object" and inner):
            return inner
        name = element.get("title") or element.get("aria-label") or ""
        return [link_to(escaped(SPACE.sub(" ", name).strip(), is_link=True), url), *inner]

    def _table(self, element: lxml_html.HtmlElement, depth: int, level: int) -> list[str]:
        rows = list(element.iter("tr"))
        is_layout = element.find(".//table") is not None or element.find(".//pre") is not None
        grid = [] if is_layout else _grid(rows)
        width = max(map(len, grid), default=0)
        if not width or (width < 2 and element.find(".//th") is None):
            return self._blocks(element, depth, level)
        texts = [
            [
                "" if cell is None else self._line(cell, depth, newline="<br>").replace("|", "\\|")
                for cell in row + [None] * (width - len(row))
            ]
            for row in grid
        ]
        lines = ["| " + " | ".join(row) + " |" for row in texts]
        has_head = all(cell is None or cell.tag == "th" for cell in grid[0])
        has_head = has_head or element.find("thead/tr") is rows[0]
        head = lines.pop(0) if has_head else "|" + "  |" * width
        rule = [_rule(cell) for cell in grid[0]] + ["---"] * (width - len(grid[0]))
        captions = [self._line(found, depth) for found in element.findall("caption")]
        return [*filter(None, captions), "\n".join([head, f"| {' | '.join(rule)} |", *lines])]

    # -- what stands in a line ---------------------------------------------------------------------

    def _line(
        self, element: lxml_html.HtmlElement, depth: int, *, newline: str = " ", mark: str = ""
    ) -> str:
        """Return all that an element holds on one line."""
        run: list[Token] = [Token("open", mark)] if mark else []
        self._children(element, run, depth)
        if mark:
            run.append(Token("close", mark))
        return newline.join(line for text in finished(run) for line in text)

    def _children(
        self,
        element: lxml_html.HtmlElement,
        run: list[Token],
        depth: int,
        *,
        is_link: bool = False,
    ) -> None:
        run.append(Token("text", element.text or ""))
        for child in element:
            self._inline(child, run, depth + 1, is_link=is_link)
            run.append(Token("text", child.tail or ""))

    def _inline(
        self,
        element: lxml_html.HtmlElement,
        run: list[Token],
        depth: int,
        *,
        is_link: bool = False,
    ) -> None:
        tag = str(element.tag)
        if depth > _DEPTH:
            run.append(Token("text", " ".join(element.itertext())))
        elif element in self._marks:
            run.append(Token("raw", f"[^{self._marks[element]}]"))
        elif tag == "br":
            run.append(BREAK)
        elif tag == "img":
            self._picture(element, run, is_link=is_link)
        elif tag == "a":
            self._anchor(element, run, depth, is_link=is_link)
        elif tag in _PLAYERS:
            run += [Token("raw", text) for text in self._player(element, depth, _LEVELS)]
        elif tag in _CODE and not any(element.iter("a", "img")):
            run.append(Token("code", SPACE.sub(" ", " ".join(element.itertext()))))
        elif tag in _MARKS or tag in _KEPT:
            mark = _MARKS.get(tag, tag)
            run.append(Token("open", mark))
            self._children(element, run, depth, is_link=is_link)
            run.append(Token("close", mark))
        elif tag in _BLOCKS:  # inside a cell, a heading or a link
            run.append(BREAK)
            self._children(element, run, depth, is_link=is_link)
            run.append(BREAK)
        else:
            self._children(element, run, depth, is_link=is_link)

    def _anchor(
        self, element: lxml_html.HtmlElement, run: list[Token], depth: int, *, is_link: bool
    ) -> None:
        url = "" if is_link else self._address(element.get("href", ""))
        if not url:
            self._children(element, run, depth, is_link=is_link)
            return
        shown = "".join(element.itertext()).strip()
        if shown in (url, url.removeprefix("mailto:")) and _BARE.fullmatch(shown):
            run.append(Token("raw", f"<{shown.replace('&', '&amp;')}>"))
            return
        inner: list[Token] = []
        self._children(element, inner, depth, is_link=True)
        text = " ".join(line for part in finished(inner, is_link=True) for line in part)
        if text:
            edge = "".join(element.itertext())
            run += [Token("text", " ")] if edge[:1].isspace() else []
            run.append(Token("raw", link_to(text, url)))
            run += [Token("text", " ")] if edge[-1:].isspace() else []
        elif (picture := element.find(".//img")) is not None:
            # The picture was taken. Its own page or larger twin says nothing more.
            own = _stem(self._web(picture.get("src") or ""))
            if own and not _stem(url).startswith(own.partition("-")[0]):
                run.append(Token("raw", link_to("", url)))

    def _picture(self, element: lxml_html.HtmlElement, run: list[Token], *, is_link: bool) -> None:
        alt = SPACE.sub(" ", element.get("alt") or "").strip()
        names = (element.get("class") or "").split()
        if {"wp-smiley", "emoji", "liveblog-emoji"} & set(names):
            emoji = element.get("data-emoji")
            run.append(Token("text", alt or (f":{emoji}:" if emoji else "")))
            return
        image = self._image(element)
        if image is None:
            run.append(Token("text", alt))
        elif not self._is_taken(image):
            name = image.alt or unquote(urlsplit(image.url).path.rpartition("/")[2])
            text = escaped(name, is_link=True)
            run.append(Token("raw", text if is_link else link_to(text, image.url)))

    def _image(self, element: lxml_html.HtmlElement, caption: str = "") -> Image | None:
        """Return the picture of an element; nothing for a counting pixel or one without address."""
        if "1" in (element.get("width"), element.get("height")) or "0" in (
            element.get("width"),
            element.get("height"),
        ):
            return None
        larger = (element.get("srcset") or element.get("data-srcset") or "").split(",")[-1].split()
        candidates = [
            element.get("src"),
            *(element.get(name) for name in ("data-src", "data-lazy-src", "data-original")),
            *larger[:1],
        ]
        url = next(filter(None, map(self._web, filter(None, candidates))), "")
        alt = SPACE.sub(" ", element.get("alt") or element.get("title") or "").strip()
        return Image(url, alt, caption) if url else None

    def _is_taken(self, image: Image | None) -> bool:
        if image is None:
            return True
        if image.url not in self._asked:
            self._asked[image.url] = self._take(image)
        return self._asked[image.url]

    def _web(self, address: str) -> str:
        url = self._address(address)
        return url if url.partition(":")[0] in _WEB else ""

    def _address(self, address: str) -> str:
        return "" if address.strip().startswith("#") else _resolved(self._base, address)


def _resolved(base: str, address: str) -> str:
    """Return an absolute address that a link may lead to, or an empty string."""
    address = re.sub(r"[\t\n\r]", "", address).strip()
    try:
        url = addresses.joined(base, address) if address else ""
        parts = addresses.parts_of(url)
    except ValueError:
        return ""
    scheme = parts.scheme.lower()
    if scheme in _WEB and parts.netloc:
        return scheme + url[len(scheme) :]
    return url if scheme in ("mailto", "tel") and parts.path else ""


def _stem(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[2].rpartition(".")[0]


def _fenced(element: lxml_html.HtmlElement) -> list[str]:
    for line_break in element.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    text = "".join(element.itertext()).strip("\n").rstrip()
    if not text.strip():
        return []
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    inner = element.find("code")
    names = f"{element.get('class') or ''} {'' if inner is None else inner.get('class') or ''}"
    language = re.search(r"(?:^|\s)(?:language|lang)-([\w+#-]+)", names)
    return [f"{fence}{language[1] if language else ''}\n{text}\n{fence}"]


def _parted(before: str, block: str) -> str:
    """Give a list that follows another a sign of its own (CommonMark 0.31 §5.3)."""
    if before.startswith("- ") and block.startswith("- "):
        return re.sub("^- ", "* ", block, flags=re.MULTILINE)
    if re.match(r"\d+\. ", before):
        return re.sub(r"^(\d+)\. ", r"\1) ", block, flags=re.MULTILINE)
    return block


def _is_loose(item: list[str]) -> bool:
    """Whether an item holds more than a paragraph with lists that can follow it at once."""
    return any(not re.match(r"[-*] |1[.)] ", block) for block in item[1:])


def _grid(rows: list[lxml_html.HtmlElement]) -> list[list[lxml_html.HtmlElement | None]]:
    """Lay out cells in columns: one that spans several leaves the others empty."""
    grid: list[list[lxml_html.HtmlElement | None]] = []
    reaching: dict[int, int] = {}  # column: how many more rows a cell above covers
    for row in rows:
        cells: list[lxml_html.HtmlElement | None] = []

        def skip(cells: list[lxml_html.HtmlElement | None] = cells) -> None:
            while reaching.get(len(cells), 0) > 0:
                reaching[len(cells)] -= 1
                cells.append(None)

        for cell in row.iterchildren("td", "th"):
            skip()
            place = len(cells)
            width = min(_span(cell, "colspan"), _COLUMNS)
            cells += [cell, *[None] * (width - 1)]
            for column in range(place, place + width):
                reaching[column] = _span(cell, "rowspan") - 1
        skip()
        if cells:
            grid.append(cells)
    return grid


def _rule(cell: lxml_html.HtmlElement | None) -> str:
    """Return what says in a table's second line how a column is aligned."""
    given = "" if cell is None else f"{cell.get('align', '')} {cell.get('style', '')}"
    side = re.search(r"\A(?:[^:]*text-align:\s*)?(left|center|right)\b", given.lower().strip())
    return {"left": ":--", "center": ":-:", "right": "--:"}[side[1]] if side else "---"


def _span(cell: lxml_html.HtmlElement, name: str) -> int:
    given = cell.get(name, "")
    return max(1, int(given)) if given.isascii() and given.isdigit() and len(given) < 5 else 1
