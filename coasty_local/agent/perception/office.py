"""The one worker process of this program: started when needed, again if it dies, asked from any thread."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from concurrent.futures import Future
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

import coasty_local

PATIENCE_S = 90.0  # a look takes seconds at worst; longer means that the worker hangs


class SightError(Exception):
    """Looking failed: the worker died twice, hung or could not read the picture."""


class _Gone(Exception):
    """The worker ended before it answered."""


class _Worker:
    """A running worker process and the questions it has not answered yet."""

    def __init__(self) -> None:
        self._pipe, far = Pipe()
        root = str(Path(coasty_local.__file__).resolve().parents[1])
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "coasty_local.agent.perception.worker", str(far.fileno())],
            pass_fds=[far.fileno()],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        )
        far.close()
        self._asked: dict[int, Future[Any]] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self.gone = False
        threading.Thread(target=self._listen, args=(self._pipe,), name="eyes", daemon=True).start()

    def ask(self, verb: str, arguments: tuple[Any, ...]) -> Future[Any]:
        answer: Future[Any] = Future()
        with self._lock:
            if self.gone:
                raise _Gone
            number = next(self._numbers)
            self._asked[number] = answer
        try:
            with self._sending:
                self._pipe.send((number, verb, arguments))
        except (OSError, ValueError):
            self._end()
        return answer

    def _listen(self, pipe: Connection) -> None:
        while True:
            try:
                number, result, error = pipe.recv()
            except (EOFError, OSError):
                return self._end()
            with self._lock:
                answer = self._asked.pop(number)
            if error is None:
                answer.set_result(result)
            else:
                answer.set_exception(SightError(error))

    def _end(self) -> None:
        with self._lock:
            self.gone = True
            left, self._asked = self._asked, {}
        for answer in left.values():
            answer.set_exception(_Gone())
        self.process.kill()
        self.process.wait()


_lock = threading.Lock()
_worker: _Worker | None = None


def _running() -> _Worker:
    global _worker  # noqa: PLW0603 (the one worker of the process is what this module owns)
    with _lock:
        if _worker is None or _worker.gone:
            _worker = _Worker()
        return _worker


def ask(verb: str, *arguments: Any) -> Any:
    """Have the worker do one thing and wait; one that dies is replaced and asked once more. Raises SightError."""
    for _ in range(2):
        worker = _running()
        try:
            return worker.ask(verb, arguments).result(PATIENCE_S)
        except _Gone:
            continue
        except TimeoutError:
            worker.process.kill()
            raise SightError(f"the worker did not answer within {PATIENCE_S:.0f} s") from None
    raise SightError("the worker that looks at pictures died twice")


def warm() -> None:
    """Start the worker now, in the background, so that the first look need not wait for it."""
    _running()


def pid() -> int | None:
    """The process id of the running worker, if there is one."""
    with _lock:
        return _worker.process.pid if _worker is not None and not _worker.gone else None
