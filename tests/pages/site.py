"""The console as a process before a scripted upstream, and people who look at it through a browser."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

from tests import migrated
from tests.conftest import find_free_port, wait_until
from tests.upstreams import Upstream

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "let me look at the pages"
PEOPLE = {"operator": "operator", "reviewer": "reviewer", "second": "reviewer", "admin": "admin", "viewer": "viewer"}
STRANGER = "stranger"
MAKE_PEOPLE = """
import json
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from coasty_console import roles
roles.make()
password, sessions = make_password({password!r}), {{}}
with transaction.atomic():
    for name, role in {people!r}.items():
        user = User.objects.create(username=name, password=password)
        if role:
            roles.give(user, role)
        for _ in range({sessions}):
            session = SessionStore()
            session.update({{
                SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[-1],
                HASH_SESSION_KEY: user.get_session_auth_hash(),
            }})
            session.create()
            sessions.setdefault(name, []).append(session.session_key)
print(json.dumps(sessions))
"""
_SESSIONS = 30  # of each person: so often they sign in without the form, which costs a second


@dataclass
class Site:
    """`start`, `stop`, `kill`, `manage`; `upstream` is the scripted far side."""

    folder: Path
    upstream: Upstream
    port: int = field(default_factory=find_free_port)
    process: subprocess.Popen | None = None
    hold_seconds: str = "0"  # most tests are not about the hold
    sessions: dict[str, list[str]] = field(default_factory=dict)  # open ones, to be taken

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("COASTY", "DATABASE"))}
        return clean | {
            "DATA_DIR": str(self.folder),
            "CONSOLE_PORT": str(self.port),
            "COASTY_BASE_URL": self.upstream.base_url,
            "COASTY_API_KEY": self.upstream.key,
            "LOG_LEVEL": "WARNING",
            "DECISION_HOLD_SECONDS": self.hold_seconds,
        }

    def manage(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=self.environment(), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def prepare(self) -> Site:
        migrated.copy_into(self.folder)
        people = {**PEOPLE, STRANGER: ""}
        said = self.manage(
            "shell", "-v0", "-c", MAKE_PEOPLE.format(people=people, password=PASSWORD, sessions=_SESSIONS)
        )
        self.sessions = json.loads(said.strip().splitlines()[-1])
        return self

    def start(self) -> Site:
        log = (self.folder / "serve.log").open("a")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        line = self.process.stdout.readline()
        assert line.startswith("Serving"), (self.folder / "serve.log").read_text()[-2000:]
        return self

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)


@dataclass
class Person:
    """One signed-in browser; `noise` is whatever its console called an error, and what it asked of other origins."""

    site: Site
    context: BrowserContext
    page: Page
    noise: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        self.page.mouse.move(0, 0)  # a list under the pointer does not move
        self.page.goto(self.site.url + path)
        return self.page

    def is_live(self) -> bool:
        """Whether every socket of the page is open and has had its first word."""
        return self.page.evaluate(
            "[...document.querySelectorAll('[data-socket]')]"
            ".every(e => e['htmx-internal-data']?.webSocket?.socket?.readyState === 1)"
        )

    def live(self, path: str) -> Page:
        self.go(path)
        wait_until(self.is_live)
        return self.page


def sign_in(site: Site, browser: Browser, name: str, **options: object) -> Person:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
    page = context.new_page()
    person = Person(site, context, page)
    listen(page, person.noise)
    page.on("request", lambda asked: person.noise.append(asked.url) if _is_foreign(asked.url, site.url) else None)
    if site.sessions.get(name):
        context.add_cookies([{"name": "sessionid", "value": site.sessions[name].pop(), "url": site.url}])
        return person
    page.goto(site.url + "/sign-in/")
    page.fill("#id_username", name)
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    return person


def _is_foreign(address: str, home: str) -> bool:
    return not address.startswith((home, "data:", "blob:", "about:"))


def listen(page: Page, noise: list[str]) -> None:
    page.on("console", lambda said: noise.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: noise.append(str(error)))
