"""Redis goes and comes back: pages answer meanwhile, readiness names it, and all recovers with no restart."""

from __future__ import annotations

import pytest
import requests

from tests.conftest import wait_until

pytestmark = [pytest.mark.xdist_group("scale"), pytest.mark.slow]


def get(address):
    try:
        return requests.get(address, timeout=8)
    except requests.RequestException:
        return None


def test_redis_goes_and_comes_back(console, engines):
    base = console.web()
    console.start("relay")
    console.start("celery", "-A", "coasty_console", "worker", "--pool", "threads", "--concurrency", "2")
    console.start("celery", "-A", "coasty_console", "beat")
    wait_until(lambda: (answer := get(f"{base}/readyz")) and answer.ok, 60, every=0.5)
    engines[1].stop()
    told = wait_until(lambda: get(f"{base}/readyz") is not None and get(f"{base}/readyz").json()["checks"], 15)
    assert not told["pushes"]["ok"]
    assert "Redis" in told["pushes"]["detail"]
    assert told["database"]["ok"]
    assert told["relay"]["ok"]
    assert get(f"{base}/healthz").ok
    engines[1].start()
    wait_until(lambda: (answer := get(f"{base}/readyz")) is not None and answer.ok, 30, every=0.5)
    swept = console.ask("SELECT beat_at FROM runs_worker WHERE kind = 'jobs'")
    wait_until(lambda: console.ask("SELECT beat_at FROM runs_worker WHERE kind = 'jobs'") != swept, 30)
    assert all(process.poll() is None for process in console.started)
