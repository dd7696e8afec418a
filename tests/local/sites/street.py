"""The server that all worlds stand on, on a free loopback port."""

from __future__ import annotations

import itertools
import random
import socket
import threading
import time
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.local.sites import look
from tests.local.sites.world import Site, Task, World


class Street:
    """Opens a world for each task and keeps them all."""

    def __init__(self) -> None:
        self.worlds: dict[str, World] = {}
        self._numbers = itertools.count(1)
        app = Starlette(
            routes=[
                Route("/favicon.ico", self._icon),
                Route("/{world}/{path:path}", self._show),
                Route("/{world}/{path:path}", self._act, methods=["POST"]),
            ]
        )
        # asyncio switches Nagle's delay off only where the protocol is named
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self.base = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def open(self, task: Task, site: Site) -> tuple[World, str]:
        """A fresh world for a task, and its address."""
        world = World(f"s{next(self._numbers)}", task, look.draw(f"{site.name} {task.seed}", site.hard), site)
        world.dice = random.Random(f"{site.name} {task.seed}")
        world.data = site.stock(world)
        self.worlds[world.id] = world
        return world, self.base + world.url(task.path)

    def __enter__(self) -> Street:
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started:
            assert time.monotonic() < deadline, "the street did not open"
            self._thread.join(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()

    async def _icon(self, request: Request) -> Response:
        return Response(status_code=204)

    async def _show(self, request: Request) -> Response:
        world = self.worlds.get(request.path_params["world"])
        if world is None:
            return Response("no such world", status_code=404)
        query = dict(request.query_params)
        return HTMLResponse(
            world.site.show(world, request.path_params["path"], query), headers={"Cache-Control": "no-store"}
        )

    async def _act(self, request: Request) -> Response:
        world = self.worlds.get(request.path_params["world"])
        if world is None:
            return Response("no such world", status_code=404)
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        path = request.path_params["path"]
        if path == "typed":
            world.typed.append((form.get("field", ""), form.get("type", ""), form.get("value", "")))
            return Response(status_code=204)
        world.posts.append((path, form))
        return RedirectResponse(world.url(world.site.act(world, path, form)), status_code=303)
