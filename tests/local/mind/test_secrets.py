"""Secrets: masked in every text, blurred in every frame, whatever the agent tells."""

from __future__ import annotations

import numpy as np

from coasty_local.agent.ports import Action
from coasty_local.agent.scene import Box, Control, Line, Scene
from coasty_local.agent.secrets import MASK, Discreet, Vault
from tests.local.mind.driver import RecordingDesk


def vault(*secrets: str) -> Vault:
    made = Vault()
    made.learn(secrets)
    return made


def test_every_text_that_passes_the_desk_is_masked() -> None:
    inner = RecordingDesk(display=None)  # type: ignore[arg-type]
    inner.answers = ["ok"]
    desk = Discreet(inner, vault("lovelace"))
    desk.say("I type lovelace")
    desk.reason("because lovelace fits")
    desk.begin(Action("type_text", {"text": "lovelace", "more": ["x lovelace"]}, "Type lovelace"))
    desk.finish(False, "lovelace was refused")
    desk.ask("credential", "Is lovelace right?", np.zeros((4, 4, 3), np.uint8))
    assert "lovelace" not in inner.told()
    assert MASK in inner.told()


def test_a_secret_inside_another_word_is_left_alone() -> None:
    assert vault("love").mask("lovelace love") == f"lovelace {MASK}"


def test_an_empty_secret_masks_nothing() -> None:
    assert vault("", " ").mask("plain words") == "plain words"


def test_places_that_show_a_secret_are_found_for_blurring() -> None:
    shown, other = Box(10, 10, 80, 12), Box(10, 40, 80, 12)
    seen = Scene(200, 100, (Line("l0velace", shown), Line("hello", other)), (Control("input", shown, "lovelace"),))
    assert vault("lovelace").boxes(seen) == [shown, shown]


def test_short_secrets_are_masked_as_typed_values() -> None:
    assert vault("42").masked({"text": "42"}) == {"text": MASK}
