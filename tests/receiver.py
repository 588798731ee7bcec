"""A real mail server on loopback that stores its messages, and fails on demand."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from .ports import ReservedPort


class Receiver:
    """Stores every message; ``answer`` may return another reply than 250 to RCPT or DATA."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.recipients: list[str] = []
        self.answer: Callable[[str, str], str] = lambda step, address: ""
        self.pause = 0.0
        self._reserved = ReservedPort()
        self.port = self._reserved.number

    @property
    def messages(self) -> list[EmailMessage]:
        """The messages, in the order of their arrival."""
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in self.raw]

    @property
    def settings(self) -> str:
        """The table [mail] of a blog that sends its mail here."""
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
        if said == "die":  # after the message, before the reply
            self._store(envelope)
            server.transport.abort()
            return ""
        if not said:
            self._store(envelope)
        return said or "250 Taken"

    def _store(self, envelope: Any) -> None:
        self.raw.append(envelope.original_content)
        self.recipients += envelope.rcpt_tos


@contextmanager
def receiving(receiver: Receiver | None = None, **options: Any) -> Iterator[Receiver]:
    """Run a mail server; one receiver has the same port each time."""
    receiver = receiver or Receiver()
    controller = Controller(receiver, hostname="127.0.0.1", port=receiver.port, **options)
    controller.start()
    try:
        yield receiver
    finally:
        controller.stop()
