"""The console's own addresses as people and upstream reach them: PUBLIC_URL, and the path that a proxy shows it at."""

from __future__ import annotations

from django.conf import settings


def address(path: str) -> str:
    """The whole address of a path of ours. `path` may come from `reverse` in any thread, with or without the root."""
    root = settings.FORCE_SCRIPT_NAME or ""
    base = settings.PUBLIC_URL or f"http://{settings.CONSOLE_HOST}:{settings.CONSOLE_PORT}"
    inner = path.removeprefix(root) if path == root or path.startswith(f"{root}/") else path
    return base + inner if root and base.endswith(root) else base + root + inner
