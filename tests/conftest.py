"""What all tests share: the same three people and a few more, and waiting for a condition."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

Found = TypeVar("Found")
PASSWORD = "correct horse battery"


def wait_until(condition: Callable[[], Found], seconds: float = 10, every: float = 0.03) -> Found:
    """The first true answer of `condition`; fails the test after `seconds`, showing the last one."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"still {found!r} after {seconds} s: {condition}")
        time.sleep(every)


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def until() -> Callable[..., object]:
    return wait_until


@pytest.fixture
def free_port() -> Callable[[], int]:
    return find_free_port


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Hashing that is slow on purpose would be most of the time of a test."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def people(db: None) -> SimpleNamespace:
    """operator, reviewer, admin, viewer by role; stranger may sign in but has none."""
    from django.contrib.auth.models import User

    from coasty_console import roles

    roles.make()
    made = {name: User.objects.create_user(name, password=PASSWORD) for name in (*roles.ROLES, "stranger")}
    for role in roles.ROLES:
        roles.give(made[role], role)
    return SimpleNamespace(password=PASSWORD, **made)
