"""A running portal and people who visit it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local.practice.portal import Person, Portal


@pytest.fixture(scope="session")
def portal() -> Iterator[Portal]:
    with Portal(None) as running:
        yield running


@pytest.fixture
def visitor(portal: Portal) -> Person:
    return Person(portal.base)


@pytest.fixture
def ada(portal: Portal) -> Person:
    person = Person(portal.base)
    person.sign_in()
    return person
