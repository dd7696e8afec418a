"""`manage.py move_to`: a SQLite database with odd data comes to PostgreSQL whole."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime

import psycopg
import pytest

from tests import migrated
from tests.scale.conftest import ROOT, kept_environment

pytestmark = [pytest.mark.xdist_group("scale"), pytest.mark.slow]
FILL = """
from datetime import timedelta
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from runs import audit
from runs.models import Connection, Event, Frame, Recipe, Run, SearchText, Worker
from tests.scale import rows
user = User.objects.create_user("ada")
far = Connection.objects.first()
Connection.objects.create(name="second", slug="kept", base_url="https://far.example.org/v1")
now = timezone.now()
for n in range(700):
    odd = {"task": "a\\x00b \\u2603 \\U0001f600", "result": {"n": 10**30}, "metadata": {"team": "a"}}
    run = Run.objects.create(connection=far, upstream_id=f"r{n}", **odd)
    Event.objects.create(run=run, seq=2**62, type="text", data='{"t": "\\\\u0000"}', received_at=now)
Frame.objects.create(run=run, index=0, received_at=now, mime_type="image/png", sha256="0" * 64, image=bytes(range(256)))
for n in range(5):
    with transaction.atomic():
        audit.record(user, "run.started", run=run, subject=f"\\u2603 {n}", share=0.1, huge=10**20)
SearchText.objects.create(run=run, words="invoice paid", seq=1)
Recipe.objects.create(name="half", text="x", fields={"half": "\\ud800"})
rows.fill()
Worker.objects.update(beat_at=now - timedelta(hours=1))
"""


@pytest.fixture
def source(tmp_path):
    """The environment of a console on SQLite that has been at work: no table is empty."""
    env = {**kept_environment(), "DATA_DIR": str(tmp_path)}
    migrated.copy_into(tmp_path)
    for command in (["prepare"], ["shell", "-v0", "-c", FILL]):
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    return env


def move(env, database):
    command = [sys.executable, "manage.py", "move_to", "--database", database]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)


def tables_of(sqlite):
    """What holds the console's data, as the database itself tells: not what moves it, nor the model's list."""
    names = {name for (name,) in sqlite.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return {name for name in names if not name.startswith(("sqlite_", "runs_search_"))} - {
        "runs_search", "django_migrations",
    }  # fmt: skip


def test_an_interrupted_move_goes_on_brings_every_table_over_and_a_second_is_refused(source, database, tmp_path):
    command = [sys.executable, "-u", "manage.py", "move_to", "--database", database]
    before = shutil.copy(tmp_path / "console.sqlite3", tmp_path / "before.sqlite3")
    first = subprocess.Popen(command, cwd=ROOT, env=source, stdout=subprocess.PIPE, text=True)
    for line in first.stdout:
        if "runs.Run: " in line:
            first.kill()
            break
    first.wait()
    first.stdout.close()
    done = move(source, database)
    assert done.returncode == 0, done.stdout + done.stderr
    with closing(sqlite3.connect(before)) as here, psycopg.connect(database) as there:
        same_rows(here, there)
        same_values(there)
        same_cells(here, there)
        ids_go_on(there)
    again = move(source, database)
    assert again.returncode != 0
    assert "not empty" in again.stderr


def same_rows(here, there):
    names = tables_of(here)
    assert len(names) > 60
    query = "SELECT count(*) FROM {}"
    counts = {name: here.execute(query.format(name)).fetchone()[0] for name in names}
    assert min(counts.values()) > 0, [name for name, count in counts.items() if not count]
    assert counts == {name: there.execute(query.format(name)).fetchone()[0] for name in names}


def same_values(target):
    assert target.execute("SELECT count(*), min(task) FROM runs_run").fetchone() == (700, "a\ufffdb ☃ 😀")
    assert target.execute("SELECT count(*), max(seq), min(data) FROM runs_event").fetchone() == (
        700, 2**62, '{"t": "\\u0000"}',
    )  # fmt: skip
    assert bytes(target.execute("SELECT image FROM runs_frame").fetchone()[0]) == bytes(range(256))
    assert target.execute("SELECT fields FROM runs_recipe").fetchone()[0] == {"half": "\ufffd"}
    found = target.execute("SELECT words FROM runs_searchtext WHERE vector @@ to_tsquery('simple', 'invo:*')")
    assert found.fetchall() == [("invoice paid",)], "the database's own index has them too"


def same_cells(here, there):
    """Every cell of every table, but for text that PostgreSQL can't hold and the marks that a sender leaves."""
    for name in sorted(tables_of(here)):
        names = [row[1] for row in here.execute(f"PRAGMA table_info({name})")]
        query = f"SELECT {', '.join(f'{chr(34)}{one}{chr(34)}' for one in names)} FROM {name}"
        rows = [Counter(tuple(map(plain, row)) for row in side.execute(query).fetchall()) for side in (here, there)]
        assert rows[0] == rows[1], (name, list((rows[0] - rows[1]).items())[:1], list((rows[1] - rows[0]).items())[:1])


def plain(cell):
    """A cell as either database tells it."""
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    if isinstance(cell, (bytes, memoryview)):
        return bytes(cell)
    if isinstance(cell, (dict, list)):
        return plain(json.dumps(cell))
    if isinstance(cell, str):
        return plain_text(cell)
    return int(cell) if isinstance(cell, (bool, int)) else str(cell)


def plain_text(text):
    if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?", text):
        return datetime.fromisoformat(text).isoformat(" ", "microseconds")
    if text[:1] in {"{", "["}:
        text = json.dumps(json.loads(text), sort_keys=True, ensure_ascii=False)
    return re.sub("[\x00\ud800-\udfff]", "\ufffd", text)


def ids_go_on(target):
    """Every table that counts its rows by itself gives the next one an id above those that came."""
    counted = target.execute(
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND is_identity = 'YES' AND table_name <> 'django_migrations'"
    ).fetchall()
    assert len(counted) > 40
    for (name,) in counted:
        next_id = target.execute(f"SELECT nextval(pg_get_serial_sequence('{name}', 'id'))").fetchone()[0]
        assert next_id > target.execute(f"SELECT max(id) FROM {name}").fetchone()[0], name
