"""Keeps together what no end of a line may part, by the rules of each language. Pure.

Breaking spaces become no-break spaces. No other character is changed and none is added, so that
a text stays what its author wrote, and addresses and code stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable

NARROW = "\u202f"  #: narrow no-break space
NBSP = "\u00a0"  #: no-break space

Rule = tuple[re.Pattern[str], str]
"""A pattern of breaking spaces, and the space that replaces each."""

_SIGN_AFTER_NUMBER: Rule = (re.compile(r"(?<=\d) (?=[%‰€$£])"), NBSP)
_ABBREVIATION: Rule = (re.compile(r"(?<=\b[^\W\d_]\.) (?=[^\W\d_]\.)"), NARROW)  # z. B., p. m.

_RULES: dict[str, tuple[Rule, ...]] = {
    "de": (
        _SIGN_AFTER_NUMBER,
        _ABBREVIATION,
        (re.compile(r"(?<=\d) (?=Uhr\b)"), NBSP),
    ),
    "es": (_SIGN_AFTER_NUMBER, _ABBREVIATION),
    "fr": (
        (re.compile(r"(?:(?<=\S)|^) (?=[;!?»](?:\W|$))"), NARROW),
        (re.compile(r"(?<=«) (?=\S|$)"), NARROW),
        (re.compile(r"(?:(?<=\S)|^) (?=:(?:\s|$))"), NBSP),
        (re.compile(r"(?<=\d) (?=\d{3}(?!\d))"), NARROW),  # 30 000
        (re.compile(r"(?<=\d) (?=h\b)|(?<=\d[ \u00a0\u202f]h) (?=\d\d\b)"), NBSP),  # 18 h 04
        _SIGN_AFTER_NUMBER,
    ),
}


def typography(language: str) -> Callable[[str], str] | None:
    """Return the function that replaces the spaces in texts of a language; None if it has none."""
    rules = _RULES.get(language)
    if rules is None:
        return None

    def replace_spaces(text: str) -> str:
        if " " in text:
            for pattern, space in rules:
                text = pattern.sub(space, text)
        return text

    return replace_spaces


def spaces_that_break(text: str, language: str) -> list[str]:
    """Return the places of a text at which a line would break against the rules."""
    found = (rule.finditer(text) for rule, _ in _RULES.get(language, ()))
    return [text[max(0, hit.start() - 10) : hit.end() + 10] for hits in found for hit in hits]
