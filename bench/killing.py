"""A relay worker is killed: after how many seconds are its runs followed again?"""

from __future__ import annotations

import time

from bench import postgres
from bench.lab import Options, Program, Row, Stage, stage, wait_for

_WORKERS = 3


def kill(options: Options) -> list[Row]:
    row = Row("worker killed: its runs followed again after", None, 15, 5, True, "s")
    with postgres.server() as address:
        if address is None:
            row.detail["why"] = "PostgreSQL is not installed here"
            return [row]
        with stage(options.size(600, 90), options.seed, database_url=address) as made:
            workers = [made.relay() for _ in range(_WORKERS)]
            made.wait_until_followed()
            wait_for(lambda: _is_even(made, workers), 60)
            made.pace(100, 90)
            seconds, held = _kill(made, workers[0])
    row.value = round(seconds, 2)
    row.detail = {"runs": made.runs, "workers": _WORKERS, "runs_of_the_killed": held}
    return [row]


def _shares(workers: list[Program]) -> list[int]:
    return [worker.tell(do="report")["following"] for worker in workers]


def _is_even(made: Stage, workers: list[Program]) -> bool:
    shares = _shares(workers)
    return sum(shares) == made.runs and min(shares) * 1.5 > max(shares) and made.state()["open"] == made.runs


def _kill(made: Stage, worker: Program) -> tuple[float, int]:
    held = worker.tell(do="report")["following"]
    began = time.monotonic()
    worker.kill()
    wait_for(lambda: made.state()["open"] <= made.runs - held * 0.9, 5, every=0.02)
    wait_for(lambda: made.state()["open"] == made.runs, 60, every=0.05)
    return time.monotonic() - began, held
