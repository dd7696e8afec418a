"""The process that looks: takes pictures from a pipe, answers scenes. One for all runs; ends when its parent does."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

import cv2

from coasty_local.agent.perception import models
from coasty_local.agent.perception.look import Looker

THREADS = min(4, max(2, os.cpu_count() or 2))  # looks at the same time


def serve(pipe: Connection) -> None:
    """Answer (number, verb, arguments) with (number, result or None, error or None) until the pipe closes."""
    looker, lock = Looker(), threading.Lock()

    def answer(number: int, verb: str, arguments: tuple[Any, ...]) -> None:
        result, error = None, None
        try:
            result = getattr(looker, verb)(*arguments)
        except Exception as exc:  # whatever a strange picture causes is told to the caller and ends only that look
            error = f"{type(exc).__name__}: {exc}"
        with lock:
            try:
                pipe.send((number, result, error))
            except (BrokenPipeError, OSError):
                os._exit(0)

    with ThreadPoolExecutor(THREADS) as pool:
        while True:
            try:
                message = pipe.recv()
            except (EOFError, OSError):
                os._exit(0)
            pool.submit(answer, *message)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent; its end closes the pipe
    cv2.setNumThreads(1)
    models.load()
    serve(Connection(int(sys.argv[1])))


if __name__ == "__main__":
    main()
