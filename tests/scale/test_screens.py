"""A machine's live screen is asked for once, however many web processes show it; without Redis each asks for itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
import requests

from tests.conftest import wait_until

pytestmark = [pytest.mark.xdist_group("scale"), pytest.mark.slow]

# A viewer's session and a run that goes on, as rows: no relay, no page of sign-in.
PREPARED = """
from django.contrib.auth.models import User
from django.test import Client
from coasty_console import roles
from runs import upstream
from runs.models import Run
person, client = User.objects.create_user("someone"), Client()
roles.give(person, "viewer")
client.force_login(person)
Run.objects.create(connection=upstream.connection(), upstream_id="watched", status="running", machine_id="{machine}")
print(client.cookies["sessionid"].value)
"""


def watch(bases, session):
    """What eight who look at once are shown, by one web process or the other."""
    with ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(requests.get, f"{bases[n % 2]}/runs/watched/now/", cookies={"sessionid": session}, timeout=15)
            for n in range(8)
        ]
        return {(one.result().status_code, one.result().content) for one in asked}


def is_up(base):
    try:
        return requests.get(f"{base}/healthz", timeout=8).ok
    except requests.RequestException:
        return False


def test_web_processes_ask_for_a_screen_once_together_and_each_for_itself_without_redis(console, engines, upstream):
    bases = [console.web(), console.web()]
    machine = upstream.machines[0]["id"]
    session = console.manage("shell", "-v0", "-c", PREPARED.format(machine=machine)).split()[-1]
    wait_until(lambda: all(is_up(base) for base in bases), 60)
    ((status, image),) = watch(bases, session)
    assert (status, image[:4]) == (200, b"\x89PNG")
    assert upstream.count("GET", "/screenshot") == 1
    shared = redis.Redis.from_url(engines[1].url)
    kept = [shared.get(name) or b"" for name in shared.scan_iter("coasty-shelf*")]
    assert kept
    assert not any(b"PNG" in value for value in kept), "sealed"
    engines[1].stop()
    try:
        assert {status for status, _image in watch(bases, session)} == {200}
        assert upstream.count("GET", "/screenshot") >= 2, "each goes on by itself"
    finally:
        engines[1].start()
