"""Reads the entries of the Liveblog plugin, with their edits, from WordPress comments.

An entry is a comment of the type ``liveblog``. Each edit is another such comment whose
``liveblog_replaces`` names the first; the plugin also overwrites the text of the first, so the
oldest known text of an edited entry is that of its first edit. A deletion is an empty edit, and
moves the first comment to the bin. Key events and authors are in the metadata of the first comment;
tags, names, emoji and commands are in the text, as HTML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from .texts import plain_text
from .wxr import Comment, number

_COMMAND = re.compile(r'<span[^<>]*\bclass="liveblog-command type-([\w-]+)"[^<>]*>[^<>]*</span>\s*')
_KEY_COMMAND = re.compile(r"(?:(?<=[\s>])|^)/key(?![\w/.-])[ \t]*")
_HASHTAG = re.compile(r'<(a|span)\b[^<>]*\bclass="liveblog-hash [^"<>]*"[^<>]*>([^<>]*)</\1>')
_MENTION = re.compile(r'<a\b[^<>]*\bclass="liveblog-author author-([^"<>]*)"[^<>]*>([^<>]*)</a>')
_EMOJI = re.compile(r'<img\b[^<>]*\bclass="liveblog-emoji [^<>]*>')
_EMOJI_FILE = re.compile(r'\bsrc="[^"<>]*/([0-9A-Fa-f]{2,6}(?:-[0-9A-Fa-f]{2,6})*)\.(?:png|svg)"')
_NUMBERS = re.compile(r'i:\d+;(?:i:(\d+)|s:\d+:"(\d+)");')
_APPROVED = ("liveblog", "1")
_NEVER = datetime.min.replace(tzinfo=UTC)

When = Callable[[Comment], datetime | None]
"""Returns the instant of a comment, or None if it cannot be read."""


@dataclass
class Entry:
    """One entry with its edits and deletion."""

    first: Comment
    edits: list[Comment] = field(default_factory=list)  #: oldest first, none of them empty
    deletion: Comment | None = None

    @property
    def id(self) -> int:
        """The number of its first comment."""
        return number(self.first["wp:comment_id"])

    @property
    def is_deleted(self) -> bool:
        """Whether it was deleted in the end."""
        return self.deletion is not None or self.first["wp:comment_approved"] == "trash"

    @property
    def is_unapproved(self) -> bool:
        """Whether readers never saw it, because nobody approved it."""
        return not self.is_deleted and self.first["wp:comment_approved"] not in _APPROVED

    @property
    def is_key(self) -> bool:
        """Whether it is a key event."""
        return self.first.meta.get("liveblog_key_entry") == "true"

    def texts(self) -> list[tuple[Comment, str]]:
        """Return its known texts, oldest first, each with its comment.

        The text of the first comment is included unless an edit overwrote it.
        """
        edits = [(edit, edit["wp:comment_content"]) for edit in self.edits]
        own = self.first["wp:comment_content"]
        if edits and (
            not own.strip() or plain_text(own) in {plain_text(text) for _, text in edits}
        ):
            return edits
        return [(self.first, own), *edits]

    def authors(self, names: dict[str, str]) -> tuple[str, ...]:
        """Return the names of its authors; *names* are those of users by their numbers."""
        if self.first.meta.get("liveblog_hide_authors") in ("1", "true"):
            return ()
        own = plain_text(self.first["wp:comment_author"])
        found = [own or names.get(self.first["wp:comment_user_id"], "")]
        others = _NUMBERS.finditer(self.first.meta.get("liveblog_contributors", ""))
        found += [names.get(match[1] or match[2], "") for match in others]
        return tuple(dict.fromkeys(filter(None, found)))


@dataclass
class PostEntries:
    """The entries of one post."""

    entries: list[Entry] = field(default_factory=list)
    deletions: int = 0  #: number of entries of which only the deletion is left
    orphans: list[Comment] = field(default_factory=list)  #: edits of entries that are missing
    duplicates: list[int] = field(default_factory=list)  #: numbers that several comments share


def entries_of(comments: Sequence[Comment], when: When) -> PostEntries:
    """Return the entries in the comments of a post, in order of time."""
    out = PostEntries()
    by_id: dict[int, Comment] = {}
    for comment in comments:
        id_ = number(comment["wp:comment_id"])
        if id_ in by_id:
            out.duplicates.append(id_)
        else:
            by_id[id_] = comment
    firsts = {id_: Entry(found) for id_, found in by_id.items() if not _replaced_id(found)}
    in_order = sorted(by_id.items(), key=lambda pair: (when(pair[1]) or _NEVER, pair[0]))
    for id_, comment in in_order:
        if id_ in firsts:
            out.entries.append(firsts[id_])
            continue
        first = firsts.get(_first_comment(id_, by_id))
        is_deletion = not comment["wp:comment_content"].strip()
        if first and is_deletion:
            first.deletion = comment
        elif first:
            first.edits.append(comment)
        elif is_deletion:
            out.deletions += 1
        else:
            out.orphans.append(comment)
    # After an import into WordPress, edits refer to the old numbers of first comments. Such an edit
    # is not an orphan if a first comment has its text.
    first_texts = {plain_text(entry.first["wp:comment_content"]) for entry in out.entries}
    out.orphans = [
        orphan
        for orphan in out.orphans
        if plain_text(orphan["wp:comment_content"]) not in first_texts
    ]
    return out


def _replaced_id(comment: Comment) -> int:
    return number(comment.meta.get("liveblog_replaces", ""))


def _first_comment(id_: int, by_id: dict[int, Comment]) -> int:
    """Return the number of the first comment of an edit; 0 for a cycle."""
    seen = {id_}
    while id_ in by_id and (above := _replaced_id(by_id[id_])):
        if above in seen:
            return 0
        seen.add(above)
        id_ = above
    return id_


@dataclass(frozen=True)
class Text:
    """A text of an entry without the additions of the plugin."""

    html: str
    tags: tuple[str, ...] = ()
    is_key: bool = False  #: whether it held the command ``/key``


def remove_extras(text: str, names: dict[str, str]) -> Text:
    """Remove commands from a text, and write tags, names and emoji as readers saw them.

    *names* are those of authors by login.
    """
    commands = [match[1] for match in _COMMAND.finditer(text)]
    text = _COMMAND.sub("", text)
    is_key = "key" in commands or bool(_KEY_COMMAND.search(text))
    text = _KEY_COMMAND.sub("", text)
    tags = tuple(filter(None, (plain_text(match[2]) for match in _HASHTAG.finditer(text))))
    text = _HASHTAG.sub(lambda match: f"#{match[2]}", text)
    text = _MENTION.sub(lambda match: names.get(match[1], "") or match[2], text)
    return Text(_EMOJI.sub(_emoji_character, text), tags, is_key)


def _emoji_character(match: re.Match[str]) -> str:
    """Return the character of an emoji's picture, from its file name."""
    found = _EMOJI_FILE.search(match[0])
    codes = [int(code, 16) for code in found[1].split("-")] if found else []
    usable = codes and all(0x20 < code < 0x110000 and not 0xD800 <= code < 0xE000 for code in codes)
    return "".join(map(chr, codes)) if usable else match[0]


def versions_of(entry: Entry, names: dict[str, str]) -> Iterator[tuple[Comment, Text]]:
    """Yield the different texts of an entry, oldest first, each with its comment."""
    last: Text | None = None
    texts = entry.texts()
    for count, (comment, written) in enumerate(texts, 1):
        text = remove_extras(written, names)
        if count == len(texts):
            text = replace(text, is_key=text.is_key or entry.is_key)
        if text != last:
            yield comment, text
        last = text
