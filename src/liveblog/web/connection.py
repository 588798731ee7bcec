"""A connection: uvicorn's, made to answer at once what lies ready, and to give its socket away.

A request for a file that is held in memory needs no task, no messages and no waiting. Answered
where its headers were parsed, it takes a quarter of the time. All else, and everything where
httptools is not installed, goes the long way, which leads to the same answers.
"""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING, cast

from .guard import Guarded

if TYPE_CHECKING:
    from . import Application

_STATUS = {200: b"HTTP/1.1 200 OK\r\n", 304: b"HTTP/1.1 304 Not Modified\r\n"}


class Connection(Guarded):
    """One connection of a client."""

    _is_answered = False  # whether the request that is being read was answered at once

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; the state of each request lets the application take the socket."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "take": self.take}

    def connection_lost(self, error: Exception | None) -> None:
        """End."""
        super().connection_lost(error)
        self.app_state = {}

    async def take(self) -> socket.socket | None:
        """Give the socket to somebody else, and forget it; None if the client has gone."""
        # Answers to what was asked before go out first.
        self.transport.set_write_buffer_limits(0)
        await self.flow.drain()
        shared = self.transport.get_extra_info("socket")
        if self.transport.is_closing() or shared is None:
            return None
        taken = socket.socket(fileno=os.dup(shared.fileno()))
        self.transport.abort()
        return taken

    def on_headers_complete(self) -> None:
        """Answer a request, or hand it to the application."""
        is_free = self.cycle is None or self.cycle.response_complete
        self._is_answered = is_free and not self.flow.write_paused and self._answer()
        if not self._is_answered:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a request's body."""
        if not self._is_answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Take the end of a request."""
        if not self._is_answered:
            super().on_message_complete()

    def _answer(self) -> bool:
        parser = self.parser
        if (
            parser.get_method() != b"GET"
            or parser.get_http_version() != "1.1"
            or not parser.should_keep_alive()
        ):
            return False
        app = cast("Application", self.config.app)
        if (answer := app.ready(self.url, self.headers)) is None:
            return False
        lines = b"".join(b"%b: %b\r\n" % header for header in self.server_state.default_headers)
        self.transport.write(
            b"".join((_STATUS[answer.status], lines, answer.lines, b"\r\n", answer.data))
        )
        self.on_response_complete()
        return True
