"""Finds the languages of a folder of posts, and which posts are translations of one another.

Hugo has a folder for each language, or the language in the name of the file (``storm.fr.md``); its
configuration says which. Without it, a language counts only where two posts have the same name.
Pelican and plugins of Jekyll say the language in the front matter, with a key that translations
share.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ...model.errors import InvalidInput
from ...text.frontmatter import Page, Value, split
from ...text.locale import language_name
from ..fitting import language_or_empty
from .source import Source

_CONFIGURATIONS = (
    "hugo", "config", "config/_default/hugo", "config/_default/config", "config/_default/languages",
)  # fmt: skip
_FENCES = {"toml": "+++", "yaml": "---", "yml": "---", "json": ""}
_FIELDS = re.compile(r"^[ \t\"']*(?:lang|language|translationkey)\b", re.IGNORECASE | re.MULTILINE)
_KEYS = ("translationkey", "lang-ref", "ref", "page_id", "permalink", "slug")
_HEAD = 4000  #: characters of a file in which front matter names its language


@dataclass(frozen=True)
class Configuration:
    """The languages that the configuration of a Hugo site names."""

    default: str = ""
    names: frozenset[str] = frozenset()
    folders: Mapping[str, str] = field(default_factory=dict)  #: language, by folder of its posts


@dataclass(frozen=True)
class Languages:
    """The languages of the posts of a folder."""

    by_post: Mapping[str, str]  #: language of a post (``fr``), where it is known
    groups: Sequence[Mapping[str, str]]  #: posts that are translations of one another, by language


def find_languages(source: Source) -> Languages:
    """Return the language of each post of a folder, as far as it is known, and the translations."""
    configuration = _configuration(source)
    by_post: dict[str, str] = {}
    groups: dict[str, dict[str, str]] = {}
    for where in source.posts:
        lang, key = _by_path(where, source, configuration)
        said, shared = _by_fields(where, source)
        lang, key = said or lang, shared or key
        if lang or key in groups:
            by_post[where] = lang
        groups.setdefault(key, {}).setdefault(lang, where)
    found = [group for group in groups.values() if len(group) > 1]
    if not configuration.names:
        # A name like 'notes.es.md' alone proves nothing.
        shared_posts = {where for group in found for where in group.values()}
        by_post = {where: lang for where, lang in by_post.items() if where in shared_posts}
    return Languages(by_post, found)


def _by_path(where: str, source: Source, configuration: Configuration) -> tuple[str, str]:
    """Return the language that a post's path names, and the path without it."""
    for folder, lang in configuration.folders.items():
        if where.startswith(f"{folder}/"):
            return lang, where[len(folder) + 1 :]
    path = PurePosixPath(where)
    stem, _, suffix = path.stem.rpartition(".")
    if stem and (lang := _known(suffix, configuration)):
        return lang, path.with_name(f"{stem}{path.suffix}").as_posix()
    first, _, rest = source.within_content(where).partition("/")
    if rest and not configuration.names and (lang := _known(first, configuration)):
        return lang, rest
    return configuration.default, source.within_content(where) if configuration.folders else where


def _known(text: str, configuration: Configuration) -> str:
    """Return the language that a part of a path names; empty if it names none."""
    if configuration.names:
        return text.lower() if text.lower() in configuration.names else ""
    return text if re.fullmatch("[a-z]{2,3}(-[a-zA-Z]{2,4})?", text) and language_name(text) else ""


def _by_fields(where: str, source: Source) -> tuple[str, str]:
    """Return the language that a post's front matter names, and the key of its translations."""
    try:
        text = source.text(where)
        fields = split(text).fields if _FIELDS.search(text, 0, _HEAD) else {}
    except InvalidInput:
        return "", ""  # reported when the post is read
    lang = _language(fields.get("lang") or fields.get("language"))
    for name in _KEYS if lang or "translationkey" in fields else ():
        if isinstance(value := fields.get(name), str) and value:
            return lang, f"{name}: {value}"
    return lang, ""


def _language(value: Value) -> str:
    return language_or_empty(value) if isinstance(value, str) else ""


def _configuration(source: Source) -> Configuration:
    default, names, folders = "", set[str](), dict[str, str]()
    for fields in _configured(source):
        default = default or _language(fields.get("defaultcontentlanguage"))
        languages = fields.get("languages")
        for name, settings in languages.items() if isinstance(languages, dict) else ():
            names.add(name.lower())
            place = settings.get("contentDir") if isinstance(settings, dict) else None
            if isinstance(place, str) and place.strip("./"):
                folders[PurePosixPath(place).as_posix().strip("/")] = name.lower()
    in_order = dict(sorted(folders.items(), key=lambda pair: -len(pair[0])))
    return Configuration(default or ("en" if names else ""), frozenset(names), in_order)


def _configured(source: Source) -> Iterator[Mapping[str, Value]]:
    """Yield the settings in the configuration files of a Hugo site."""
    for name in _CONFIGURATIONS:
        for suffix, fence in _FENCES.items():
            where = f"{name}.{suffix}"
            with suppress(InvalidInput):  # there is none, or nothing in it can be used
                text = source.text(where)
                page: Page = split(f"{fence}\n{text}\n{fence}\n" if fence else text)
                is_languages = name.endswith("languages")
                yield {"languages": page.fields} if is_languages else page.fields
