"""What of a person's note may be shown."""

from __future__ import annotations

import pytest

from coasty_local.runner import notes


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("the password is lovelace", "the password is ••••••••"),
        ("The PASSWORD is: lovelace.", "The PASSWORD is: ••••••••."),
        ("password: lovelace, then go on", "password: ••••••••, then go on"),
        ("use password lovelace and go on", "use password •••••••• and go on"),
        ("the password for ada@example.com is hunter2", "the password for ada@example.com is ••••••••"),
        ('the password is "two words" [decision 1a2b3c4d]', 'the password is "••••••••" [decision 1a2b3c4d]'),
        ("the passphrase is correct horse battery staple", "the passphrase is ••••••••"),
        ("email: a@b.c, password: hopper", "email: a@b.c, password: ••••••••"),
        ("PIN: 12", "PIN: ••••••••"),
        ("api key = abc-123", "api key = ••••••••"),
        ("the code is 123456", "the code is ••••••••"),
        ("123 456", "123 456"),
        ("123456 [decision 1a2b3c4d]", "•••••••• [decision 1a2b3c4d]"),
        ("the code is on the second page", "the code is on the second page"),
        ("the password field is the second one", "the password field is the second one"),
        ("type the password, then sign in", "type the password, then sign in"),
        ("go on [decision 1a2b3c4d]", "go on [decision 1a2b3c4d]"),
        ("", ""),
        (None, None),
    ],
)
def test_a_secret_in_a_note_is_masked_and_the_rest_stays(note: str | None, shown: str | None) -> None:
    assert notes.shown(note) == shown


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ("yes [decision 1a2b3c4d]", "yes"),
        ("[decision 1a2b3c4d]", ""),
        (None, ""),
        ("a [decision x] b", "a [decision x] b"),
    ],
)
def test_the_agent_gets_the_note_without_the_decision_id(note: str | None, told: str) -> None:
    assert notes.for_agent(note) == told


def test_known_secrets_are_masked_in_what_the_agent_says() -> None:
    known = frozenset(notes.secrets_in("sign in with password lovelace, and check the page"))
    assert (
        notes.masked("typed lovelace into Password; lovelaces stay", known)
        == "typed •••••••• into Password; lovelaces stay"
    )
