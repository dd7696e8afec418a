"""The parts of the platform, put together and started and stopped in the right order."""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
from pathlib import Path
from typing import IO

from fastapi import Request

from coasty_local import settings as setup
from coasty_local import wire
from coasty_local.machines.fleet import Fleet
from coasty_local.runner.clock import Clock
from coasty_local.runner.lives import Lives
from coasty_local.runner.pool import Runner, Work
from coasty_local.runner.upkeep import Upkeep
from coasty_local.runner.webhooks import Deliverer
from coasty_local.server.hub import Hub
from coasty_local.server.replay import Replays
from coasty_local.server.slots import Slots
from coasty_local.settings import Settings, SettingsError
from coasty_local.stills.sessions import PredictSessions
from coasty_local.store import idempotency, keys, machines
from coasty_local.store.database import Database, OtherVersion
from coasty_local.store.frames import Frames


class Platform:
    """Everything that one data folder holds, alive."""

    def __init__(self, settings: Settings, work: Work) -> None:
        """Open the folder and its database. Raises SettingsError when that can't be."""
        self.settings = settings
        self._lock = _take(settings.home)
        self.db = open_store(settings)
        self.key_file = settings.home / "api_key"
        self.hub = Hub()
        self.clock = Clock()
        self.deliverer = Deliverer(self.db, settings.webhook_pauses)
        self.lives = Lives(self.db, self.hub.notify, self.deliverer.due)
        program = setup.find_chromium(settings.chromium)
        self.fleet = Fleet(program, settings.home / "profiles", self._machine_runs)
        self.frames = Frames(self.db, settings.home / "frames")
        self.runner = Runner(self.db, self.lives, self.clock, self.fleet, self.frames, work, settings.max_runs)
        self.upkeep = Upkeep(self.db, self.fleet, self.runner, self.clock)
        self.slots = Slots()
        self.sessions = PredictSessions(wire.now)
        self.replays = Replays(self.db, settings.idempotency_wait_seconds)
        first_key(self.db, settings)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self.hub.attach(loop)
        idempotency.drop_unfinished(self.db)
        machines.settle(self.db)
        self.clock.start()
        self.deliverer.start()
        self.upkeep.resume_ends()
        self.runner.start()

    def stop(self) -> None:
        """End what is under way, then every browser. Streams end after this with `Hub.close`."""
        self.clock.stop()
        self.slots.closing.set()
        self.sessions.close()
        self.runner.stop()
        self.fleet.close_all()
        self.deliverer.stop()

    def close(self) -> None:
        """Let the folder go."""
        self.db.close()
        self._lock.close()

    def _machine_runs(self, machine_id: str) -> bool:
        return bool(machines.get(self.db, machine_id)["status"] == machines.RUNNING)


def platform_of(request: Request) -> Platform:
    """The platform that a request came to."""
    platform: Platform = request.app.state.platform
    return platform


def open_store(settings: Settings) -> Database:
    """The database of the data folder. Raises SettingsError when the folder can't be used."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        os.chmod(settings.home, 0o700)
        db = Database(settings.home / "platform.sqlite3")
    except OSError as error:
        raise SettingsError(f"DATA_DIR={settings.data_dir} can't be used: {error.strerror or error}.") from error
    except OtherVersion as error:
        raise SettingsError(f"{settings.home} is of another version ({error}): move it away to begin anew.") from error
    keys.open_wallet(db, settings.wallet_cents)
    return db


def first_key(db: Database, settings: Settings) -> str:
    """The key that the key file names, issued: the one given by setting, the one of an earlier start, or a new one."""
    path = settings.home / "api_key"
    kept = path.read_text().strip() if path.exists() else ""
    key = settings.api_key or (kept if kept and keys.find(db, kept) else "") or keys.new("test")
    issued = keys.issue(db, key)
    machines.ensure_first(db, issued.mode)
    if key != kept:
        _write_secret(path, key + "\n")
    return key


def further_key(settings: Settings, kind: str, scopes: list[str]) -> str:
    """One more key; a running platform takes it at once. Raises SettingsError for a scope that does not exist."""
    if unknown := sorted(set(scopes) - set(keys.ALL_SCOPES)):
        raise SettingsError(f"There is no scope {unknown[0]}: choose from {', '.join(keys.ALL_SCOPES)}.")
    db = open_store(settings)
    key = keys.new(kind)
    issued = keys.issue(db, key, tuple(scopes))
    machines.ensure_first(db, issued.mode)
    db.close()
    return key


def _take(home: Path) -> IO[str]:
    """A lock on the folder: two platforms would end each other's runs."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = open(home / "lock", "w")  # noqa: SIM115 held until `close`
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise SettingsError(f"Another platform uses {home}: stop it, or choose another --data-dir.") from error
    except OSError as error:
        raise SettingsError(f"{home} can't be used: {error.strerror or error}. Choose another --data-dir.") from error
    return lock


def _write_secret(path: Path, text: str) -> None:
    """Replace the file in one go, readable by its owner only from its first byte on."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)
