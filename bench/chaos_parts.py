"""The console's processes while chaos reigns: started, killed with SIGKILL, started again, asked what they stored."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

import requests

from tests import migrated
from tests.conftest import find_free_port

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "deploy"))

import engines  # noqa: E402 (of deploy/: a folder of programs, not a package)

PEOPLE = """
import json
from django.core.management import call_command
call_command("prepare")
from django.contrib.auth.models import User
from coasty_console import roles
from runs import tokens
made = {}
for name in %r:
    user = User.objects.create_user(name)
    roles.give(user, "reviewer")
    made[name] = tokens.issue(user)
print(json.dumps(made))
"""
FACTS = """
import hashlib, json
from approvals.models import Approval, Decision
from runs import audit
from runs.models import Connection, Event, Run
summed, counts = {}, {}
events = Event.objects.order_by("run_id", "seq").values_list("run_id", "seq", "type", "data")
for pk, seq, kind, data in events.iterator():
    summed.setdefault(pk, hashlib.sha256()).update(f"{seq}\\n{kind}\\n{data}\\n\\n".encode())
    counts[pk] = (counts.get(pk, (0, 0))[0] + 1, seq)
nothing = hashlib.sha256().hexdigest()
runs = {}
for run in Run.objects.all():
    count, last = counts.get(run.pk, (0, 0))
    found = summed[run.pk].hexdigest() if run.pk in summed else nothing
    runs[run.upstream_id] = {"count": count, "last": last, "hash": found, "status": run.status, "stream": run.stream,
        "detail": run.stream_detail}
named = ("code", "verdict", "delivery", "delivery_detail", "approval__run__upstream_id", "approval_id")
print(json.dumps({"runs": runs, "decisions": list(Decision.objects.values(*named)),
    "open": list(Approval.objects.filter(state="open").values_list("run__upstream_id", flat=True)),
    "chain": audit.verify(), "hides": Connection.objects.filter(hides_ended=True).exists()}))
