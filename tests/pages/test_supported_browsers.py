"""Scripts and styles hold nothing that the oldest supported browsers lack.

Those are Safari 15.4, Firefox 115 and Chromium 109. A browser ignores a declaration of CSS that it
does not know, so most of CSS may be newer; listed here is what would break more than itself.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import liveblog

THEME = Path(liveblog.__file__).parent / "theme"

SCRIPTS = {
    r"AbortSignal\.(timeout|any)": "Safari 16.0, 17.4",
    r"\brequestSubmit\b": "Safari 16.0",
    r"new FormData\([^()]*,": "Safari 16.4, Firefox 111 and Chromium 112 take a second argument",
    r"\(\?<[=!]": "Safari 16.4 has lookbehind",
    r"\bstatic \{": "Safari 16.4",
    r"\.(toSorted|toReversed|toSpliced)\(": "Safari 16, Chromium 110",
    r"\.(groupBy|fromAsync|withResolvers|canParse|isWellFormed|checkVisibility)\(": "new in 2023",
    r"\.(showPopover|hidePopover|togglePopover|startViewTransition)\(": "2023 and later",
    r"\brequestIdleCallback\b": "no Safari",
    r"Intl\.(Segmenter|DurationFormat)": "Firefox 125, 136",
    r"\bscrollend\b": "Safari 26",
}
"""What a script may not hold, with the reason."""

STYLES = {
    r"\blight-dark\(": "Safari 17.5, Firefox 120, Chromium 123: there would be no colour",
    r"\b(color-mix|oklch|oklab)\(": "Chromium 111: there would be no colour",
    r"text-decoration:(?! ?(none|underline|line-through)\s*(!important)?\s*[;}])":
        "Safari takes only the line in the shorthand",
    r":(dir\(|user-valid|user-invalid|popover-open|open\b)": "Chromium 119, 120 and later",
    r"@(container|scope|starting-style|property|layer|position-try)": "Safari 16 and later",
    r"\((width|height|inline-size) ?[<>]=?": "Safari 16.4 has ranges in media queries",
    r"\bsubgrid\b": "Chromium 117",
    r"\d(lh|rlh|cqi|cqw)\b": "Firefox 120",
    r"(?m)^\s*&": "Safari 16.5, Firefox 117, Chromium 112: nested rules",
}  # fmt: skip
"""What a style sheet may not hold, with the reason."""


def sources(*endings: str) -> list[Path]:
    """Return the theme's files with one of these endings."""
    return sorted(path for path in THEME.rglob("*") if path.suffix in endings)


def without_comments(text: str) -> str:
    """Return a script or style without comments; what stands in quotation marks stays."""
    return re.sub(r"(?ms)/\*.*?\*/|^\s*//[^\n]*", "", text)


def lists_with_has(style: str) -> list[str]:
    """Return the lists of selectors of which a browser without :has drops the whole rule."""
    heads = re.findall(r"([^{};]+)\{", without_comments(style))
    found = (head.strip() for head in heads if ":has(" in head and "@" not in head)
    return [head for head in found if "," in outside_parentheses(head)]


def outside_parentheses(text: str) -> str:
    """Return a text without what stands in parentheses."""
    while (shorter := re.sub(r"\([^()]*\)", "", text)) != text:
        text = shorter
    return text


@pytest.mark.parametrize(
    ("endings", "newer"), [((".js",), SCRIPTS), ((".css",), STYLES)], ids=["scripts", "styles"]
)
def test_scripts_and_styles_need_nothing_newer(endings: tuple[str, ...], newer: Any) -> None:
    """Each name or form in the lists above would break a supported browser."""
    found = [
        f"{path.name}: {match[0]!r}: {reason}"
        for path in sources(*endings)
        for pattern, reason in newer.items()
        for match in re.finditer(pattern, without_comments(path.read_text("utf-8")))
    ]
    assert found == []


def test_no_rule_is_dropped_for_want_of_has() -> None:
    """Firefox 115 has no :has; each selector with it stands in a rule of its own."""
    assert lists_with_has("a, b:has(c) { d: e }") == ["a, b:has(c)"]
    assert lists_with_has(":not(:has(a, b)) { d: e }") == []
    for path in sources(".css"):
        assert lists_with_has(path.read_text("utf-8")) == []


def test_every_stream_stays_closed() -> None:
    """Only events.js opens streams, and embed.js, which is one file: both know how WebKit is."""
    scripts = [path for path in sources(".js") if "new EventSource" in path.read_text("utf-8")]
    assert [path.name for path in scripts] == ["embed.js", "events.js"]
    for path in scripts:
        assert "WebKit opens a stream again" in path.read_text("utf-8")


def test_scripts_write_the_digits_of_the_server() -> None:
    """Some browsers write Arabic with other digits, unless the locale names them."""
    for path in sources(".js"):
        script = path.read_text("utf-8")
        assert set(re.findall(r"toLocale\w*\((\w*)", script)) <= {"locale"}, path.name
        formats = re.findall(r"new Intl\.(?:RelativeTime|DateTime|Number)Format\(([^,)]*)", script)
        # Fixed locales are for computing.
        assert set(formats) <= {"locale", "", '"en"', '"en-US"', '"sv"'}, path.name


def test_the_browser_prefetches_nothing_that_the_policy_forbids() -> None:
    """Firefox prefetches <link rel=next>, which the policy of the pages blocks with an error."""
    for path in sources(".html"):
        found = re.findall(r"<link rel=\"(next|prev|prefetch|prerender)", path.read_text("utf-8"))
        assert found == [], path.name
