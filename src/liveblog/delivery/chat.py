"""Messages to chats and social networks, through Apprise: one library for a hundred services.

A chat's address (https://github.com/caronc/apprise/wiki) is a secret and is read from the
environment: that of the chat ``team`` from ``LIVEBLOG_CHAT_TEAM``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

from ..text.bidi import close_controls
from ..text.plain import shorten
from . import DeliveryError

_MENTION = re.compile(r"(?<![\w.+-])[@\uff20](?=[\w&!])")
"""A sign that chats read as a mention, before a name; not that of a mail address."""

MAX_LENGTH = 2_000
"""Maximum number of characters of a message, also for a service that allows more."""


def variable(name: str) -> str:
    """Return the name of the environment variable that holds a chat's address."""
    return f"LIVEBLOG_CHAT_{name.upper()}"


def message(text: str, link: str, limit: int) -> str:
    """Return a text and a link below it, cut at a word to *limit* characters.

    A name behind ``@`` in the text calls nobody.
    """
    room = min(limit, MAX_LENGTH) - len(link) - 1
    text = shorten(_MENTION.sub("@\u2060", close_controls(text)), room)
    return f"{text}\n{link}" if room > 1 and text else link


def post(name: str, text: str, link: str, environ: Mapping[str, str]) -> None:
    """Post a text with a link to the chat called *name*; *environ* holds its address.

    Raises :class:`DeliveryError`.
    """
    address = environ.get(variable(name), "")
    if not address:
        raise DeliveryError(
            f"The chat '{name}' has no address.", f"Put it into the environment: {variable(name)}."
        )
    try:
        import apprise
    except ImportError:
        raise DeliveryError(
            f"The chat '{name}' needs Apprise.", "Install it: pip install 'liveblog[notify]'."
        ) from None
    service = apprise.Apprise.instantiate(address, suppress_exceptions=True)
    if not isinstance(service, apprise.NotifyBase):
        raise DeliveryError(
            f"The address of the chat '{name}' is none that Apprise knows.",
            f"Correct {variable(name)}; see https://github.com/caronc/apprise/wiki.",
        )
    body = message(text, link, service.body_maxlen)
    with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as log:  # type: ignore[no-untyped-call]
        # Through Apprise as a whole, which writes a text in the format that the service wants.
        chats = apprise.Apprise(service)
        is_sent = chats.notify(body=body, title="", body_format=apprise.NotifyFormat.TEXT)
        lines = log.getvalue().strip().split("\n")
    if not is_sent:
        # The library may have logged the address, which contains a secret.
        reason = lines[-1].replace(address, "…")[:200]
        raise DeliveryError(
            f"The chat '{name}' ({service.service_name}) did not accept the message: {reason}.",
            "It is tried again.",
        )
