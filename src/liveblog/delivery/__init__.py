"""Delivery: mail, WebSub pings and chat messages that follow from a publication.

The dispatcher plans deliveries and sends what the outbox holds; :mod:`.smtp`, :mod:`.websub` and
:mod:`.chat` send one thing once.
"""

from __future__ import annotations

from ..model.errors import LiveblogError


class DeliveryError(LiveblogError):
    """A delivery failed.

    ``is_final``: another attempt would not help (an address that does not exist);
    ``retry_after``: the delay in seconds that the server asked for, or 0;
    ``is_unknown``: the server may have accepted the delivery.
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
