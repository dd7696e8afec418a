"""How fast a long answer is sent: as fast as it is read. The server alone would keep all of it in memory meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

from daphne.http_protocol import WebRequest

STALLED_SECONDS = 60.0  # a reader who takes nothing for so long is gone


class FlowingRequest(WebRequest):
    """Knows whether more may be written: the transport says when it holds enough, and when that has gone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._is_free = asyncio.Event()
        self._is_free.set()
        super().__init__(*args, **kwargs)

    def handle_reply(self, message: dict[str, Any]) -> None:
        if message.get("more_body") and self.producer is None and self.channel is not None:
            self.registerProducer(self, True)
        super().handle_reply(message)

    def finish(self) -> None:
        if self.producer is not None:
            self.unregisterProducer()
        self._is_free.set()
        super().finish()

    def connectionLost(self, reason: Any) -> None:
        self._is_free.set()
        super().connectionLost(reason)

    def pauseProducing(self) -> None:
        self._is_free.clear()

    def resumeProducing(self) -> None:
        self._is_free.set()

    def stopProducing(self) -> None:
        self._is_free.set()

    async def flowed(self) -> None:
        """When more may be written, or nobody reads any more."""
        if self._is_free.is_set():
            return
        try:
            await asyncio.wait_for(self._is_free.wait(), STALLED_SECONDS)
        except TimeoutError:
            self.channel.transport.abortConnection()
