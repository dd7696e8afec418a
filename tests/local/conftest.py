"""Fixtures of the local platform: the real program, started once for all tests of a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local import running


@pytest.fixture(scope="session")
def local_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Platform]:
    """The platform as users start it: real agent, real Chromium, the practice site."""
    platform = running.start(tmp_path_factory.mktemp("local-platform"))
    yield platform
    platform.stop()
