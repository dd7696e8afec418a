"""`manage.py move_to`: a SQLite database with odd data comes to PostgreSQL whole."""

from __future__ import annotations

import subprocess
import sys

import psycopg
import pytest

from tests.scale.conftest import ROOT

pytestmark = [pytest.mark.xdist_group("scale"), pytest.mark.slow]
FILL = """
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from runs import audit
from runs.models import Connection, Event, Frame, Run
user = User.objects.create_user("ada")
far = Connection.objects.first()
now = timezone.now()
for n in range(700):
    odd = {"task": "a\\x00b \\u2603 \\U0001f600", "result": {"n": 10**30}}
    run = Run.objects.create(connection=far, upstream_id=f"r{n}", **odd)
    Event.objects.create(run=run, seq=2**62, type="text", data='{"t": "\\\\u0000"}', received_at=now)
Frame.objects.create(run=run, index=0, received_at=now, mime_type="image/png", sha256="0" * 64, image=bytes(range(256)))
for n in range(5):
    with transaction.atomic():
        audit.record(user, "run.started", run=run, subject=f"\\u2603 {n}", share=0.1, huge=10**20)
"""


@pytest.fixture
def source(upstream, tmp_path):
    """The environment of a console on SQLite."""
    import os

    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    env = {**kept, "DATA_DIR": str(tmp_path), "COASTY_BASE_URL": upstream.base_url, "COASTY_API_KEY": upstream.key}
    for command in (["prepare"], ["shell", "-c", FILL]):
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    return env


def move(env, database):
    command = [sys.executable, "manage.py", "move_to", "--database", database]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)


def test_everything_comes_over_and_a_second_move_is_refused(source, database):
    done = move(source, database)
    assert done.returncode == 0, done.stdout + done.stderr
    with psycopg.connect(database) as target:
        assert target.execute("SELECT count(*), min(task) FROM runs_run").fetchone() == (700, "a\ufffdb ☃ 😀")
        assert target.execute("SELECT count(*), max(seq), min(data) FROM runs_event").fetchone() == (
            700, 2**62, '{"t": "\\u0000"}',
        )  # fmt: skip
        assert bytes(target.execute("SELECT image FROM runs_frame").fetchone()[0]) == bytes(range(256))
        assert target.execute("SELECT count(*) FROM runs_auditentry").fetchone() == (5,)
        next_id = target.execute("SELECT nextval(pg_get_serial_sequence('runs_run', 'id'))").fetchone()[0]
        assert next_id > target.execute("SELECT max(id) FROM runs_run").fetchone()[0]
    again = move(source, database)
    assert again.returncode != 0
    assert "not empty" in again.stderr


def test_an_interrupted_move_goes_on(source, database):
    command = [sys.executable, "-u", "manage.py", "move_to", "--database", database]
    first = subprocess.Popen(command, cwd=ROOT, env=source, stdout=subprocess.PIPE, text=True)
    for line in first.stdout:
        if "runs.Run: " in line:
            first.kill()
            break
    first.wait()
    first.stdout.close()
    done = move(source, database)
    assert done.returncode == 0, done.stdout + done.stderr
    with psycopg.connect(database) as target:
        assert target.execute("SELECT count(*) FROM runs_event").fetchone() == (700,)
