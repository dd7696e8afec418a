"""A password in a note is hidden, the rest of the note stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.secrets import MASK, holds_secret, mask


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("the password is lovelace", f"the password is {MASK}"),
        ("The password is lovelace.", f"The password is {MASK}."),
        ("password: lovelace", f"password: {MASK}"),
        ("Password = love lace", f"Password = {MASK}"),
        ("PASSWORD IS LOVELACE", f"PASSWORD IS {MASK}"),
        ('password is "love lace" and sign in', f"password is {MASK} and sign in"),
        ("the password is lovelace, then click Sign in", f"the password is {MASK}, then click Sign in"),
        ("email: ada@example.com, password: lovelace", f"email: ada@example.com, password: {MASK}"),
        ("the password is lovelace [decision 0a1b2c3d]", f"the password is {MASK} [decision 0a1b2c3d]"),
        ("the password for ada@example.com is lovelace", f"the password for ada@example.com is {MASK}"),
        ("sign in with password lovelace", f"sign in with password {MASK}"),
        ("lovelace is the password", f"{MASK} is the password"),
        ("api key: sk-123", f"api key: {MASK}"),
        ("PIN: 1234", f"PIN: {MASK}"),
        ("password is a,b.c!d", f"password is {MASK}"),
        ("the code is 123456", f"the code is {MASK}"),
        ("Code: 123 456, then go on", f"Code: {MASK}, then go on"),
        ("4711 is your code", f"{MASK} is your code"),
        ("use the one-time code A1B2C3", f"use the one-time code {MASK}"),
        ("482913", MASK),
        ("pay with 4111 1111 1111 1111 please", f"pay with {MASK} please"),
        ("the key is sk-proj-abcdefghijklmnopqrstuv", f"the key is {MASK}"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", MASK),
        ("AKIAIOSFODNN7EXAMPLE", MASK),
        ("send Bearer abcdefghijklmnop12345", f"send Bearer {MASK}"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc", MASK),
        ("Zx9kQ2mLp8RtYw3Nv7Bc5Hd1", MASK),
    ],
)
def test_what_gives_a_secret_away_is_masked(note, shown):
    assert mask(note) == shown
    assert holds_secret(note)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "Use the blue card.",
        "order INV-1042 for $1,240.00 on 2026-11-26",
        "the zip code is 12345, the error code 404",
        "call +49 170 1234567",
        "order 4111 1111 1111 1112",
        "550e8400-e29b-41d4-a716-446655440000",
        "see run_01HZX3abcdefGHJKMNPQRSTV",
        "https://example.com/a/VeryLongPathWith1234567Numbers",
        "click the password field",
        "Reset it and use the password manager",
        "the button is called Proceed",
        "yes [decision 0a1b2c3d]",
    ],
)
def test_an_ordinary_note_stays(note):
    assert mask(note) == note
    assert not holds_secret(note)


@given(st.text(max_size=200))
def test_masking_twice_changes_nothing(text):
    assert mask(mask(text)) == mask(text)


@given(st.text(alphabet="abcdefghXYZ0189$%&#@!?-_", min_size=6, max_size=20).filter(lambda word: word[-1].isalnum()))
def test_no_password_of_one_word_is_left(word):
    if word.lower() not in "the password is  [decision 0a1b2c3d]":
        assert word not in mask(f"the password is {word} [decision 0a1b2c3d]")
