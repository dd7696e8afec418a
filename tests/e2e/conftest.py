"""The whole product, started once as a user starts it."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from tests.e2e.driver import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = Stack(tmp_path_factory.mktemp("stack")).start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def callers(stack: Stack) -> SimpleNamespace:
    return SimpleNamespace(**{name: stack.client(name) for name in ("operator", "reviewer")})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/e2e/" in str(item.path):
            item.add_marker(pytest.mark.xdist_group("e2e"))
            item.add_marker(pytest.mark.slow)
