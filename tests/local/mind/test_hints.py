"""What a colour in a description rules out, and what it does not."""

from __future__ import annotations

import numpy as np
import pytest

from coasty_local.agent.hints import Hints, denied
from coasty_local.agent.scene import Box


@pytest.mark.parametrize(("colour", "is_denied"), [("green", False), ("yellow", False), ("red", True), ("blue", True)])
def test_a_place_whose_colour_people_call_by_two_names_is_denied_by_neither(colour: str, is_denied: bool) -> None:
    olive = np.full((40, 100, 3), (0, 153, 133), np.uint8)  # blue, green, red
    assert denied(olive, Hints(colour=colour), Box(0, 0, 100, 40)) is is_denied
