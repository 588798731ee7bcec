"""Bidirectional controls of Unicode (UAX #9): a text closes what it opened. Pure.

A title may hold a control that turns round what follows (pasted from a word processor, or typed to
deceive). Where plain texts are joined, in a line, a list or a document, one that is left open would
turn round the texts after it.
"""

from __future__ import annotations

import re
from typing import Any

_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]")
_POP, _POP_ISOLATE = "\u202c", "\u2069"
_CLOSING = {
    **dict.fromkeys("\u202a\u202b\u202d\u202e", _POP),  # LRE, RLE, LRO, RLO
    **dict.fromkeys("\u2066\u2067\u2068", _POP_ISOLATE),  # LRI, RLI, FSI
}
_LINE_END = re.compile("([\n\r\x1c-\x1e\x85\u2029])")


def close_controls(text: str) -> str:
    """Return a plain text in which each line closes the controls that it opened.

    A line ends their effect by itself (UAX #9, X8), but lines are joined in many places.
    """
    if text.isascii() or not _CONTROL.search(text):
        return text
    return "".join(part + _missing(part) for part in _LINE_END.split(text))


def close_all_controls(data: Any) -> Any:
    """Return plain data for JSON with each of its texts :func:`close_controls`."""
    if isinstance(data, str):
        return close_controls(data)
    if isinstance(data, dict):
        return {name: close_all_controls(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return type(data)(map(close_all_controls, data))
    return data


def _missing(line: str) -> str:
    """Return what closes the controls that a line leaves open."""
    waiting: list[str] = []
    for control in _CONTROL.findall(line):
        if control in _CLOSING:
            waiting.append(_CLOSING[control])
        elif control == _POP and waiting and waiting[-1] == _POP:
            waiting.pop()
        elif control == _POP_ISOLATE and _POP_ISOLATE in waiting:
            # It closes the embeddings within the isolate too (X6a).
            while waiting.pop() == _POP:
                pass
    return "".join(reversed(waiting))
