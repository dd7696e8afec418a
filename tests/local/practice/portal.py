"""The portal on a free port, mounted as the platform mounts it, and people with browsers that keep cookies."""

from __future__ import annotations

import re
import socket
import threading
import time
from pathlib import Path

import requests
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from coasty_local.practice import site


class Person:
    """A browser without eyes: keeps cookies, follows redirects, knows the form tokens of the page it is on."""

    def __init__(self, base: str) -> None:
        self.base, self.http, self.page = base, requests.Session(), ""
        self._before = len(self.all_acts())

    def get(self, path: str) -> str:
        return self._keep(self.http.get(self.base + path, timeout=10))

    def post(self, path: str, **fields: str) -> str:
        return self._keep(self.http.post(self.base + path, data=fields, timeout=10))

    def submit(self, path: str, **fields: str) -> str:
        """Post the form of the present page that goes to `path`, with its token."""
        return self.post(path, token=self.token(path), **fields)

    def token(self, path: str) -> str:
        found = re.search(
            rf'<form method="post" action="[^"]*{re.escape(path)}".*?name="token" value="([^"]+)"', self.page
        )
        assert found, f"no form to {path} on this page"
        return found.group(1)

    def sign_in(self, email: str = "ada@example.com", password: str = "lovelace") -> str:
        return self.post("/sign-in", email=email, password=password)

    def acts(self) -> list[dict[str, str]]:
        """What was done by anybody since this person came."""
        return self.all_acts()[self._before :]

    def all_acts(self) -> list[dict[str, str]]:
        return self.http.get(self.base + "/ledger.json", timeout=10).json()

    def _keep(self, response: requests.Response) -> str:
        self.response, self.page = response, response.text
        return self.page


class Portal:
    """A running portal; `base` is its address with the mount path."""

    def __init__(self, ledger_path: Path | None, mount: str = "/practice") -> None:
        self.app = site.build(ledger_path)
        # asyncio switches Nagle's delay off only where the protocol is named: 40 ms a request
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        whole = Starlette(routes=[Mount(mount, self.app)])
        self._server = uvicorn.Server(uvicorn.Config(whole, log_level="warning"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})
        self.base = f"http://127.0.0.1:{self._socket.getsockname()[1]}{mount}"

    def __enter__(self) -> Portal:
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started:
            assert time.monotonic() < deadline, "the portal did not start"
            self._thread.join(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()
