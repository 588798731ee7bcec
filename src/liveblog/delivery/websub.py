"""WebSub for publishers (https://www.w3.org/TR/websub/ §4, §6): pings a hub when a topic changed.

The hub then fetches the topic and sends it to the subscribers. The recommendation does not define
the ping; all hubs take a form with ``hub.mode=publish`` and the topic, which is sent under both
names that are in use.
"""

from __future__ import annotations

from urllib.parse import urlencode

from ..http_client import Client
from ..model.errors import LiveblogError
from . import DeliveryError


def ping(hub: str, topic: str, private: str = "") -> None:
    """Ping a hub: a topic changed. A repeated ping does no harm.

    *private* is the hub's host and port if it lies in the owner's network (see
    :func:`liveblog.http_client.private_host_port`); redirects into that network are refused.

    Raises :class:`DeliveryError`.
    """
    form = urlencode({"hub.mode": "publish", "hub.topic": topic, "hub.url": topic}).encode()
    try:
        answer = Client(allow=[private]).post(hub, form, "application/x-www-form-urlencoded")
    except LiveblogError as error:
        raise DeliveryError(f"The hub {hub}: {error.message}", error.hint) from None
    if not 200 <= answer.status < 300:
        text = answer.body[:200].decode("utf-8", "replace").strip()
        after = answer.headers.get("retry-after", "")
        raise DeliveryError(
            f"The hub {hub} answered {answer.status}" + (f": {text!r}." if text else "."),
            "It is asked again. If that goes on, check the hub's address.",
            retry_after=float(after) if after.isdecimal() else 0.0,
        )
