"""The address bar of a machine: keys for it never reach the page, and only addresses are opened."""

from __future__ import annotations

import pytest

from coasty_local.agent.ports import DisplayError
from coasty_local.machines.address import AddressBar


def test_what_is_typed_after_control_l_is_an_address_until_enter() -> None:
    bar = AddressBar()
    assert not bar.typed("for the page")
    assert bar.pressed(["ctrl", "l"])
    assert bar.typed("wrong.example")
    assert bar.pressed(["Control", "a"])
    assert bar.typed("shop.examplee/")
    assert bar.pressed(["Backspace"])
    assert not bar.pressed(["enter"])
    assert bar.taken() == "http://shop.examplee"
    assert bar.taken() is None
    assert not bar.typed("for the page")


@pytest.mark.parametrize("text", ["", "  ", "two words"])
def test_what_is_no_address_is_refused_and_the_page_has_the_keyboard_again(text: str) -> None:
    bar = AddressBar()
    bar.pressed(["F6"])
    bar.typed(text)
    with pytest.raises(DisplayError):
        bar.taken()
    assert not bar.typed("for the page")


@pytest.mark.parametrize("leave", [lambda bar: bar.leave(), lambda bar: bar.pressed(["Escape"])])
def test_a_click_or_escape_leaves_it(leave) -> None:
    bar = AddressBar()
    bar.pressed(["cmd", "l"])
    leave(bar)
    assert bar.taken() is None
