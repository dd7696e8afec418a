"""Two people on one approval: each sees at once what the other does there."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.pages.test_deciding import open_approval
from tests.pages.test_looks import violations

TOUCH = """async ([points, hold]) => {
  const screen = document.getElementById('machine-screen');
  const box = document.getElementById('machine-image').getBoundingClientRect();
  screen.setPointerCapture = () => {};
  const fire = (kind, [x, y]) => screen.dispatchEvent(new PointerEvent(kind, {
    pointerId: 7, isPrimary: true, pointerType: 'touch', button: 0, bubbles: true, cancelable: true,
    clientX: box.left + x, clientY: box.top + y }));
  fire('pointerdown', points[0]);
  while (hold && !screen.classList.contains('holding')) await new Promise(requestAnimationFrame);
  for (const point of points.slice(1)) fire('pointermove', point);
  fire('pointerup', points[points.length - 1]);
}"""


@pytest.fixture
def waiting(upstream, request):
    run = upstream.add(task=f"Task of {request.node.name}")
    run.go()
    run.step()
    run.pause("Which of the two vendors?")
    yield run
    if not run.is_over:
        run.finish("cancelled")


def test_presence_claim_comment_and_hand_over_are_seen_by_the_other_at_once(people, waiting, until) -> None:
    mine, other = (open_approval(people[name], waiting, until) for name in ("reviewer", "second"))
    company = other.locator(".company")
    expect(company).to_contain_text("reviewer", timeout=8000)
    expect(mine.locator(".company")).to_contain_text("second")

    mine.fill("#note", "the blue one")
    expect(company).to_contain_text("reviewer is on it")
    expect(company.get_by_role("button")).to_have_count(0)
    other.fill("#comment-text", "half a thought")
    mine.fill("#comment-text", "I know <b>Nordwind</b>, they are fine")
    mine.locator("#comment-text").press("Control+Enter")
    expect(other.locator(".comment")).to_contain_text("I know <b>Nordwind</b>, they are fine")
    expect(mine.locator("#comment-text")).to_have_value("")
    assert other.input_value("#comment-text") == "half a thought"
    assert mine.input_value("#note") == "the blue one"

    mine.get_by_text("Hand over to a colleague").click()
    mine.select_option("#hand-to", label="second")
    mine.fill("#hand-word", "You know them better")
    mine.get_by_role("button", name="Hand over", exact=True).click()
    expect(company).to_contain_text("reviewer asks you to go on with this")
    expect(company).to_contain_text("You know them better")
    expect(company).not_to_contain_text("is on it")
    company.get_by_role("button", name="I am on it").click()
    expect(mine.locator(".company")).to_contain_text("second is on it")
    assert not violations(mine)
    assert not people["reviewer"].noise
    assert not people["second"].noise


def hands(upstream, since=0):
    return [(command, parameters) for _, command, parameters in upstream.acts[since:]]


def test_a_takeover_is_seen_by_the_other_survives_a_reload_and_is_handed_back_undecided(
    people, upstream, waiting, until
) -> None:
    mine, other = (open_approval(people[name], waiting, until) for name in ("reviewer", "second"))
    mine.get_by_role("button", name="Take over the machine").click()
    expect(other.locator(".approval-state")).to_contain_text("reviewer drives this machine")
    expect(other.get_by_role("button", name="Resume")).to_be_disabled()
    other.get_by_role("button", name="Take over the machine").click()
    expect(other.locator(".notice").first).to_contain_text("reviewer drives this machine")

    mine.reload()
    until(people["reviewer"].is_live)
    expect(mine.locator("#machine-image")).to_be_visible()
    since = len(upstream.acts)
    # Wider than the picture, so that bars stand beside it: they are not the machine.
    mine.evaluate("document.getElementById('machine-image').style.cssText = 'width: 100%; height: 180px'")
    box = mine.locator("#machine-image").bounding_box()
    left, scale = box["x"] + (box["width"] - 320) / 2, 5
    mine.mouse.click(box["x"] + 10, box["y"] + 90)
    mine.mouse.dblclick(left + 10.5 * scale, box["y"] + 20.5 * scale)
    mine.mouse.click(left + 1, box["y"] + 1, button="right")
    mine.keyboard.down("Control")
    mine.mouse.click(left + 319, box["y"] + 179)
    mine.keyboard.up("Control")
    mine.mouse.move(left + 5.5 * scale, box["y"] + 5.5 * scale)
    mine.mouse.down()
    mine.mouse.move(left + 30.5 * scale, box["y"] + 5.5 * scale, steps=3)
    mine.mouse.up()
    mine.mouse.wheel(0, 300)
    until(lambda: len(upstream.acts) >= since + 5)
    mine.evaluate(
        "e => { const d = new DataTransfer(); d.setData('text', 'pasted'); document.getElementById('machine-screen')"
        ".dispatchEvent(new ClipboardEvent('paste', { clipboardData: d, cancelable: true })); }"
    )
    mine.keyboard.press("Control+Shift+KeyV")
    mine.keyboard.press("Shift+Tab")
    wanted = [
        ("double_click", {"x": 10, "y": 20}),
        ("click", {"x": 0, "y": 0, "button": "right"}),
        ("click_with_modifiers", {"x": 63, "y": 35, "modifiers": ["Control"]}),
        ("drag", {"from_x": 5, "from_y": 5, "to_x": 30, "to_y": 5}),
        ("scroll", {"x": 30, "y": 5, "direction": "down", "amount": 3}),
        ("type", {"text": "pasted"}),
        ("key_combo", {"keys": ["Control", "v"]}),
        ("key_combo", {"keys": ["Shift", "Tab"]}),
    ]
    until(lambda: len(hands(upstream, since)) >= len(wanted))
    assert hands(upstream, since) == wanted
    expect(mine.locator("#machine-latency")).to_contain_text("act to new picture", timeout=4000)

    # The pointer by keys alone: arrows and Enter aim while the mode is on, and go to the machine when it is off.
    mine.keyboard.press("Shift+Escape")
    mine.keyboard.press("i")
    expect(mine.locator("#machine-screen")).to_be_focused()
    expect(mine.locator("#machine-focus")).to_contain_text("Arrow keys aim")
    expect(mine.locator("#machine-aim")).to_be_visible()
    assert not violations(mine)
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp", "Shift+ArrowDown", "Enter"):
        mine.keyboard.press(key)
    expect(mine.locator("#aim-at")).to_have_text("Pointer at 16, 11 of 64 × 36")
    mine.keyboard.type("ab")
    for key in ("ArrowRight", "Shift+Enter", "Control+Enter", "ArrowRight", "Control+Enter", "Escape", "ArrowRight"):
        mine.keyboard.press(key)
    expect(mine.locator("#aim")).to_have_attribute("aria-pressed", "false")
    wanted += [
        ("click", {"x": 16, "y": 11}),
        ("type", {"text": "ab"}),
        ("click", {"x": 24, "y": 11, "button": "right"}),
        ("drag", {"from_x": 24, "from_y": 11, "to_x": 32, "to_y": 11}),
        ("key_press", {"key": "ArrowRight"}),
    ]
    until(lambda: len(hands(upstream, since)) >= len(wanted))
    assert hands(upstream, since) == wanted

    mine.fill("#type-text", "one-time 123")
    expect(mine.locator("#private-now")).to_be_visible()
    mine.press("#type-text", "Enter")
    until(lambda: hands(upstream, since)[-1] == ("type", {"text": "one-time 123"}))
    expect(mine.locator("#private-now")).to_be_hidden()
    mine.get_by_role("button", name="Hand back…").click()
    expect(mine.locator("#back-image")).to_be_visible()
    expect(mine.locator("#note")).to_have_value(
        "By hand: I clicked 5 times, typed into fields 3 times, pressed 3 keys, dragged 2 times and scrolled. "
        "Look again."
    )
    assert not violations(mine)
    mine.get_by_role("button", name="Hand back, decide later").click()
    mine.wait_for_url("**/approvals/*/")
    expect(mine.locator(".approval-state")).to_contain_text("Waits")
    other.go_back()
    assert waiting.status == "awaiting_human"
    page = people["reviewer"].go(f"/audit/?run={waiting.id}")
    expect(page.locator("main")).to_contain_text("takeover.private")
    expect(page.locator("main")).not_to_contain_text("one-time 123")
    assert not people["reviewer"].noise


def test_the_screen_is_driven_by_touch_and_the_driver_is_told_when_it_is_over(
    people, upstream, waiting, until, monkeypatch
) -> None:
    monkeypatch.setattr(upstream, "screen", (1280, 720))
    page = open_approval(people["reviewer"], waiting, until)
    page.get_by_role("button", name="Take over the machine").click()
    expect(page.locator("#machine-image")).to_be_visible()
    since = len(upstream.acts)
    page.evaluate(TOUCH, [[[100, 300], [100, 280], [100, 250]], False])
    until(lambda: len(upstream.acts) > since or page.wait_for_timeout(50))
    page.evaluate(TOUCH, [[[200, 200]], True])
    page.evaluate(TOUCH, [[[100, 100], [300, 100]], True])
    page.evaluate(TOUCH, [[[50, 50]], False])
    until(lambda: len(hands(upstream, since)) >= 4 or page.wait_for_timeout(50))
    assert [command for command, _ in hands(upstream, since)] == ["scroll", "click", "drag", "click"]
    assert hands(upstream, since)[0][1]["direction"] == "down"
    assert hands(upstream, since)[1][1]["button"] == "right"

    waiting.resume("elsewhere")
    expect(page.locator("#over")).to_be_visible(timeout=8000)
    waiting.pause("And now?")
    until(lambda: page.request.get(page.url).ok)
    expect(page.locator("#back-open")).to_be_hidden()
