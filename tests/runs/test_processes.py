"""The console as real processes: killed and started again, stopped, refused; and the command line."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests import migrated

ROOT = Path(__file__).resolve().parent.parent.parent


def environment(folder, **more):
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    return {**kept, "DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1", **more}


class Console:
    def __init__(self, folder, env):
        self.folder, self.env, self.started = folder, env, []

    def start(self, *command, **more):
        process = subprocess.Popen(
            [sys.executable, "manage.py", *command], env={**self.env, **more}, cwd=ROOT,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            # Tests that a shell has put into the background ignore SIGINT, and so would what they start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
        self.started.append(process)
        return process

    def ask(self, query, *values):
        database = sqlite3.connect(self.folder / "console.sqlite3", timeout=20)
        try:
            return database.execute(query, values).fetchall()
        finally:
            database.close()

    def events(self, run):
        return self.ask(
            "SELECT seq, type, data FROM runs_event JOIN runs_run ON runs_run.id = run_id"
            " WHERE upstream_id = ? ORDER BY seq",
            run.id,
        )


@pytest.fixture
def console(upstream, tmp_path, free_port):
    migrated.copy_into(tmp_path)
    env = environment(
        tmp_path, COASTY_BASE_URL=upstream.base_url, COASTY_API_KEY=upstream.key, CONSOLE_PORT=str(free_port())
    )
    made = Console(tmp_path, env)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_a_relay_that_is_killed_in_mid_stream_goes_on_where_it_was(upstream, console, until, sent):
    runs = [upstream.add(task=str(n)) for n in range(5)]
    for run in runs:
        run.manner.drop_after = 7
        run.go()
    for _life in range(3):
        relay = console.start("relay")
        known = [len(console.events(run)) for run in runs]
        until(lambda before=known: all(len(console.events(run)) > n for run, n in zip(runs, before, strict=True)), 40)
        for run in runs:  # in flight when the blow falls
            run.step("Größe 😀")
            run.pause("?")
            run.resume()
        relay.send_signal(signal.SIGKILL)
        relay.wait(10)
        for run in runs:
            run.step("while nobody looked")
    for run in runs:
        run.finish()
    console.start("relay")
    until(lambda: console.ask("SELECT count(*) FROM runs_run WHERE stream = 'ended'") == [(5,)], 40)
    for run in runs:
        assert console.events(run) == sent(run)
    assert console.ask("SELECT DISTINCT status FROM runs_run") == [("succeeded",)]
    assert console.ask("SELECT count(*) FROM approvals_approval WHERE state = 'open'") == [(0,)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_answers_follows_does_jobs_and_stops_cleanly(number, upstream, console, until, sent):
    run = upstream.add(task="served")
    run.pause("Which one?")
    server = console.start("serve")
    address = f"http://127.0.0.1:{console.env['CONSOLE_PORT']}"
    until(lambda: status_of(f"{address}/healthz") == 200, 40)
    until(lambda: status_of(f"{address}/readyz") == 200, 30)
    until(lambda: console.events(run) == sent(run))
    assert console.ask("SELECT reason FROM approvals_approval WHERE state = 'open'") == [("Which one?",)]
    server.send_signal(number)
    said, _ = server.communicate(timeout=15)
    assert server.returncode == 0, said
    assert "Traceback" not in said
    assert console.ask("SELECT count(*) FROM runs_worker WHERE kind = 'relay'") == [(0,)]


def status_of(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return None


def test_a_port_in_use_is_one_line(upstream, console):
    port = str(upstream.port)
    said, _ = console.start("serve", CONSOLE_PORT=port).communicate(timeout=40)
    assert said.strip().count("\n") == 0
    assert port in said
    assert "CONSOLE_PORT" in said


def test_a_database_that_is_not_migrated_is_one_line(console):
    (console.folder / "console.sqlite3").unlink()
    process = console.start("serve")
    said, _ = process.communicate(timeout=40)
    assert process.returncode == 1
    assert said.strip().splitlines()[-1].startswith("The database is not up to date")


@pytest.mark.parametrize(("status", "code"), [("succeeded", 0), ("failed", 1), ("cancelled", 2), ("timed_out", 3)])
def test_a_run_from_the_command_line_ends_as_the_run_ends(status, code, upstream, console, until):
    process = console.start("run", "Look at the page", "--follow", "--max-steps", "7", "--instructions", "Slowly")
    run = until(lambda: next(iter(upstream.runs.values()), None), 40)
    assert (run.fields["max_steps"], run.fields["instructions"]) == (7, "Slowly")
    assert run.fields["machine_id"] == upstream.machines[0]["id"]
    run.go()
    run.step("Looking around")
    said = ""
    if status == "succeeded":
        run.pause("May I?\x1b[31m")
        said = read_to(process, "It needs a person: May I?") + read_to(process, "/approvals/")
        run.resume("yes")
    run.finish(status)
    said += process.communicate(timeout=40)[0]
    assert process.returncode == code, said
    assert "Looking around" in said
    assert "\x1b" not in said
    assert "Traceback" not in said


def read_to(process, words):
    """What the process says up to the line with these words; fails when it ends before."""
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"{words!r} did not come: {said}")


def test_a_run_that_can_not_start_says_why(upstream, console):
    process = console.start("run", "Look", "--machine", "nowhere")
    said, _ = process.communicate(timeout=40)
    assert process.returncode == 4
    assert said.strip() == "Not started: No machine by this id."
