"""A real mail server on loopback that keeps what it gets, and fails as it is told to."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


class Receiver:
    """Keeps every message; ``answer`` may say something else than 250 to a recipient or to DATA."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.recipients: list[str] = []
        self.answer: Callable[[str, str], str] = lambda step, address: ""
        self.pause = 0.0
        self.port = 0

    @property
    def messages(self) -> list[EmailMessage]:
        """What came, in order."""
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in self.raw]

    @property
    def settings(self) -> str:
        """The table [mail] that leads here."""
        return (
            f"[mail]\nserver = 'localhost'\nport = {self.port}\nsecurity = 'none'\n"
            "sender = 'Une semaine <blog@example.org>'\nto = ['anna@example.org']\n"
        )

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if said := self.answer("RCPT", address):
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.pause:
            await asyncio.sleep(self.pause)
        said = self.answer("DATA", envelope.rcpt_tos[0])
        if said == "die":  # after the last word, before the answer
            self._keep(envelope)
            server.transport.abort()
            return ""
        if not said:
            self._keep(envelope)
        return said or "250 Taken"

    def _keep(self, envelope: Any) -> None:
        self.raw.append(envelope.original_content)
        self.recipients += envelope.rcpt_tos


@contextmanager
def receiving(receiver: Receiver | None = None, **options: Any) -> Iterator[Receiver]:
    """Run a mail server; a receiver that is given again is reached at the same port."""
    receiver = receiver or Receiver()
    controller = Controller(
        receiver, hostname="127.0.0.1", port=receiver.port or _free_port(), **options
    )
    controller.start()
    receiver.port = controller.port
    try:
        yield receiver
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        port: int = opened.getsockname()[1]
    return port
