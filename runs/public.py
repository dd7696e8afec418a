"""The console's own addresses as people and upstream reach them: PUBLIC_URL, and the path that a proxy shows it at."""

from __future__ import annotations

from django.conf import settings


def address(path: str) -> str:
    """The whole address of a path of ours. `path` may come from `reverse` in any thread, with or without the root."""
    root = settings.FORCE_SCRIPT_NAME or ""
    base = settings.PUBLIC_URL or f"http://{_host()}:{settings.CONSOLE_PORT}"
    inner = path.removeprefix(root) if path == root or path.startswith(f"{root}/") else path
    return base + inner if root and base.endswith(root) else base + root + inner


def _host() -> str:
    """What is listened on as a name to go to: all addresses are met at this machine's own."""
    every = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
    host = every.get(settings.CONSOLE_HOST, settings.CONSOLE_HOST)
    return f"[{host}]" if ":" in host else host
