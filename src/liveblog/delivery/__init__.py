"""Delivery: what goes out to others when something was published.

Each way out (``mail``, ``websub``, ``chat``) is a module that makes what is sent and sends it once
when it is told to. When, how often and whether again is for the outbox.
"""

from __future__ import annotations

from ..model.errors import LiveblogError


class Undelivered(LiveblogError):
    """The other side did not take it.

    ``is_final`` says that trying again would not help (an address that does not exist);
    ``retry_after`` is the pause in seconds that the other side asked for, if any; ``is_unknown``
    says that it may have taken it after all.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        is_final: bool = False,
        retry_after: float = 0.0,
        is_unknown: bool = False,
    ) -> None:
        super().__init__(message, hint)
        self.is_final = is_final
        self.retry_after = retry_after
        self.is_unknown = is_unknown
