"""The German catalogs: whole, their placeholders as in English, and nothing on a page that they lack."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import polib
import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
CATALOGS = ("django", "djangojs")

# %(name)s, %s, %%, the hands of a clock, {} and {name} (but no {{name}}, which is an example of a template's), elements
HELD = re.compile(r"%%|%\(\w+\)\d*[sd]|%[sdHMS]|(?<!\{)\{\w*\}(?!\})|</?[a-z]+[^>]*>")


def catalog(name: str, root: Path = ROOT) -> polib.POFile:
    return polib.pofile(str(root / "locale" / "de" / "LC_MESSAGES" / f"{name}.po"))


def place(entry: polib.POEntry) -> tuple[str | None, str, str]:
    return entry.msgctxt, entry.msgid, entry.msgid_plural


def pairs(entry: polib.POEntry) -> list[tuple[str, str]]:
    """Each German text with the English that it stands for."""
    if not entry.msgid_plural:
        return [(entry.msgid, entry.msgstr)]
    return [(entry.msgid_plural if n else entry.msgid, text) for n, text in entry.msgstr_plural.items()]


@pytest.mark.parametrize("name", CATALOGS)
def test_every_text_has_its_german(name):
    missing = [place(entry) for entry in catalog(name) if not entry.translated() or "fuzzy" in entry.flags]
    assert not missing, "translate these in locale/de"


@pytest.mark.parametrize("name", CATALOGS)
def test_german_holds_what_the_english_holds(name):
    wrong = [
        (english, german)
        for entry in catalog(name)
        for english, german in pairs(entry)
        if Counter(HELD.findall(english)) != Counter(HELD.findall(german))
        or (english[:1].isspace(), english[-1:].isspace()) != (german[:1].isspace(), german[-1:].isspace())
    ]
    assert not wrong


@pytest.mark.parametrize("name", CATALOGS)
def test_no_sentence_is_left_in_english(name):
    same = [english for entry in catalog(name) for english, german in pairs(entry) if english == german]
    assert not [text for text in same if len(re.findall(r"[A-Za-z]{2,}", text)) > 3]


@pytest.mark.parametrize("name", CATALOGS)
def test_the_catalog_knows_every_text_that_is_marked(name, tmp_path, monkeypatch, settings):
    """What `make messages` finds in a copy of the source."""
    for folder in ("coasty_console", "runs", "approvals", "live", "coasty_api", "templates", "static"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "migrations"))
    (tmp_path / "locale").mkdir()
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    monkeypatch.chdir(tmp_path)
    call_command("makemessages", locale=["de"], domain=name, no_location=True, verbosity=0)
    found = {place(entry) for entry in catalog(name, tmp_path)}
    assert len(found) > 40
    assert not found - {place(entry) for entry in catalog(name)}, "run `make messages` and translate what is new"
