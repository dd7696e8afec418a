"""The console's empty SQLite database, migrated once for a whole test run and copied where a test starts a console."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "console.sqlite3"


def copy_into(folder: Path) -> None:
    """Put the migrated database into a data folder; every worker of the run shares the first one's."""
    made = Path(os.environ["DATA_DIR"]) / "migrated"
    made.mkdir(exist_ok=True)
    with (made / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made / "done").exists():
            kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "-v0"],
                cwd=ROOT,
                env=kept | {"DATA_DIR": str(made)},
                check=True,
            )
            (made / "done").touch()
    shutil.copy(made / NAME, folder / NAME)
