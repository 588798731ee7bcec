"""Entries of the Liveblog plugin, as WordPress's comments keep them, as versions of updates.

An entry is a comment of the type ``liveblog``. Each edit is one more such comment, whose
``liveblog_replaces`` names the first, and overwrites the first as well: so the text of the first
version is lost once there is an edit, and the first edit is the oldest that can be told. A deletion
is an empty edit, and moves the first comment to the bin. Key events, hidden and further authors
stand in the first comment's meta data; tags, names, emoji and commands in the text, as HTML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from .texts import plain
from .wxr import Comment, number

_COMMAND = re.compile(r'<span[^<>]*\bclass="liveblog-command type-([\w-]+)"[^<>]*>[^<>]*</span>\s*')
_KEY_COMMAND = re.compile(r"(?:(?<=[\s>])|^)/key(?![\w/.-])[ \t]*")
_HASHTAG = re.compile(r'<(a|span)\b[^<>]*\bclass="liveblog-hash [^"<>]*"[^<>]*>([^<>]*)</\1>')
_MENTION = re.compile(r'<a\b[^<>]*\bclass="liveblog-author author-([^"<>]*)"[^<>]*>([^<>]*)</a>')
_EMOJI = re.compile(r'<img\b[^<>]*\bclass="liveblog-emoji [^<>]*>')
_EMOJI_FILE = re.compile(r'\bsrc="[^"<>]*/([0-9A-Fa-f]{2,6}(?:-[0-9A-Fa-f]{2,6})*)\.(?:png|svg)"')
_NUMBERS = re.compile(r'i:\d+;(?:i:(\d+)|s:\d+:"(\d+)");')
_SHOWN = ("liveblog", "1")
_NEVER = datetime.min.replace(tzinfo=UTC)

When = Callable[[Comment], datetime | None]
"""Returns the instant of a comment, if it can be read."""


@dataclass
class Entry:
    """One entry with what became of it."""

    first: Comment
    edits: list[Comment] = field(default_factory=list)  #: oldest first, none of them empty
    deletion: Comment | None = None

    @property
    def id(self) -> int:
        """The number of its first comment."""
        return number(self.first["wp:comment_id"])

    @property
    def is_deleted(self) -> bool:
        """Whether readers saw it no more in the end."""
        return self.deletion is not None or self.first["wp:comment_approved"] == "trash"

    @property
    def waits(self) -> bool:
        """Whether readers never saw it: it waits for somebody's approval."""
        return not self.is_deleted and self.first["wp:comment_approved"] not in _SHOWN

    @property
    def is_key(self) -> bool:
        """Whether it is a key event."""
        return self.first.meta.get("liveblog_key_entry") == "true"

    def texts(self) -> list[tuple[Comment, str]]:
        """Return what can be told of its texts, oldest first, and by which comment.

        The first comment's own text is told if no edit has overwritten it.
        """
        edits = [(edit, edit["wp:comment_content"]) for edit in self.edits]
        own = self.first["wp:comment_content"]
        if edits and (not own.strip() or plain(own) in {plain(text) for _, text in edits}):
            return edits
        return [(self.first, own), *edits]

    def authors(self, names: dict[str, str]) -> tuple[str, ...]:
        """Return who is named as its authors; *names* by the number of the user."""
        if self.first.meta.get("liveblog_hide_authors") in ("1", "true"):
            return ()
        own = plain(self.first["wp:comment_author"])
        found = [own or names.get(self.first["wp:comment_user_id"], "")]
        others = _NUMBERS.finditer(self.first.meta.get("liveblog_contributors", ""))
        found += [names.get(match[1] or match[2], "") for match in others]
        return tuple(dict.fromkeys(filter(None, found)))


@dataclass
class Gathered:
    """The entries of one post."""

    entries: list[Entry] = field(default_factory=list)
    gone: int = 0  #: entries of which only the deletion is left
    strays: list[Comment] = field(default_factory=list)  #: edits of entries that are not there
    twice: list[int] = field(default_factory=list)  #: numbers that several comments have


def gathered(comments: Sequence[Comment], when: When) -> Gathered:
    """Return the entries that a post's comments tell of, in order of their time."""
    out = Gathered()
    by_id: dict[int, Comment] = {}
    for comment in comments:
        id_ = number(comment["wp:comment_id"])
        if id_ in by_id:
            out.twice.append(id_)
        else:
            by_id[id_] = comment
    firsts = {id_: Entry(found) for id_, found in by_id.items() if not _replaced(found)}
    in_order = sorted(by_id.items(), key=lambda pair: (when(pair[1]) or _NEVER, pair[0]))
    for id_, comment in in_order:
        if id_ in firsts:
            out.entries.append(firsts[id_])
            continue
        first = firsts.get(_root(id_, by_id))
        is_deletion = not comment["wp:comment_content"].strip()
        if first and is_deletion:
            first.deletion = comment
        elif first:
            first.edits.append(comment)
        elif is_deletion:
            out.gone += 1
        else:
            out.strays.append(comment)
    # An export of a blog that was itself imported names the first comments by their earlier
    # numbers; an edit that a first comment repeats is no loss.
    told = {plain(entry.first["wp:comment_content"]) for entry in out.entries}
    out.strays = [found for found in out.strays if plain(found["wp:comment_content"]) not in told]
    return out


def _replaced(comment: Comment) -> int:
    return number(comment.meta.get("liveblog_replaces", ""))


def _root(id_: int, by_id: dict[int, Comment]) -> int:
    """Return the first comment that an edit leads to; 0 if it leads in a circle."""
    seen = {id_}
    while id_ in by_id and (above := _replaced(by_id[id_])):
        if above in seen:
            return 0
        seen.add(above)
        id_ = above
    return id_


@dataclass(frozen=True)
class Text:
    """A text of an entry without what the plugin put into it."""

    html: str
    tags: tuple[str, ...] = ()
    is_key: bool = False  #: it holds the command ``/key``


def without_extras(text: str, names: dict[str, str]) -> Text:
    """Take commands out of a text, and show tags, names and emoji as readers saw them.

    *names* by login.
    """
    commands = [match[1] for match in _COMMAND.finditer(text)]
    text = _COMMAND.sub("", text)
    is_key = "key" in commands or bool(_KEY_COMMAND.search(text))
    text = _KEY_COMMAND.sub("", text)
    tags = tuple(filter(None, (plain(match[2]) for match in _HASHTAG.finditer(text))))
    text = _HASHTAG.sub(lambda match: f"#{match[2]}", text)
    text = _MENTION.sub(lambda match: names.get(match[1], "") or match[2], text)
    return Text(_EMOJI.sub(_character, text), tags, is_key)


def _character(match: re.Match[str]) -> str:
    """Return the character that an emoji's picture is named after."""
    found = _EMOJI_FILE.search(match[0])
    codes = [int(code, 16) for code in found[1].split("-")] if found else []
    usable = codes and all(0x20 < code < 0x110000 and not 0xD800 <= code < 0xE000 for code in codes)
    return "".join(map(chr, codes)) if usable else match[0]


def steps(entry: Entry, names: dict[str, str]) -> Iterator[tuple[Comment, Text]]:
    """Yield the versions of an entry's text, oldest first; each says something new."""
    last: Text | None = None
    texts = entry.texts()
    for place, (comment, told) in enumerate(texts, 1):
        text = without_extras(told, names)
        if place == len(texts):
            text = replace(text, is_key=text.is_key or entry.is_key)
        if text != last:
            yield comment, text
        last = text
