"""Closes bidirectional controls of Unicode (UAX #9) that a text leaves open. Pure.

A title may contain a control that reverses the direction of the text after it, pasted from a word
processor or typed to deceive. Where plain texts are joined, an open control would also reverse the
texts that follow.
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
    """Return a plain text in which each line closes the controls that it opens.

    The end of a paragraph ends their effect (UAX #9, X8), but lines are often joined later.
    """
    if text.isascii() or not _CONTROL.search(text):
        return text
    return "".join(part + _missing(part) for part in _LINE_END.split(text))


def close_all_controls(data: Any) -> Any:
    """Return plain data for JSON after :func:`close_controls` in each of its texts."""
    if isinstance(data, str):
        return close_controls(data)
    if isinstance(data, dict):
        return {name: close_all_controls(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return type(data)(map(close_all_controls, data))
    return data


def _missing(line: str) -> str:
    """Return the characters that close the controls which a line leaves open."""
    pending: list[str] = []
    for control in _CONTROL.findall(line):
        if control in _CLOSING:
            pending.append(_CLOSING[control])
        elif control == _POP and pending and pending[-1] == _POP:
            pending.pop()
        elif control == _POP_ISOLATE and _POP_ISOLATE in pending:
            # The end of an isolate also ends the embeddings in it (X6a).
            while pending.pop() == _POP:
                pass
    return "".join(reversed(pending))
