"""All tests as `make test` runs them: the quick ones in a process beside the two workers that have the slow ones.

The quick ones mostly wait for nothing, the slow ones mostly wait for browsers and processes; with all of them on three
workers alike, the slow ones would miss their deadlines on two cores.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile

QUICK = "not slow and not browser"
_PYTEST = [sys.executable, "-m", "pytest", "-q"]


def main() -> int:
    """Zero where all have passed. What the quick ones tell comes at the end."""
    with tempfile.TemporaryFile("w+") as told:
        quick = subprocess.Popen(
            [*_PYTEST, "-p", "no:cacheprovider", "-m", QUICK, "tests"], stdout=told, stderr=subprocess.STDOUT,
            preexec_fn=lambda: os.nice(3),
        )  # fmt: skip
        try:
            slow = subprocess.run([*_PYTEST, "-n", "2", "--dist", "loadgroup", "-m", f"not ({QUICK})", "tests"])
            code = quick.wait()
        finally:
            if quick.poll() is None:
                quick.send_signal(signal.SIGINT)
                quick.wait()
            told.seek(0)
            sys.stdout.write(told.read())
    return slow.returncode or code


if __name__ == "__main__":
    sys.exit(main())
