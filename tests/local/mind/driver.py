"""The agent without the server: a real Chromium, a desk that records, people who answer by a script."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from coasty_local.agent.ports import Action, Display, Image, Job, Outcome, Stopped
from coasty_local.agent.scene import Box
from coasty_local.agent.worker import work
from coasty_local.practice import site

Answer = str | Callable[[Display], str]


@dataclass
class RecordingDesk:
    """A desk that keeps what it was told. `answers`: what the person says to each question in turn; none left
    ends the run."""

    display: Display
    answers: list[Answer] = field(default_factory=list)
    max_steps: int = 50
    said: list[str] = field(default_factory=list)
    acts: list[Action] = field(default_factory=list)
    ends: list[tuple[bool, str | None]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    frames: list[tuple[Image, tuple[Box, ...]]] = field(default_factory=list)
    steps: int = 0

    def check(self) -> None:
        pass

    def say(self, text: str) -> None:
        self.said.append(text)

    def reason(self, text: str) -> None:
        self.said.append(text)

    def begin(self, action: Action) -> None:
        self.acts.append(action)

    def finish(self, success: bool, error: str | None = None) -> None:
        self.ends.append((success, error))

    def keep(self, image: Image, blur: Sequence[Box] = ()) -> None:
        self.frames.append((image, tuple(blur)))

    def step(self) -> None:
        self.steps += 1
        if self.steps >= self.max_steps:
            raise Stopped

    def ask(self, kind: str, reason: str, image: Image | None = None, blur: Sequence[Box] = ()) -> str:
        self.asked.append((kind, reason))
        if image is not None:
            self.frames.append((image, tuple(blur)))
        if not self.answers:
            raise Stopped
        answer = self.answers.pop(0)
        return answer if isinstance(answer, str) else answer(self.display)

    def told(self) -> str:
        """Every text that left the agent."""
        acts = [f"{act.action_type} {act.params} {act.description}" for act in self.acts]
        return "\n".join(
            [*self.said, *acts, *(reason for _, reason in self.asked), *(error or "" for _, error in self.ends)]
        )


@dataclass
class Story:
    """How a run went."""

    desk: RecordingDesk
    outcome: Outcome | None
    seconds: float

    @property
    def passed(self) -> bool:
        return self.outcome is not None and self.outcome.passed

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.desk.asked]


def play(
    display: Display, task: str, *answers: Answer, home: str | None = None, instructions: str = "", max_steps: int = 50
) -> Story:
    """Run one task to its end (or to the first question without an answer)."""
    desk = RecordingDesk(display, list(answers), max_steps)
    began = time.monotonic()
    try:
        outcome = work(Job(task, instructions, max_steps), display, desk, home)
    except Stopped:
        outcome = None
    return Story(desk, outcome, time.monotonic() - began)


@contextmanager
def practice() -> Iterator[tuple[str, Any]]:
    """The practice portal on a free port: its address and its ledger."""
    portal = site.build()
    config = uvicorn.Config(Starlette(routes=[Mount("/practice", portal)]), port=0, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/practice/", portal.state.ledger
    server.should_exit = True
    thread.join(5)


class _Pages(BaseHTTPRequestHandler):
    def __init__(self, pages: dict[str, str], sent: list[tuple[str, str]], *args: Any) -> None:
        self.pages, self.sent = pages, sent
        super().__init__(*args)

    def do_GET(self) -> None:
        self._answer(self.path)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        self.sent.append((self.path, body))
        self._answer(self.path)

    def _answer(self, path: str) -> None:
        page = self.pages.get(re.sub(r"\?.*", "", path))
        data = (page or "<h1>404 Not Found</h1>").encode()
        self.send_response(200 if page else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def served(pages: dict[str, str]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Pages by path, as HTML; the address, and what was posted."""
    sent: list[tuple[str, str]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Pages, pages, sent))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", sent
    server.shutdown()
    server.server_close()
