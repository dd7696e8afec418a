"""Sends one message to itself through the channel layer: does a push arrive?"""

from __future__ import annotations

import asyncio

from channels.layers import get_channel_layer


async def round_trip() -> None:
    """Returns when the message came back. The caller sets the time limit; OSError when the layer can't be reached."""
    layer = get_channel_layer()
    if layer is None:
        raise OSError("There is no channel layer.")
    channel = await layer.new_channel("probe")
    await layer.send(channel, {"type": "probe"})
    await layer.receive(channel)
    # A receiver that is cancelled gives its channel back; nothing else does.
    leaving = asyncio.ensure_future(layer.receive(channel))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
