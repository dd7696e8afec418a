"""A PostgreSQL of the bench's own: a new cluster in a temporary folder, started as an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.lab import free_port


def programs() -> Path | None:
    """The folder with the newest server's programs; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    here = shutil.which("initdb")
    return found[-1].parent if found else Path(here).parent if here else None


def _person() -> dict[str, int]:
    """Who runs it: PostgreSQL refuses root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": found.pw_uid, "group": found.pw_gid}
    return {}


@contextmanager
def server() -> Iterator[str | None]:
    """The address of an empty database as DATABASE_URL wants it; None where PostgreSQL is not installed."""
    folder, who = programs(), _person()
    if folder is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="bench-pg-") as home:
        if who:
            os.chown(home, who["user"], who["group"])
        data, port = f"{home}/data", free_port()
        quiet = {"cwd": home, "stdout": subprocess.DEVNULL, **who}
        subprocess.run(
            [folder / "initdb", "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True,
            **quiet,
        )
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home} -c max_connections=200"
        subprocess.run(
            [folder / "pg_ctl", "-D", data, "-l", f"{home}/log", "-w", "-o", options, "start"], check=True, **quiet
        )
        try:
            yield f"postgres://bench@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([folder / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, **quiet)
