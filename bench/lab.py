"""The bench's stage: an upstream, a database, consoles and relays as real processes, and how they are watched."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from bench.crowd_upstream import KEY

ROOT = Path(__file__).resolve().parent.parent
_KEPT = {"PATH", "HOME", "LANG", "TMPDIR"}
_PEOPLE = 50  # who are signed in; sockets are shared out among them
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Options:
    """What a measure is told: how long and how many."""

    quick: bool = False
    seed: int = 1

    def size(self, full: int, quick: int) -> int:
        return quick if self.quick else full


@dataclass
class Row:
    """A line of the table. `is_most`: the value may be at most `must`; else at least."""

    name: str
    value: float | None
    must: float
    aim: float
    is_most: bool = False
    unit: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        reaches = (lambda goal: self.value <= goal) if self.is_most else (lambda goal: self.value >= goal)
        return "aim" if reaches(self.aim) else "must" if reaches(self.must) else "MISSED"

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name, "value": self.value, "must": self.must, "aim": self.aim,
            "direction": "at most" if self.is_most else "at least", "unit": self.unit, "verdict": self.verdict,
            "detail": self.detail,
        }  # fmt: skip


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them stay under; infinite for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("inf")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def allow_many_sockets() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def fetch(address: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(address, data), timeout=20) as answer:
        return json.loads(answer.read())


def wait_for(condition: Any, seconds: float, every: float = 0.2) -> Any:
    """The first true answer; TimeoutError with the last one."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"still {found!r} after {seconds} s")
        time.sleep(every)
    return found


class Program:
    """A child process that ends with the block; what it prints goes to a file of the stage."""

    def __init__(self, command: Sequence[str], env: dict[str, str], log: Path) -> None:
        self._log = log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._log, start_new_session=True,
        )  # fmt: skip
        self.pid = self.process.pid

    def line(self) -> Any:
        """The next line that it prints, as JSON."""
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        if not said:
            raise RuntimeError(f"{self.process.args} ended: {Path(self._log.name).read_text()[-1500:]}")
        return json.loads(said)

    def tell(self, **order: Any) -> Any:
        """Send an order as a line of JSON and wait for the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()
        return self.line()

    def cpu_seconds(self) -> float:
        """Of its own and of the processes that it has started."""
        stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in self._family()]
        return sum(int(fields[11]) + int(fields[12]) for fields in stats) / _TICKS

    def resident_bytes(self) -> int:
        """Of the same."""
        return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE for pid in self._family())

    def _family(self) -> list[int]:
        found = [self.pid]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                found += [int(child) for child in children.read_text().split()]
        return found

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(12)
            except subprocess.TimeoutExpired:
                self.kill()
        for pipe in (self.process.stdin, self.process.stdout, self._log):
            if pipe is not None:
                pipe.close()


@cache
def migrated() -> bytes:
    """A database with all tables and nothing in them, made once: to copy it takes no time."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        env = {**{name: value for name, value in os.environ.items() if name in _KEPT}, "DATA_DIR": folder}
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
        return (Path(folder) / "console.sqlite3").read_bytes()


class Stage:
    """A folder, an upstream with `runs` runs, and a migrated database that mirrors them all as running."""

    def __init__(self, folder: Path, runs: int, seed: int, database_url: str = "", redis_url: str = "") -> None:
        self.folder, self.runs, self.seed, self.stack = folder, runs, seed, ExitStack()
        self.upstream = self.program(["-m", "bench.crowd_upstream", str(runs), str(seed)], {})
        self.upstream_url = f"http://127.0.0.1:{self.upstream.line()['port']}"
        self.port = free_port()
        self.env = {
            **{name: value for name, value in os.environ.items() if name in _KEPT},
            "DATA_DIR": str(folder), "COASTY_BASE_URL": f"{self.upstream_url}/v1", "COASTY_API_KEY": KEY,
            "CONSOLE_PORT": str(self.port), "PYTHONUNBUFFERED": "1", "LOG_LEVEL": "WARNING",
            **({"DATABASE_URL": database_url} if database_url else {}),
            **({"REDIS_URL": redis_url} if redis_url else {}),
        }  # fmt: skip
        if not database_url:
            (folder / "console.sqlite3").write_bytes(migrated())
        made = self.program(["-m", "bench.stage", str(runs), str(_PEOPLE)])
        self.sessions: list[str] = made.line()["sessions"]
        made.process.wait(60)

    def program(self, command: Sequence[str], env: dict[str, str] | None = None) -> Program:
        kept = {name: value for name, value in os.environ.items() if name in _KEPT}
        started = Program(command, self.env if env is None else {**kept, **env}, self.folder / "log")
        self.stack.callback(started.end)
        return started

    def relay(self) -> Program:
        """The real relay in a process that tells what it has committed."""
        started = self.program(["-m", "bench.watched_relay"])
        started.line()
        return started

    def console(self) -> Program:
        """`manage.py serve` with all it does."""
        started = self.program(["manage.py", "serve"])
        wait_for(lambda: _answers(f"{self.url}/healthz"), 40)
        return started

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = fetch(f"{self.upstream_url}/state")
        return found

    def wait_until_followed(self, seconds: float = 150) -> float:
        """Seconds until every run's stream is open."""
        began = time.monotonic()
        wait_for(lambda: self.state()["open"] >= self.runs, seconds)
        return time.monotonic() - began

    def pace(self, rate: float, seconds: float, runs: int = 0) -> None:
        fetch(f"{self.upstream_url}/pace", {"rate": rate, "runs": runs or self.runs, "seconds": seconds})


@contextmanager
def stage(runs: int, seed: int, **more: str) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        made = Stage(Path(folder), runs, seed, **more)
        with made.stack:
            yield made


@contextmanager
def stages(runs: Sequence[int], seed: int, *, with_console: bool = False) -> Iterator[list[Stage]]:
    """Several at once: what is measured side by side is also made side by side."""
    migrated()

    def made(count: int) -> Stage:
        found = ends.enter_context(stage(count, seed))
        if with_console:
            found.console()
        return found

    with ExitStack() as ends, ThreadPoolExecutor() as hands:
        yield list(hands.map(made, runs))


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except OSError:
        return False
