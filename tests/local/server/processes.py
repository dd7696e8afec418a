"""Processes of this machine that belong to one platform, found by its data folder."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    pid: int
    command: str

    def kill(self) -> None:
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def browsers(data_dir: Path) -> list[Process]:
    """Every living Chromium process whose profile lies in that folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            state = (entry.parent / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if f"{data_dir}/local/profiles" in command and state != "Z":
            found.append(Process(int(entry.parent.name), command))
    return found
