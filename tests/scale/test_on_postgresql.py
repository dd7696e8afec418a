"""What the tests of the desk, of ingest and of the case file hold, held on PostgreSQL too: races are its own there."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.scale.conftest import ROOT, kept_environment, new_database

pytestmark = [pytest.mark.xdist_group("scale"), pytest.mark.slow]
FILES = (
    "tests/approvals/test_recall.py",  # fifty rounds of taking back against sending, each closer than the last
    "tests/approvals/test_decisions.py",
    "tests/runs/test_ingest.py",
    "tests/runs/test_casefile.py",
    "tests/runs/test_retention.py",
    "tests/runs/test_searching.py",  # the index of words and the plans are its own
    "tests/runs/test_finding.py",
)


def test_the_same_tests_hold_on_postgresql(engines, migrated):
    made = new_database(engines[0], migrated, prefix="test_")  # where Django looks for the one to be kept
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--reuse-db", *FILES]
    env = {**kept_environment(), "TEST_DATABASE_URL": made.replace("/test_", "/")}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
