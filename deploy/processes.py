"""The launchers' child processes: started, watched, stopped; what stands in the way; what is said when all is ready."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 15
READY_SECONDS = 90


class Refused(Exception):
    """Something stands in the way of a start; the message is one line that says what to do."""


class Children:
    """The processes started here, stopped in reverse order."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *command: str) -> None:
        """Python with these arguments."""
        self.run(name, [sys.executable, *command])

    def run(self, name: str, command: list[str], **more: Any) -> None:
        """Any program; `more` goes to Popen."""
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command,
                **{"cwd": ROOT, **more},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 (no thread runs here)
            )

    def dead(self) -> str | None:
        return next((name for name, child in self.running.items() if child.poll() is not None), None)

    def stop(self) -> None:
        for child in reversed(self.running.values()):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.running.values():
            try:
                child.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()

    def last_words(self, name: str) -> str:
        lines = (self.logs / f"{name}.log").read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def die_with_parent() -> None:
    """Linux only: the child gets SIGTERM when this process dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def check_port(name: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Refused(f"Port {port} is in use. Stop what uses it, or set {name} to a free port.") from None


def check_upstream(base_url: str, key: str) -> None:
    """One small read, so that a wrong address or key is told now and not by an empty page."""
    if not base_url.startswith(("http://", "https://")):
        raise Refused(f"COASTY_BASE_URL={base_url} is no address. Give all of it, for example https://coasty.ai/v1.")
    headers = {"X-API-Key": key, "User-Agent": "coasty-console"}
    request = urllib.request.Request(f"{base_url}/runs?limit=1", headers=headers)
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except urllib.error.HTTPError as error:
        if error.code == 401:
            raise Refused(f"{base_url} refuses the key. Set COASTY_API_KEY to a valid one.") from None
        if error.code in {403, 404}:
            raise Refused(
                f"{base_url}/runs answers {error.code}. "
                "Is COASTY_BASE_URL right (it ends in /v1)? May the key read runs?"
            ) from None
    except (urllib.error.URLError, OSError) as error:
        why = getattr(error, "reason", error)
        raise Refused(f"{base_url} can't be reached ({why}). Check COASTY_BASE_URL and the network.") from None


def prepare() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "prepare"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        found = [line for line in lines if line.startswith("?:")]
        raise Refused(found[0] if found else (lines[-1] if lines else "The database could not be prepared."))


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def wait_until_ready(children: Children, urls: list[str]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not all(answers(url) for url in urls):
        if name := children.dead():
            raise Refused(f"The {name} did not start: {children.last_words(name)}")
        if time.monotonic() > deadline:
            raise Refused(f"Not ready after {READY_SECONDS} s. Look into {children.logs}.")
        time.sleep(0.1)


def address(host: str, port: int) -> str:
    """Where a server on that address is met from this machine."""
    met = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{met}]:{port}/" if ":" in met else f"http://{met}:{port}/"


def load_settings() -> Any:
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coasty_console.settings")
    from coasty_console import settings

    return settings


def block(settings: Any, addresses: list[str], seconds: float, *, platform: bool) -> str:
    """What is said when all is ready; `platform`: the local one runs beside the console."""
    s = settings
    lines = [f"Coasty Console is ready at {' and '.join(addresses)} ({seconds:.1f} s)", ""]
    if s.DEMO:
        lines += [f"  sign in as   operator, reviewer, admin or viewer, password {s.DEMO_PASSWORD}"]
    else:
        lines += ["  sign in      make the first account with: .venv/bin/python manage.py add_person NAME --role admin"]
    if platform:
        practice = f"http://127.0.0.1:{s.LOCAL_PORT}/practice/"
        lines += [
            f"  platform     http://127.0.0.1:{s.LOCAL_PORT}/v1, key in {s.LOCAL_KEY_FILE}",
            f"  practice     {practice}",
            "  try          "
            f"Go to {practice}, sign in as ada@example.com with password lovelace, and pay invoice INV-1042.",
        ]
    else:
        lines += [f"  upstream     {s.UPSTREAM_BASE_URL}"]
    return "\n".join([*lines, f"  logs         {s.DATA_DIR / 'log'}", "  stop         Ctrl-C"])


def stop_asked(*_: object) -> None:
    raise KeyboardInterrupt
