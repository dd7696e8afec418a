"""Loaded before anything else: tests never meet the settings or the data of the person who runs them."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

SETTINGS = (
    "COASTY_BASE_URL", "COASTY_API_KEY", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS", "DEMO_PASSWORD",
    "CONSOLE_PORT", "CONSOLE_HOST", "LOCAL_PORT", "BEHIND_TLS", "DEBUG", "DECISION_HOLD_SECONDS",
)  # fmt: skip

if "PYTEST_XDIST_WORKER" not in os.environ:
    for name in SETTINGS:
        os.environ.pop(name, None)
    if engine := os.environ.get("TEST_DATABASE_URL"):  # the same tests on another engine
        os.environ["DATABASE_URL"] = engine
    folder = tempfile.mkdtemp(prefix="coasty-tests-")
    os.environ["DATA_DIR"] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
