"""The list of irreversible acts of all visits: what anybody can check from outside."""

from __future__ import annotations

import json
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

KEPT = 10_000


class Ledger:
    """Oldest first, the last 10,000; with a path each act is also appended to that file and read back at the start."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._acts: deque[dict[str, str]] = deque(maxlen=KEPT)
        if path is not None and path.exists():
            self._read(path)

    def write(self, act: str, what: str) -> None:
        """Add one act with the present time (UTC, milliseconds)."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entry = {"at": at, "act": act, "what": what}
        self._acts.append(entry)
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def entries(self) -> list[dict[str, str]]:
        return list(self._acts)

    def _read(self, path: Path) -> None:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue  # the line that was being written when the process was killed
                if isinstance(entry, dict) and {"at", "act", "what"} <= entry.keys():
                    self._acts.append({key: str(entry[key]) for key in ("at", "act", "what")})
