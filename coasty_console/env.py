"""Reads the environment. Every setting that people may set is named here once; docs/settings.md lists them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent

env = environ.Env()

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def data_dir() -> Path:
    """Where all state lives: `DATA_DIR`, made when missing."""
    path = Path(env.str("DATA_DIR", default=".data"))
    path = path if path.is_absolute() else ROOT / path
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise ImproperlyConfigured(
            f"DATA_DIR={path} can't be made ({problem.strerror}): set it to a folder of yours."
        ) from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(f"DATA_DIR={path} can't be written to: set it to a folder of yours.")
    return path


def secret_key(folder: Path) -> str:
    """`SECRET_KEY`, or one made at the first start and kept beside the data, readable by its owner only."""
    given = env.str("SECRET_KEY", default="")
    return given or kept_secret(folder / "secret_key", lambda: secrets.token_urlsafe(50))


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """The text in the file, made and written with mode 0600 when there is none."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(make())
    return path.read_text().strip()


def sub_path(name: str) -> str:
    """A path such as `/console`, however its slashes were given; empty for none."""
    inner = env.str(name, default="").strip("/ ")
    if inner and not all(part and part.replace("-", "").replace("_", "").isalnum() for part in inner.split("/")):
        raise ImproperlyConfigured(f"{name} must be a path such as /console, not {inner!r}.")
    return f"/{inner}" if inner else ""


def flag(name: str, default: bool = False) -> bool:
    """A yes/no setting; anything but 1/0, true/false, yes/no, on/off is an error that says so."""
    raw = env.str(name, default="").strip().lower()
    if not raw:
        return default
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {raw!r}.")


def integer(name: str, default: int, low: int, high: int) -> int:
    """A whole number within bounds, or an error that names them."""
    raw = env.str(name, default="").strip()
    if not raw:
        return default
    if not raw.isdigit() or not low <= int(raw) <= high:
        raise ImproperlyConfigured(f"{name} must be a whole number from {low} to {high}, not {raw!r}.")
    return int(raw)


def words(name: str) -> frozenset[str]:
    """The words of a list with commas; which ones make sense is for whoever reads it to say."""
    return frozenset(word.strip().lower() for word in env.str(name, default="").split(",") if word.strip())


def demo_password(folder: Path) -> str:
    """`DEMO_PASSWORD`, or one made at the first start."""
    given = env.str("DEMO_PASSWORD", default="")
    return given or kept_secret(folder / "demo_password", lambda: secrets.token_urlsafe(9))
