"""The settings of the local platform: read once from the command line and the environment, then never changed."""

from __future__ import annotations

import argparse
import ipaddress
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ENGINES = ("v1", "v3", "v4", "v5")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
KEY = re.compile(r"(sk-coasty-live-|sk-coasty-test-|cua_sk_)[A-Za-z0-9_-]{1,120}")


class SettingsError(Exception):
    """A setting can't be used; the message is one line that says what to do."""


@dataclass(frozen=True)
class Settings:
    """All knobs with their defaults. Durations are in seconds, money in cents."""

    host: str = "127.0.0.1"
    port: int = 8787
    data_dir: Path = Path(".data")
    api_key: str = ""
    chromium: str = ""
    default_engine: str = "v3"
    max_runs: int = 4
    map_unknown_machines: bool = False
    wallet_cents: int = 10_000
    keepalive_seconds: float = 10.0
    idempotency_wait_seconds: float = 25.0
    webhook_pauses: tuple[float, ...] = (1.0, 5.0, 30.0, 120.0)

    @property
    def home(self) -> Path:
        """The folder that holds everything of the platform."""
        return self.data_dir / "local"


def parser() -> argparse.ArgumentParser:
    """The command line; an absent switch leaves its setting to the environment, then to the default."""
    parse = argparse.ArgumentParser(
        prog="python -m coasty_local", description="The local platform: /v1 on this machine."
    )
    parse.add_argument("--host", help="address to listen on (default 127.0.0.1; anything else opens it to the network)")
    parse.add_argument("--port", type=int, help="port to listen on (LOCAL_PORT, default 8787; 0 picks a free one)")
    parse.add_argument("--data-dir", type=Path, help="folder of all state (DATA_DIR, default .data)")
    parse.add_argument(
        "--map-unknown-machines",
        action="store_true",
        default=None,
        help="test keys: an unknown machine id means the first machine (LOCAL_MAP_UNKNOWN_MACHINES=1)",
    )
    parse.add_argument("--max-runs", type=int, help="runs at work at the same time (LOCAL_MAX_RUNS, default 4)")
    parse.add_argument("--default-engine", choices=ENGINES, help="cua_version when a run names none (default v3)")
    parse.add_argument("--wallet-cents", type=int, help="first balance of the simulated wallet of live keys")
    parse.add_argument("--issue-key", choices=("test", "live"), help="issue one more key, print it and leave")
    parse.add_argument("--grant", action="append", default=[], metavar="SCOPE", help="a further scope for --issue-key")
    return parse  # fmt: skip


def load(args: argparse.Namespace, env: Mapping[str, str]) -> Settings:
    """Settings from parsed switches and an environment. Raises SettingsError for values that can't work."""
    host = args.host or env.get("LOCAL_HOST") or Settings.host
    if not args.host and not is_loopback(host):
        raise SettingsError(
            f"LOCAL_HOST={host} would open the platform to the network: say --host {host} if you mean it."
        )
    mapped = args.map_unknown_machines or env.get("LOCAL_MAP_UNKNOWN_MACHINES", "").lower() in (
        "1",
        "true",
        "yes",
        "on",
    )
    return Settings(
        host=host,
        port=_number(args.port, env, "LOCAL_PORT", Settings.port, 0, 65535),
        data_dir=Path(args.data_dir or env.get("DATA_DIR") or Settings.data_dir),
        api_key=_key(env.get("COASTY_API_KEY", "").strip()),
        chromium=env.get("CHROMIUM", ""),
        default_engine=_engine(args.default_engine or env.get("LOCAL_DEFAULT_ENGINE") or Settings.default_engine),
        max_runs=_number(args.max_runs, env, "LOCAL_MAX_RUNS", Settings.max_runs, 1, 64),
        map_unknown_machines=bool(mapped),
        keepalive_seconds=_seconds(env, "LOCAL_KEEPALIVE_SECONDS", Settings.keepalive_seconds),
        wallet_cents=_number(args.wallet_cents, env, "LOCAL_WALLET_CENTS", Settings.wallet_cents, 0, 10**9),
    )


def from_command_line(argv: Sequence[str] | None = None) -> tuple[Settings, argparse.Namespace]:
    """Settings of this process with the parsed switches beside them."""
    args = parser().parse_args(argv)
    return load(args, os.environ), args


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine can reach that address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def find_chromium(wanted: str) -> str:
    """The path of the browser program. Raises SettingsError with what to install when there is none."""
    for name in [wanted] if wanted else BROWSERS:
        if path := shutil.which(name):
            return path
    if wanted:
        raise SettingsError(f"CHROMIUM={wanted} is not a program: set it to the path of Chromium, or leave it unset.")
    raise SettingsError(
        "No Chromium found: install it (Debian, Ubuntu: apt install chromium) or set CHROMIUM to its path."
    )


def _number(given: int | None, env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = str(given) if given is not None else env.get(name, "").strip() or str(default)
    if not re.fullmatch(r"\d{1,10}", text) or not low <= int(text) <= high:
        raise SettingsError(f"{name}={text} can't be used: give a whole number from {low} to {high}.")
    return int(text)


def _seconds(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name, "").strip() or str(default)
    if not re.fullmatch(r"\d{1,2}(\.\d{1,3})?", text) or not 0.05 <= float(text) <= 15:
        raise SettingsError(f"{name}={text} can't be used: give seconds from 0.05 to 15.")
    return float(text)


def _key(key: str) -> str:
    if key and not KEY.fullmatch(key):
        raise SettingsError("COASTY_API_KEY can't be used: it must start with sk-coasty-test- or sk-coasty-live-, "
                            "then letters, digits, - or _.")  # fmt: skip
    return key


def _engine(name: str) -> str:
    if name not in ENGINES:
        raise SettingsError(f"LOCAL_DEFAULT_ENGINE={name} is not an engine: choose one of {', '.join(ENGINES)}.")
    return name
