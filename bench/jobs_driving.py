"""The job of solving a captcha on the machine itself: by keyboard alone, with a mouse, on a phone."""

from __future__ import annotations

import base64
from collections.abc import Callable

import cv2
import numpy as np
from playwright.sync_api import Locator

from bench.hands import Hands
from bench.jobs_deciding import open_it
from bench.jobs_desk import ADA, WAYS, Desk, Done
from coasty_local.agent.perception import Eyes
from coasty_local.agent.scene import INPUT, Box
from coasty_local.practice import puzzle
from tests.conftest import wait_until

CAPTCHA = f"Go to {{practice}}, {ADA}, open the reports page, and verify that it says Quarterly report."
MOST_TABS = 30


def captcha(desk: Desk) -> list[Done]:
    """Take the machine over, solve it there, hand it back with the note that was drafted."""
    found = []
    for machine, way in enumerate(WAYS):  # one asks again only on a machine that has not solved it
        asked = desk.parked(CAPTCHA, first=machine)[0]
        assert asked["kind"] == "captcha", asked["reason"]
        hands = desk.way("reviewer", way).begin()
        page = hands.page
        open_it(hands, way, asked)
        if way == "keyboard":
            hands.press("t", "Enter")
        else:
            hands.click(page.get_by_role("button", name="Take over the machine"))
        screen = page.locator("#machine-image")
        hands.see(screen)
        solve(desk, hands, way, screen, asked["machine_id"])
        if way == "keyboard":
            hands.press("Shift+Escape", "Enter")
        else:
            hands.click(page.locator("#back-open"))
        note = page.locator("#back #note")
        page.wait_for_function("() => document.querySelector('#back #note').value")
        assert "lovelace" not in note.input_value()
        if way == "keyboard":
            hands.focused(note)
            hands.press("Control+Enter")
        else:
            hands.click(page.get_by_role("button", name="Hand back and resume"))
        desk.becomes(asked["run_id"], "succeeded")
        desk.delivered(asked["id"], "resume", "reviewer")
        desk.audited("takeover.ended", "reviewer", asked["run_id"])
        found.append(Done("Solve a captcha on the machine", way, hands.effort))
    return found


def solve(desk: Desk, hands: Hands, way: str, screen: Locator, machine: str) -> None:
    """A person reads the letters off the picture; here they are known, only where the field is has to be seen."""
    image = seen(desk, machine)
    field = [control for control in Eyes().see(image).controls if control.kind == INPUT][-1].box
    page, letters = hands.page, puzzle.letters(0)
    if way == "keyboard":
        hands.press("m")
        tab_there(desk, hands, machine, image, field)
        page.keyboard.type(letters)
        hands.effort.fields += 1
        return acted(hands, "Enter", lambda: hands.press("Enter"))
    shown = screen.bounding_box()
    assert shown
    scale = shown["width"] / image.shape[1]
    x, y = field.center
    place = shown["x"] + x * scale, shown["y"] + y * scale
    hands.effort.clicks += 1
    if way == "phone":
        page.touchscreen.tap(*place)
        hands.fill(page.locator("#type-text"), letters)
        hands.click(page.get_by_role("button", name="Type it"))
        acted(hands, "Enter", lambda: hands.click(page.get_by_role("button", name="Enter", exact=True)))
    else:
        page.mouse.click(*place)
        page.keyboard.type(letters)
        hands.effort.fields += 1
        acted(hands, "Enter", lambda: hands.press("Enter"))
    return None


def tab_there(desk: Desk, hands: Hands, machine: str, before: np.ndarray, field: Box) -> None:
    """Tab on the machine until the picture shows the field with a ring around it, as somebody who looks would."""
    x, y, width, height = (int(value) for value in (field.x, field.y, field.w, field.h))
    around = np.s_[max(0, y - 4) : y + height + 4, max(0, x - 4) : x + width + 4]
    for _ in range(MOST_TABS):
        acted(hands, "Tab", lambda: hands.press("Tab"))
        (now,) = wait_until(lambda: settled(desk, machine), 5)
        if cv2.absdiff(now[around], before[around]).max(axis=2).mean() > 1:
            return
    raise AssertionError(f"the field was not reached by {MOST_TABS} times Tab")


def settled(desk: Desk, machine: str) -> list[np.ndarray]:
    """The machine's picture once two in a row are the same; else nothing."""
    first, second = seen(desk, machine), seen(desk, machine)
    return [second] if np.array_equal(first, second) else []


def seen(desk: Desk, machine: str) -> np.ndarray:
    shot = desk.stack.platform("GET", f"/machines/{machine}/screenshot").json()
    image = cv2.imdecode(np.frombuffer(base64.b64decode(shot["image_b64"]), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image


def acted(hands: Hands, key: str, act: Callable[[], None]) -> None:
    """Waits until the machine has had its key, as somebody who looks at the picture would."""
    with hands.page.expect_response(
        lambda answer: "takeover/act" in answer.url and key in (answer.request.post_data or "")
    ):
        act()