"""
JOURNAL = "journal of "
NO_DATABASE = ("can't be reached", "database can't be used")  # what a process says that finds none when it starts
_NAMED = {"DATABASE": "postgres", "REDIS": "redis"}  # settings that tell an engine's address
_MANAGE, _CELERY = ("manage.py",), ("-m", "celery", "-A", "coasty_console")
_RELAYS = {"relay-1": (*_MANAGE, "relay"), "relay-2": (*_MANAGE, "relay")}
ENGINES: dict[str, Any] = {"postgres": engines.Postgres, "redis": engines.Redis}
MODES: dict[str, dict[str, tuple[str, ...]]] = {
    "embedded": {"web": (*_MANAGE, "serve")},
    "split": {"web": (*_MANAGE, "serve", "--no-relay"), **_RELAYS},
    "cluster": {
        **dict.fromkeys(ENGINES, ()),  # their own programs
        "web": (*_MANAGE, "serve", "--no-relay", "--no-jobs"), **_RELAYS,
        "worker": (*_CELERY, *"worker --pool threads --concurrency 8 --without-gossip --without-mingle".split()),
        "beat": (*_CELERY, "beat"),
    },
}  # fmt: skip


def journals(parts: Iterable[str]) -> list[str]:
    """The journals of these parts, which the relays start themselves."""
    relays = [name for name in parts if name.startswith("relay")] or ["web"]
    return [f"{JOURNAL}{name}" for name in relays]


class Parts:
    """`with Parts(folder, mode, base_url, key, people)`: the processes by name; what they say goes to `<name>.log`."""

    def __init__(self, folder: Path, mode: str, base_url: str, key: str, people: list[str]) -> None:
        self.commands = MODES[mode]
        self.folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._down: set[str] = set()
        self._logged: dict[str, int] = {}  # how long each one's log was when it was started last
        self.ended: list[str] = []  # those that have ended by themselves, and not for want of a database to start with
        port = find_free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.environment = {
            **os.environ,
            "DATA_DIR": str(folder),
            "COASTY_BASE_URL": base_url,
            "COASTY_API_KEY": key,
            "CONSOLE_PORT": str(port),
        }
        self._logs: dict[str, TextIO] = {}
        self._engines = {name: kind(folder / name) for name, kind in ENGINES.items() if name in self.commands}
        if self._engines:
            folder.chmod(0o755)  # each engine has a user of its own
            self.environment |= {f"{name}_URL": self._engines[of].url for name, of in _NAMED.items()}
        for name, engine in self._engines.items():
            engine.prepare()
            self.start(name)
        if "PYTEST_VERSION" in os.environ:  # the tests have a migrated database at hand
            migrated.copy_into(folder)
        self.tokens: dict[str, str] = json.loads(self._manage("shell", "-c", PEOPLE % people).splitlines()[-1])

    def __enter__(self) -> Parts:
        for name in self.commands.keys() - self._engines.keys():
            self.start(name)
        deadline = time.monotonic() + 40
        while not self.is_up():
            if time.monotonic() > deadline:
                raise RuntimeError(f"The console did not come up; its words are in {self.folder}.")
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        for name, process in self.running.items():
            process.send_signal(signal.SIGINT if name in self._engines else signal.SIGTERM)
        for process in self.running.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for log in self._logs.values():
            log.close()

    def start(self, name: str) -> None:
        self._down.discard(name)
        if name not in self._logs:
            self._logs[name] = (self.folder / f"{name}.log").open("a")
        self._logged[name] = (self.folder / f"{name}.log").stat().st_size
        told: dict[str, Any] = {"stdout": self._logs[name], "stderr": self._logs[name]}
        if name in self._engines:
            self._start_engine(name, told)
        else:
            command = [sys.executable, *self.commands[name]]
            self.running[name] = subprocess.Popen(command, cwd=ROOT, env=self.environment, **told)

    def _start_engine(self, name: str, told: dict[str, Any]) -> None:
        """Again and again, until it answers: PostgreSQL starts only when the killed one's children have gone."""
        engine, deadline = self._engines[name], time.monotonic() + 40
        self.running[name] = subprocess.Popen(engine.command(), **engine.popen, **told)
        while not engine.answers():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{name} does not come up; its words are in {self.folder}.")
            time.sleep(0.2)
            if self.running[name].poll() is not None:
                self.running[name] = subprocess.Popen(engine.command(), **engine.popen, **told)

    def kill(self, name: str) -> None:
        self._down.add(name)
        self.running[name].kill()
        self.running[name].wait()

    def revive(self) -> None:
        """Start again what has ended by itself, as whoever looks after processes does."""
        for name in self.commands.keys() - self._engines.keys() - self._down:
            code = self.running[name].poll()
            if code is not None:
                if not any(words in self._words_since_start(name) for words in NO_DATABASE):
                    self.ended.append(f"{name} with {code}")
                self.start(name)

    def _words_since_start(self, name: str) -> str:
        with (self.folder / f"{name}.log").open("rb") as log:
            log.seek(self._logged[name])
            return log.read().decode(errors="replace")

    def kill_journal(self, name: str) -> int | None:
        """The process in which the journal of this relay writes; None where none runs just now."""
        for children in Path(f"/proc/{self.running[name].pid}/task").glob("*/children"):
            for pid in map(int, children.read_text().split()):
                if b"journal" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                    os.kill(pid, signal.SIGKILL)
                    return pid
        return None

    def is_up(self) -> bool:
        try:
            return requests.get(f"{self.base}/healthz", timeout=1).ok
        except requests.RequestException:
            return False

    def facts(self) -> dict[str, Any]:
        """What is stored: {"runs": {id: ..}, "decisions": [..], "open": [run ids], "chain": [is whole, first bad],
        "hides": whether it says that ended runs may be missed}."""
        found: dict[str, Any] = json.loads(self._manage("shell", "-c", FACTS).splitlines()[-1])
        return found

    def words(self, sign: str) -> list[str]:
        """Lines that the processes have logged with this sign in them."""
        lines = [line for path in self.folder.glob("*.log") for line in path.read_text(errors="replace").splitlines()]
        return [line for line in lines if sign in line]

    def _manage(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        return done.stdout.strip()
