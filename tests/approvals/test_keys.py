"""The dialog of keys lists what works, and nothing else: what it says is compared with the pages and the scripts."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIALOG = (ROOT / "templates/parts/keys.html").read_text()
TEMPLATES = [path.read_text() for path in (ROOT / "templates").rglob("*.html") if path.name != "keys.html"]
ROW = re.compile(r'<div(?: data-where="([^"]*)")?><dt>(.*?)</dt>')
KEY = re.compile(r"<kbd>([^<]+)</kbd>")
BESIDE = {"Ctrl", "Enter", "9"}  # of a combination or a span


def listed() -> dict[str, str]:
    """Each key of the dialog, with where it says that it works."""
    return {key: where for where, keys in ROW.findall(DIALOG) for key in KEY.findall(keys)}


def on_pages() -> set[str]:
    """The letters that pages give to their buttons and fields."""
    return {key for text in TEMPLATES for key in re.findall(r'data-key="(.)"', text)}


def in_scripts() -> set[str]:
    """The keys that scripts have of their own."""
    scripts = "".join((ROOT / "static" / name).read_text() for name in ("keys.js", "runs.js", "runpage.js"))
    found = set(re.findall(r'(?:\bkey|toLowerCase\(\)) [!=]== "(.)"', scripts))
    return found | ({"1"} if "[1-9]" in scripts else set())


def test_the_dialog_lists_exactly_the_keys_that_pages_and_scripts_have():
    assert in_scripts() >= {"g", "j", "k", "]", "/", "?", "n", "p", "x", "b", "1"}
    assert set(listed()) - BESIDE == on_pages() | in_scripts()


def test_each_letter_of_a_button_is_told_to_work_where_that_button_is():
    told = listed()
    assert {key for key in on_pages() if f"[data-key={key}]" not in told[key]} <= {"f", "c"}  # in the row of r


def test_what_a_row_names_exists_on_a_page():
    whole = "".join(TEMPLATES)
    for where in filter(None, listed().values()):
        for part in re.findall(r"\[([\w-]+)(?:=(\w))?\]", where):
            assert (f'{part[0]}="{part[1]}"' if part[1] else part[0]) in whole, where
        for part in re.findall(r"[.#]([\w-]+)", where):
            assert part in whole, where


def test_no_two_places_share_a_letter():
    """Those of the menu are there twice: beside the page, and under More on a phone."""
    places = {
        link
        for text in TEMPLATES
        for link in re.findall(r'href="(\{\{ \w+ \}\}|\{% url [^%]+ %\})" data-go="(.)"', text)
    }
    letters = [letter for _, letter in places]
    assert len(letters) == len(set(letters)) >= 12
