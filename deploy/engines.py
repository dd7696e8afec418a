"""PostgreSQL and Redis of a user's own: their folders, passwords and commands, as an unprivileged user under root."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

INSTALL = "install it (Debian: sudo apt install postgresql redis-server), then try again."


class EngineMissing(Exception):
    """One line that says what to install or to change."""


class Engine:
    """A server on loopback with its data in `folder`, guarded by a password that only its owner can read."""

    account = ""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder, self.port = folder, port or free_port()
        self.popen: dict[str, Any] = {"cwd": folder, **self._owner()}
        folder.mkdir(parents=True, exist_ok=True)
        self.password = self._kept_password()
        self._give(folder)

    def _owner(self) -> dict[str, Any]:
        """Popen's words for the user that the server runs as; nothing where we aren't root."""
        if os.geteuid() != 0:
            return {}
        found = _account(self.account)
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}

    def _give(self, path: Path) -> None:
        if "user" in self.popen:
            os.chown(path, self.popen["user"], self.popen["group"])

    def _kept_password(self) -> str:
        path = self.folder.with_suffix(".password")
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(24))
        return path.read_text().strip()


class Postgres(Engine):
    account = "postgres"

    def prepare(self) -> None:
        """Make the database cluster at the first start. EngineMissing when that can't be."""
        initdb = _program("initdb", "PostgreSQL")
        if (self.folder / "PG_VERSION").exists():
            return
        self.folder.chmod(0o700)
        told = self.folder.with_suffix(".initial")  # for initdb alone, and only for as long as it runs
        told.touch(mode=0o600)
        self._give(told)
        told.write_text(self.password)
        try:
            done = subprocess.run(
                [initdb, "-D", str(self.folder), "-U", "coasty", "-A", "scram-sha-256", f"--pwfile={told}",
                 "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
                capture_output=True, text=True, check=False, **self.popen,
            )  # fmt: skip
        finally:
            told.unlink()
        if done.returncode:
            why = (done.stderr.strip().splitlines() or ["it said nothing"])[0]
            raise EngineMissing(
                f"PostgreSQL can't keep its data in {self.folder}: {why} Set DATA_DIR to another folder."
            )

    def command(self) -> list[str]:
        settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300"]
        options = [word for setting in settings for word in ("-c", setting)]
        return [_program("postgres", "PostgreSQL"), "-D", str(self.folder), "-p", str(self.port), *options]

    @property
    def url(self) -> str:
        return f"postgres://coasty:{self.password}@127.0.0.1:{self.port}/postgres"

    def answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


class Redis(Engine):
    account = "redis"

    def prepare(self) -> None:
        _program("redis-server", "Redis")
        path = self.folder / "redis.conf"
        path.touch(mode=0o600)
        path.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\n"
            f'save ""\nappendonly no\ndir "{self.folder}"\n'
        )
        self._give(path)

    def command(self) -> list[str]:
        return [_program("redis-server", "Redis"), str(self.folder / "redis.conf")]

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def answers(self) -> bool:
        import redis

        client = redis.Redis.from_url(self.url, socket_connect_timeout=2, socket_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _account(name: str) -> pwd.struct_passwd:
    for candidate in (name, "nobody"):
        try:
            return pwd.getpwnam(candidate)
        except KeyError:
            continue
    raise EngineMissing(f"There is no user {name!r} to run it as: {INSTALL}")


def _program(name: str, engine: str) -> str:
    """Debian keeps PostgreSQL's programs off the PATH, by version."""
    versions = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=lambda path: int(path.parent.name))
    path = os.pathsep.join([*(str(version) for version in reversed(versions)), os.environ.get("PATH", "")])
    found = shutil.which(name, path=path)
    if not found:
        raise EngineMissing(f"{engine} is missing ({name}): {INSTALL}")
    return found
