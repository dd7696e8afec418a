"""The console as a real process before a scripted upstream: pages, relay and jobs, as `manage.py serve` starts them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import requests

from tests import migrated
from tests.conftest import find_free_port, wait_until
from tests.upstreams import KEY

ROOT = Path(__file__).resolve().parent.parent.parent
PEOPLE = """
import json
from django.contrib.auth.models import User
from django.core.management import call_command
from coasty_console import roles
from runs import registry, tokens, upstream
call_command("prepare")
made = {}
for name, role in %r.items():
    user = User.objects.create_user(name)
    roles.give(user, role)
    made[name] = tokens.issue(user)
roles.give(admin := User.objects.create_user("root"), "admin")
made["root"] = tokens.issue(admin)
made["webhook"] = registry.new_webhook_secret(admin, upstream.connection())
print(json.dumps(made))
"""


class Console:
    """Started with `with`; `tokens` by person; stopped with SIGTERM, or killed."""

    request_seconds = 3  # in which a request has to arrive

    def __init__(self, folder, far, people):
        self.port = find_free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "DATA_DIR": str(folder),
            "COASTY_BASE_URL": far.base_url,
            "COASTY_API_KEY": KEY,
            "CONSOLE_PORT": str(self.port),
            "REQUEST_SECONDS": str(self.request_seconds),
        }
        migrated.copy_into(folder)
        self.tokens = json.loads(self.manage("shell", "-c", PEOPLE % people).strip().splitlines()[-1])
        self.webhook_secret = self.tokens.pop("webhook")
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop(signal.SIGTERM)

    def start(self, *options):
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", *options], cwd=ROOT, env=self.environment
        )
        wait_until(self.is_up, 30)

    def stop(self, how):
        self.process.send_signal(how)
        return self.process.wait(15)

    def is_up(self):
        try:
            return requests.get(f"{self.base}/healthz", timeout=1).ok
        except requests.RequestException:
            return False

    def manage(self, *command):
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def call(self, name, method, path, **options):
        headers = options.pop("headers", {}) | ({"Authorization": f"Bearer {self.tokens[name]}"} if name else {})
        return requests.request(method, f"{self.base}{path}", headers=headers, timeout=30, **options)

    def approval_of(self, run_id, seconds=15):
        """The run's open approval, once there is one."""

        def found():
            rows = self.call("reviewer", "GET", f"/api/approvals?state=open&run_id={run_id}").json()["data"]
            return rows[0] if rows else None

        return wait_until(found, seconds)

    def decision_of(self, approval_id, settled, seconds=40):
        """The approval's decision once its delivery is `settled`."""

        def found():
            decision = self.call("reviewer", "GET", f"/api/approvals/{approval_id}").json()["decision"]
            return decision if decision and decision["delivery"] in settled else None

        return wait_until(found, seconds, every=0.1)
