"""The scripted upstream as a process of its own, for benchmarks and chaos; `tests.upstreams` says how to start it."""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import subprocess
import sys
from pathlib import Path

import requests

from tests.upstream_rates import Lives, Steady, cast
from tests.upstreams import KEY, Fault, Upstream

ROOT = Path(__file__).resolve().parent.parent


def main():
    options = _options()
    upstream = Upstream(key=options.key, port=options.port)
    upstream.lists_newest_first = options.newest_first
    upstream.manner.keepalive_seconds = options.keepalive
    asyncio.set_event_loop(upstream.loop)
    manners = cast(options.faults.split(","))
    for manner in manners:
        manner.keepalive_seconds = options.keepalive
    kind = Lives if options.lives else Steady
    upstream.rates = kind(upstream, options.runs, options.rate, options.seed, manners)
    if options.errors:
        upstream.mishaps = mishaps(options.errors, options.seed)
    upstream.loop.run_until_complete(_serve(upstream, options.hold))


async def _serve(upstream, is_held):
    await upstream.bind()
    print(upstream.base_url, flush=True)  # noqa: T201 (whoever started it reads this)
    if not is_held:
        upstream.rates.start()
    reader = asyncio.StreamReader()
    await upstream.loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()  # whoever started it is gone, or wants it gone


def _options():
    parser = argparse.ArgumentParser(prog="python -m tests.upstreams", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default=KEY)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--rate", type=float, default=50.0, help="events a second, over all runs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", default="plain", help="manners in turn, by name, with commas; or all")
    parser.add_argument("--errors", type=float, default=0.0, help="share of the requests that meet a mishap")
    parser.add_argument("--lives", action="store_true", help="whole lives with pauses, instead of steady events")
    parser.add_argument("--newest-first", action="store_true", help="listings begin with the newest run")
    parser.add_argument("--keepalive", type=float, default=15.0, help="seconds")
    parser.add_argument("--hold", action="store_true", help="send nothing until POST /control/start")
    return parser.parse_args()


def mishaps(share, seed):
    """Which fault a request meets, if any: an error, or a connection lost before or after the deed."""
    chance = random.Random(seed)

    def choose(method, target):
        if chance.random() >= share or target.startswith("/control"):
            return None
        status = chance.choice((500, 502, 503, 429, 0, 0))
        if status:
            return Fault(method, re.escape(target), status=status, retry_after=1 if status == 429 else 0)
        return Fault(method, re.escape(target), lose=chance.choice(("before", "after")))

    return choose


class Process:
    """`with Process("--runs", "100") as far:` is that process, asked and told through its `/control`."""

    def __init__(self, *options):
        self.options, self.key = options, KEY

    def __enter__(self):
        command = [sys.executable, "-m", "tests.upstreams", *self.options]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.base_url = self.process.stdout.readline().strip()
        if not self.base_url:
            raise RuntimeError("The scripted upstream did not start.")
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def ask(self, what):
        """For example `ask("sent")`."""
        return requests.get(f"{self._control}/{what}", timeout=60).json()

    def tell(self, what, **body):
        answer = requests.post(f"{self._control}/{what}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    @property
    def _control(self):
        return self.base_url.removesuffix("/v1") + "/control"
