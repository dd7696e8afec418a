"""A real PostgreSQL and a real Redis for the tests of this folder, and the console's processes on them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from tests.conftest import find_free_port, wait_until
from tests.upstreams import Upstream

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))

from engines import EngineMissing, Postgres, Redis  # noqa: E402 (a folder of programs, not a package)


class Server:
    """An engine that tests may stop and start again on the same port."""

    def __init__(self, engine):
        self.engine, self.url, self.process = engine, engine.url, None

    def start(self):
        log = self.engine.folder.with_suffix(".log").open("ab")
        self.process = subprocess.Popen(self.engine.command(), stdout=log, stderr=log, **self.engine.popen)
        log.close()
        wait_until(self.engine.answers, 30)

    def stop(self, number=signal.SIGINT):
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(20)


@pytest.fixture(scope="session")
def engines():
    """Both servers; without them the tests fail with what to install."""
    folder = Path(tempfile.mkdtemp(prefix="coasty-scale-"))
    folder.chmod(0o755)  # PostgreSQL refuses to run as root: its user has to get in
    servers = []
    try:
        try:
            for kind in (Postgres, Redis):
                engine = kind(folder / kind.__name__.lower())
                engine.prepare()
                servers.append(Server(engine))
                servers[-1].start()
        except EngineMissing as missing:
            pytest.fail(str(missing))
        yield servers
    finally:
        for server in servers:
            if server.process:
                server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(engines):
    """A new empty database's address."""
    return new_database(engines[0])


def new_database(postgres, like="template1", prefix=""):
    name = f"{prefix}scale_{os.urandom(4).hex()}"
    with psycopg.connect(postgres.url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
    return postgres.url.rsplit("/", 1)[0] + f"/{name}"


@pytest.fixture(scope="session")
def migrated(engines, tmp_path_factory):
    """The name of a database with all tables and nothing in them: migrated once, and copied for each console."""
    address = new_database(engines[0])
    migrate(address, tmp_path_factory.mktemp("migrated"))
    return address.rpartition("/")[2]


def migrate(address, folder):
    env = {**kept_environment(), "DATA_DIR": str(folder), "DATABASE_URL": address}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)


def kept_environment():
    return {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}


@pytest.fixture
def upstream():
    with Upstream() as scripted:
        yield scripted


class Console:
    """Processes of the console over one PostgreSQL and Redis, each started and ended by the test."""

    def __init__(self, folder, database, redis, upstream):
        self.folder, self.database, self.started = folder, database, []
        self.env = {
            **kept_environment(),
            "DATA_DIR": str(folder),
            "DATABASE_URL": database,
            "REDIS_URL": redis,
            "COASTY_BASE_URL": upstream.base_url,
            "COASTY_API_KEY": upstream.key,
        }

    def manage(self, *command, **more):
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env={**self.env, **more}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *command, **more):
        log = (self.folder / f"{command[0]}-{len(self.started)}.log").open("ab")
        program = [sys.executable, "manage.py"] if command[0] in {"relay", "serve"} else [sys.executable, "-m"]
        process = subprocess.Popen([*program, *command], cwd=ROOT, env={**self.env, **more}, stdout=log, stderr=log)
        log.close()
        self.started.append(process)
        return process

    def web(self):
        port = find_free_port()
        self.start("serve", "--no-relay", "--no-jobs", CONSOLE_PORT=str(port))
        return f"http://127.0.0.1:{port}"

    def ask(self, query, *values):
        with psycopg.connect(self.database, autocommit=True) as asked:
            return asked.execute(query, values).fetchall()

    def shares(self):
        """How many unfinished runs each worker holds."""
        rows = self.ask("SELECT worker, count(*) FROM runs_lease WHERE worker <> '' GROUP BY worker")
        return dict(rows)

    def events(self, run):
        return self.ask(
            "SELECT seq, type, data FROM runs_event JOIN runs_run ON runs_run.id = run_id"
            " WHERE upstream_id = %s ORDER BY seq",
            run.id,
        )

    def end(self):
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.started:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def console(engines, migrated, upstream, tmp_path):
    made = Console(tmp_path, new_database(engines[0], migrated), engines[1].url, upstream)
    made.manage("prepare")
    yield made
    made.end()
