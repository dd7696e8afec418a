"""The least that Channels can do: a consumer that echoes what it gets to one group of all who are connected."""

from __future__ import annotations

import os
import sys

import django


def main(port: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coasty_console.settings")
    django.setup()
    from channels.generic.websocket import AsyncWebsocketConsumer
    from daphne.server import Server

    class Echo(AsyncWebsocketConsumer):
        groups = ("all",)

        async def receive(self, text_data=None, bytes_data=None) -> None:
            await self.channel_layer.group_send("all", {"type": "echo", "text": text_data})

        async def echo(self, message) -> None:
            await self.send(text_data=message["text"])

    server = Server(
        application=Echo.as_asgi(), endpoints=[f"tcp:port={port}:interface=127.0.0.1"], verbosity=0,
        websocket_timeout=-1, ready_callable=lambda: print("{}", flush=True),
    )  # fmt: skip
    server.run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
