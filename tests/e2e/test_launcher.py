"""`make up`: what it says, what it refuses in one line, and that it leaves nothing behind."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests import migrated
from tests.conftest import find_free_port, wait_until
from tests.e2e.driver import PASSWORD, ROOT, Stack


def up(stack: Stack, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "deploy/up.py"],
        cwd=ROOT,
        env=stack.environment() | settings,
        capture_output=True,
        text=True,
        timeout=60,
    )


def processes_of(folder: Path) -> list[str]:
    """Command lines of all processes that were started with this DATA_DIR."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (place / "environ").read_bytes():
                found.append((place / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return [command for command in found if command]


def test_it_says_where_to_go_and_who_may_sign_in(stack: Stack) -> None:
    assert stack.console in stack.said
    assert all(word in stack.said for word in ("operator", "reviewer", "admin", "viewer", PASSWORD, "Ctrl-C"))
    assert requests.get(f"{stack.console}/healthz", timeout=5).status_code == 200
    ready = wait_until(lambda: (r := requests.get(f"{stack.console}/readyz", timeout=5)).status_code == 200 and r, 20)
    assert set(ready.json()["checks"]) == {"database", "pushes", "relay", "jobs", "upstream"}


def test_a_stop_leaves_no_process_and_a_second_start_reuses_everything(tmp_path: Path) -> None:
    migrated.copy_into(tmp_path)  # the session's own stack starts from nothing
    first = Stack(tmp_path).start()
    key = first.platform_key()
    assert first.stop() == 0
    wait_until(lambda: not processes_of(tmp_path), 10)
    second = Stack(tmp_path).start(CONSOLE_HOST="0.0.0.0", ALLOWED_HOSTS="console.example.org")  # beyond loopback
    assert second.platform_key() == key
    assert f" {second.console}/ " in second.said, "the address is one that can be gone to"
    assert PASSWORD not in second.said
    assert second.manage("api_token", "reviewer").returncode, "demo accounts are gone where others can reach them"
    sign_in = requests.get(f"{second.console}/sign-in/", headers={"Host": "console.example.org"}, timeout=5)
    assert sign_in.status_code == 200
    assert second.stop() == 0
    wait_until(lambda: not processes_of(tmp_path), 10)


@pytest.mark.parametrize("name", ["CONSOLE_PORT", "LOCAL_PORT"])
def test_a_port_in_use_is_one_line_that_says_what_to_do(tmp_path: Path, name: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = up(Stack(tmp_path), **{name: port})
    assert done.returncode == 1
    assert done.stderr.strip().count("\n") == 0
    assert name in done.stderr
    assert port in done.stderr


def test_an_upstream_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{find_free_port()}/v1"
    done = up(Stack(tmp_path), COASTY_BASE_URL=address, COASTY_API_KEY="sk-coasty-test-none")
    assert done.returncode == 1
    assert done.stderr.strip().count("\n") == 0
    assert address in done.stderr


@pytest.mark.parametrize("wrong", [{"COASTY_BASE_URL": "coasty.ai", "COASTY_API_KEY": "x"}, {"DATA_DIR": "/proc/no"}])
def test_a_setting_that_can_not_work_is_one_line_that_names_it(tmp_path: Path, wrong: dict[str, str]) -> None:
    done = up(Stack(tmp_path), **wrong)
    assert done.returncode == 1
    assert done.stderr.strip().count("\n") == 0
    assert f"{next(iter(wrong))}={next(iter(wrong.values()))}" in done.stderr


def test_a_command_before_the_first_start_says_what_is_missing(tmp_path: Path) -> None:
    done = Stack(tmp_path).manage("run", "go to example.org")
    assert done.returncode == 1
    assert done.stderr.strip().count("\n") == 0
    assert "make up" in done.stderr


def test_a_refused_key_is_one_line(stack: Stack, tmp_path: Path) -> None:
    wrong = "sk-coasty-test-0000"
    done = up(Stack(tmp_path), COASTY_BASE_URL=f"{stack.local}/v1", COASTY_API_KEY=wrong)
    assert done.returncode == 1
    assert done.stderr.strip().count("\n") == 0
    assert "COASTY_API_KEY" in done.stderr
    assert wrong not in done.stderr


def test_an_upstream_without_a_key_is_one_line(tmp_path: Path) -> None:
    done = up(Stack(tmp_path), COASTY_BASE_URL="https://coasty.example/v1")
    assert done.returncode == 1
    assert done.stderr.strip().count("\n") == 0
    assert "COASTY_API_KEY" in done.stderr


def test_the_command_line_follows_a_run_and_exits_by_its_end(stack: Stack) -> None:
    good = stack.manage("run", f"Go to {stack.practice()} and click the first link.", "--follow")
    assert good.returncode == 0, good.stdout + good.stderr
    bad = stack.manage("run", "go nowhere", "--machine", "no-such-machine", "--follow")
    assert bad.returncode != 0
    assert "machine" in (bad.stdout + bad.stderr).lower()
