"""Starts a cluster on one machine: PostgreSQL, Redis, and the processes that the Procfile names, each several times."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from pathlib import Path
from typing import Any

from engines import Engine, EngineMissing, Postgres, Redis, free_port
from processes import (
    READY_SECONDS,
    ROOT,
    Children,
    Refused,
    address,
    block,
    check_port,
    check_upstream,
    load_settings,
    prepare,
    stop_asked,
    wait_until_ready,
)

COUNTS = {"web": ("WEB", 2), "relay": ("RELAYS", 2), "worker": ("JOBS", 1), "beat": ("", 1)}
LONGEST_PAUSE = 30.0
LONG_LIVED = 30.0  # who lived so long starts again at once


def procfile() -> dict[str, list[str]]:
    """The processes by name, as commands of this environment."""
    lines = (ROOT / "Procfile").read_text().splitlines()
    named = dict(line.split(": ", 1) for line in lines if line.strip())
    return {name: [_of_venv(word) for word in shlex.split(command)] for name, command in named.items()}


def _of_venv(word: str) -> str:
    return str(Path(sys.executable).parent / Path(word).name) if word.startswith(".venv/bin/") else word


def count(name: str) -> int:
    variable, default = COUNTS[name]
    raw = os.environ.get(variable, "") if variable else ""
    if raw and not (raw.isdigit() and 1 <= int(raw) <= 50):
        raise Refused(f"{variable} must be a whole number from 1 to 50, not {raw!r}.")
    return int(raw or default)


class Cluster(Children):
    """Children that are started again when they die, with growing pauses; each death is told once."""

    def __init__(self, logs: Path) -> None:
        super().__init__(logs)
        self._known: dict[str, tuple[list[str], dict[str, Any]]] = {}
        self._born: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._pause: dict[str, float] = {}

    def run(self, name: str, command: list[str], **more: Any) -> None:
        self._known[name] = (command, more)
        self._born[name] = time.monotonic()
        super().run(name, command, **more)

    def revive(self) -> None:
        now = time.monotonic()
        for name, child in list(self.running.items()):
            if child.poll() is None:
                continue
            if name not in self._due:
                lived_long = now - self._born[name] > LONG_LIVED
                self._pause[name] = 0.5 if lived_long else min(LONGEST_PAUSE, self._pause.get(name, 0.25) * 2)
                self._due[name] = now + self._pause[name]
                print(f"The {name} stopped ({child.returncode}); again in {self._pause[name]:.1f} s.", flush=True)
            elif now >= self._due[name]:
                del self._due[name]
                command, more = self._known[name]
                self.run(name, command, **more)

    def stop(self) -> None:
        """Who serves first, then the engines that they need; PostgreSQL takes SIGINT for "now, but cleanly"."""
        engines = {name: self.running.pop(name) for name in ("redis", "postgres") if name in self.running}
        super().stop()
        self.running = engines
        if "postgres" in engines and engines["postgres"].poll() is None:
            engines["postgres"].send_signal(signal.SIGINT)
        super().stop()


def start_engine(cluster: Cluster, name: str, engine: Engine) -> None:
    engine.prepare()
    cluster.run(name, engine.command(), **engine.popen)
    deadline = time.monotonic() + READY_SECONDS
    while not engine.answers():
        if cluster.running[name].poll() is not None or time.monotonic() > deadline:
            raise Refused(f"The {name} did not start: {cluster.last_words(name)}")
        time.sleep(0.1)


def start_engines(cluster: Cluster, folder: Path) -> None:
    """PostgreSQL and Redis, unless the settings name others."""
    if not os.environ.get("DATABASE_URL"):
        postgres = Postgres(folder / "postgres")
        start_engine(cluster, "postgres", postgres)
        os.environ["DATABASE_URL"] = postgres.url
    if not os.environ.get("REDIS_URL"):
        redis = Redis(folder / "redis")
        start_engine(cluster, "redis", redis)
        os.environ["REDIS_URL"] = redis.url


def start_upstream(cluster: Cluster, settings: Any) -> list[str]:
    """The address to wait for: the local platform's, unless another upstream is set."""
    if settings.UPSTREAM_IS_LOCAL:
        check_port("LOCAL_PORT", settings.LOCAL_PORT)
        cluster.start("local platform", "-m", "coasty_local")
        return [f"http://127.0.0.1:{settings.LOCAL_PORT}/v1/health"]
    if settings.COASTY_API_KEY:
        check_upstream(settings.UPSTREAM_BASE_URL, settings.COASTY_API_KEY)
    return []


def start_console(cluster: Cluster, settings: Any) -> list[str]:
    """Each process of the Procfile as often as asked; the addresses of the web processes."""
    commands, ports = procfile(), _web_ports(settings.CONSOLE_PORT)
    for name, command in commands.items():
        for number in range(1, count(name) + 1):
            more = {"CONSOLE_PORT": str(ports[number - 1])} if name == "web" else {}
            extra = ["--hostname", f"jobs-{number}@%h"] if name == "worker" else []
            cluster.run(f"{name}-{number}", [*command, *extra], env={**os.environ, **more})
    return [address(settings.CONSOLE_HOST, port) for port in ports]


def _web_ports(first: int) -> list[int]:
    check_port("CONSOLE_PORT", first)
    return [first, *(free_port() for _ in range(count("web") - 1))]


def run_cluster(began: float) -> None:
    for name in COUNTS:
        count(name)
    place = Path(os.environ.get("DATA_DIR") or ".data")
    data = place if place.is_absolute() else ROOT / place
    (data / "log").mkdir(parents=True, exist_ok=True)
    cluster = Cluster(data / "log")
    try:
        start_engines(cluster, data / "cluster")
        settings = load_settings()  # only now: it reads where the engines are
        urls = start_upstream(cluster, settings)
        prepare()
        addresses = start_console(cluster, settings)
        wait_until_ready(cluster, [*urls, *(f"{each}healthz" for each in addresses)])
        print(block(settings, addresses, time.monotonic() - began, platform=settings.UPSTREAM_IS_LOCAL), flush=True)
        while True:
            cluster.revive()
            time.sleep(0.25)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        cluster.stop()


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):  # a script's background job would ignore the first otherwise
        signal.signal(number, stop_asked)
    try:
        run_cluster(time.monotonic())
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
        return 0
    except (Refused, EngineMissing) as refused:
        print(f"cluster: {refused}", file=sys.stderr)
        return 1
    except Exception as error:
        print(f"cluster: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
