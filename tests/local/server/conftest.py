"""Fixtures of the server's tests: the platform with a scripted agent, a page to look at, people's other keys."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from coasty_local.server.platform import further_key
from coasty_local.settings import Settings
from tests.local import running

SCRIPTED = (str(Path(__file__).with_name("scripted.py")),)
PAGE = """<!doctype html><title>Test page</title><body style="margin:0;font:20px sans-serif">
<input id=field style="position:absolute;left:50px;top:100px;width:300px;height:30px">
<button style="position:absolute;left:50px;top:150px;width:100px;height:40px"
  onclick="document.body.style.background=document.querySelector('input').value">Go</button>
<button style="position:absolute;left:200px;top:150px;width:100px;height:40px" onclick="alert('Careful')">Warn</button>
<button style="position:absolute;left:350px;top:150px;width:100px;height:40px"
  onclick="document.body.style.background=confirm('Sure?')?'rgb(0,255,0)':'rgb(255,0,0)'">Ask</button>
<a href="/second" target=_blank style="position:absolute;left:50px;top:220px;width:100px;height:30px">Open</a>
<div id=from draggable=true ondragstart="event.dataTransfer.setData('text','x')"
  style="position:absolute;left:50px;top:300px;width:100px;height:60px;background:rgb(200,200,200)"></div>
<div ondragover="event.preventDefault()" ondrop="this.style.background='rgb(0,0,255)'"
  style="position:absolute;left:400px;top:300px;width:200px;height:100px;background:rgb(220,220,0)"></div>
<input type=range min=0 max=100 value=0 style="position:absolute;left:700px;top:300px;width:300px;margin:0"
  oninput="document.body.style.background='rgb(0,'+(100+Math.round(this.value))+',0)'">
<div style="position:absolute;top:2000px;left:0;width:1280px;height:400px;background:rgb(255,0,255)"></div>
"""
SECOND = """<!doctype html><body style="margin:0;background:rgb(10,20,30)">
<button style="position:absolute;left:50px;top:100px;width:100px;height:50px" onclick="window.close()">Close</button>"""


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = (SECOND if self.path == "/second" else PAGE).encode()
        self.send_response(200)
        if self.path == "/file":
            self.send_header("Content-Disposition", "attachment; filename=x.bin")
        self.send_header("Content-Type", "text/html" if self.path != "/file" else "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def page() -> Iterator[str]:
    """The address of a small test page."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., running.Platform]]:
    """Starts further platforms with the scripted agent; all are stopped at the end."""
    started: list[running.Platform] = []

    def begin(*switches: str, folder: Path | None = None, **env: str) -> running.Platform:
        place = folder or tmp_path_factory.mktemp("platform")
        started.append(running.start(place, *switches, program=SCRIPTED, **env))
        return started[-1]

    yield begin
    for platform in started:
        platform.stop()


@pytest.fixture(scope="session")
def platform(start: Callable[..., running.Platform]) -> running.Platform:
    """One platform with the scripted agent, shared by all tests that leave it as they found it."""
    return start("--max-runs", "3")


@pytest.fixture
def issue(platform: running.Platform) -> Callable[..., requests.Session]:
    """A session with a further key: `issue("live", "usage")`."""

    def more(kind: str, *scopes: str, of: running.Platform | None = None) -> requests.Session:
        session = requests.Session()
        session.headers["X-API-Key"] = further_key(Settings(data_dir=(of or platform).data_dir), kind, list(scopes))
        return session

    return more
