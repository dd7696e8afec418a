"""What a description means among what is seen, on scenes made by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from coasty_local.agent import blanks, pointing
from coasty_local.agent.ports import Image
from coasty_local.agent.scene import BUTTON, INPUT, LINK, Box, Control, Line, Scene


@dataclass
class Seen:
    """Eyes that see one scene."""

    scene: Scene

    def see(self, image: Image) -> Scene:
        return self.scene

    def read(self, image: Image, box: Box) -> str:
        return ""

    def masked(self, image: Image, box: Box) -> bool | None:
        return None

    def changed(self, before: Image, after: Image) -> list[Box]:
        return []

    def still(self, grab: Callable[[], Image], check: Callable[[], None], timeout_s: float = 3.0) -> Image:
        return grab()


def _line(text: str, x: int, y: int) -> Line:
    return Line(text, Box(x, y, 9 * len(text), 14))


def _control(kind: str, text: str, x: int, y: int, label: str = "") -> Control:
    return Control(kind, Box(x, y, 110, 30), text=text, label=label)


TABLE = Scene(
    1280, 800,
    (
        *(_line(words, x, 100) for words, x in (("Kiln", 80), ("Glaze", 300), ("Cone", 560))),
        *(_line(words, x, 150) for words, x in (("Bertha", 80), ("Celadon", 300), ("Six", 560))),
        *(_line(words, x, 200) for words, x in (("Maude", 80), ("Tenmoku", 300), ("Ten", 560))),
        _line("Refire", 830, 148), _line("Refire", 830, 198), _line("Shop floor", 80, 300),
    ),
    (
        _control(BUTTON, "Refire", 800, 140), _control(BUTTON, "Refire", 800, 190),
        _control(LINK, "Shop floor", 80, 292), _control(LINK, "Shop floor", 80, 740),
        _control(INPUT, "", 400, 400, "User name"), _control(INPUT, "", 400, 460, "Name"),
    ),
    12.0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("element", "x", "y"),
    [
        ("Refire button of Maude", 855, 205),
        ("first Refire button", 855, 155),
        ("the Glaze of Maude", 331, 207),
        ("Bertha's glaze", 331, 157),
        ("Cone column header", 578, 107),
        ("the link to the shop floor at the bottom", 135, 755),
        ("Shop floor at the top of the page", 135, 307),
        ("the user name field", 455, 415),
    ],
)
def test_a_description_leads_to_one_place(element: str, x: int, y: int) -> None:
    place = pointing.point(np.full((800, 1280, 3), 255, np.uint8), element, Seen(TABLE))
    assert (abs(place.x - x) < 40, abs(place.y - y) < 12) == (True, True), place


@pytest.mark.parametrize(("element", "near"), [("Shop floor link", 2), ("Refire button of Gertrude", 5), ("Wheel", 5)])
def test_what_is_not_told_apart_or_not_there_is_not_guessed(element: str, near: int) -> None:
    with pytest.raises(pointing.Unclear) as unclear:
        pointing.point(np.full((800, 1280, 3), 255, np.uint8), element, Seen(TABLE))
    assert len(unclear.value.places) == near


def test_the_name_between_two_framed_fields_is_no_field() -> None:
    def field(y: int, height: int, text: str = "", width: int = 604) -> Control:
        return Control(INPUT, Box(106, y, width, height), text=text)

    seen = Scene(1280, 800, (), (field(183, 41, "Rim"), field(239, 26, "Wall"), field(270, 42, "3 mm")), 12.0)
    named = blanks.with_titles(seen).controls
    assert [(c.text, c.label) for c in named] == [("Rim", ""), ("3 mm", "Wall")]
    apart = Scene(1280, 800, (), (field(180, 26, "Wall"), field(270, 42), field(320, 26, "Foot", 300)), 12.0)
    assert blanks.with_titles(apart) is apart
