"""What tags of sanitized HTML mean, where a text is shown without them. Pure.

Struck, raised and lowered text, footnotes, definitions and cells of tables change what a text says:
"~~40~~ 12" is not "40 12", and 10<sup>6</sup> is not 106.
"""

from __future__ import annotations

import re

_REST = r'[^<>"]*(?:"[^"]*"[^<>"]*)*>'
"""The rest of a tag as the sanitizer writes it."""

_TAG = re.compile(f"<{_REST}")
_STRUCK = re.compile(rf"<(/?)(?:del|s)(?=[ >]){_REST}")
_RAISED_OR_LOWERED = re.compile(rf"<(sup|sub)(?=[ >])({_REST})([^<>]*)</\1>")
_FOOTNOTE_REFERENCE = re.compile(rf'<sup class="footnote-ref"{_REST}.*?</sup>', re.DOTALL)
_FOOTNOTES = re.compile(rf'<section class="footnotes"{_REST}.*?</section>', re.DOTALL)
_BACK_REFERENCE = re.compile(rf'<a (?=[^<>]*class="footnote-backref"){_REST}.*?</a>', re.DOTALL)
_QUOTE = re.compile(rf"<(/?)q(?=[ >]){_REST}")
_NEXT_CELL = re.compile(r"\s*</t[dh]>(?=\s*<t[dh](?=[ >]))")
_NEXT_ROW = re.compile(
    rf"\s*(?:</t[dh]>)?\s*</tr>(?=\s*(?:</(?:thead|tbody)>\s*)?"
    rf"(?:<(?:tbody|tfoot)(?=[ >]){_REST}\s*)?<tr(?=[ >]))"
)
_TERM = re.compile(r"(?<![:;,.?!])\s*(?:</p>)?\s*</dt>(?=\s*<dd(?=[ >]))")
_NEXT_DEFINITION = re.compile(r"(?<![:;,.?!])\s*(?:</p>)?\s*</d[dt]>(?=\s*<d[dt](?=[ >]))")
_BEFORE_STRUCK = re.compile(r"\s*[,;:–—-]?\s*\Z")
_AFTER_STRUCK = re.compile(r"\s*(?=[.,;:!?)\]…])")

_RAISED = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")


def without_struck(fragment: str) -> str:
    """Remove struck text (``<del>``, ``<s>``): its author has taken it back.

    A comma that stood before it is removed if the sentence ends there.
    """
    if "<del" not in fragment and "<s" not in fragment:
        return fragment
    kept: list[str] = []
    depth = at = 0
    for match in _STRUCK.finditer(fragment):
        if not depth:
            kept.append(fragment[at : match.start()])
        depth += -1 if match[1] else 1
        at = match.end()
    kept.append(fragment[at:])
    text = kept[0]
    for part in kept[1:]:
        if end := _AFTER_STRUCK.match(part):
            text, part = _BEFORE_STRUCK.sub("", text), part[end.end() :]
        text += part
    return text


def mark_struck(fragment: str, before: str, after: str) -> str:
    """Put words, as HTML, before and after each struck text."""
    if "<del" not in fragment and "<s" not in fragment:
        return fragment
    # Markup would escape what is joined to it.
    return _STRUCK.sub(
        lambda match: match[0] + before if not match[1] else after + match[0], str(fragment)
    )


def raise_and_lower(fragment: str) -> str:
    """Write raised and lowered text so that it is readable without tags.

    Digits become those of Unicode (10⁶, CO₂). Raised letters stay as they are where they
    abbreviate a word (``1er``, ``Mme``); other texts get ``^`` or ``_`` before them. Footnote
    references are left alone.
    """
    if "<su" not in fragment:
        return fragment

    def written(match: re.Match[str]) -> str:
        text = match[3].strip()
        if not text or "footnote-ref" in match[2]:
            return match[0]
        table, sign = (_RAISED, "^") if match[1] == "sup" else (_LOWERED, "_")
        if all(ord(letter) in table for letter in text):
            return text.translate(table)
        before = _TAG.sub("", fragment[max(0, match.start() - 40) : match.start()])[-1:]
        is_ordinal = len(text) > 1 or before.isdigit() or before.isupper() or not before.strip()
        if match[1] == "sup" and text.isalpha() and is_ordinal:
            return text
        if len(text) > 1 and not text.isalnum():
            text = f"({text})"
        return sign + text

    return _RAISED_OR_LOWERED.sub(written, fragment)


def without_footnote_marks(fragment: str) -> str:
    """Remove the references to footnotes and the links back, which are no part of the words."""
    if 'class="footnote' not in fragment:
        return fragment
    return _BACK_REFERENCE.sub("", _FOOTNOTE_REFERENCE.sub("", fragment))


def without_footnotes(fragment: str) -> str:
    """Remove the footnotes and the references to them."""
    if 'class="footnote' not in fragment:
        return fragment
    return without_footnote_marks(_FOOTNOTES.sub("", fragment))


def punctuate(fragment: str) -> str:
    """Put punctuation between cells, rows and definitions, and quotation marks around ``<q>``."""
    if "<t" in fragment:
        fragment = _NEXT_CELL.sub(" | ", _NEXT_ROW.sub("; ", fragment))
    if "<d" in fragment:
        fragment = _NEXT_DEFINITION.sub("; ", _TERM.sub(": ", fragment))
    if "<q" in fragment:
        fragment = _QUOTE.sub(lambda match: "”" if match[1] else "“", fragment)
    return fragment
