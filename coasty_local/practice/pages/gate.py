"""The captcha, and the reports that lie behind it."""

from __future__ import annotations

from starlette.responses import Response

from coasty_local.practice import data, layout, puzzle, widgets
from coasty_local.practice.call import Call
from coasty_local.practice.markup import el
from coasty_local.practice.pages import Way


def captcha(call: Call) -> str:
    return _captcha_page(call)


def solve(call: Call) -> Response | str:
    if call.field("letters").replace(" ", "").upper() == puzzle.letters(call.visit.captcha):
        call.visit.human = True
        return call.go("/reports")
    call.visit.captcha += 1
    return _captcha_page(call, "The letters did not match. Here is a new picture.")


def another(call: Call) -> Response:
    call.visit.captcha += 1
    return call.go("/captcha")


def picture(call: Call) -> Response:
    return Response(puzzle.picture(puzzle.letters(call.visit.captcha)), media_type="image/png")


def reports(call: Call) -> Response | str:
    if not call.visit.human:
        return call.go("/captcha")
    most = max(count for _, count, _ in data.REPORT)
    bars = [
        el("div", el("span", name), el("div", style=f"width:{count * 420 // most}px", class_="stick"), el("b", total))
        for name, count, total in data.REPORT
    ]
    text = layout.sentence("Sales by region, October to December. Total: $228,550.")
    return layout.page(call, "Quarterly report", text, el("section", bars, class_="panel chart"))


def _captcha_page(call: Call, problem: str = "") -> str:
    image = el(
        "img", src=call.url(f"/captcha.png?n={call.visit.captcha}"), alt="Distorted letters", width=300, height=90
    )
    form = widgets.form(
        call,
        "/captcha",
        layout.sentence("Type the letters you see in the picture to prove that you are not a robot."),
        image,
        widgets.error(problem),
        widgets.field(call, "letters", "Letters"),
        widgets.bar(widgets.button(call.look.verify)),
    )
    other = widgets.form(call, "/captcha/another", el("button", "Show another picture", type="submit", class_="quiet"))
    return layout.page(call, "Are you a robot?", el("section", form, other, class_="panel"))


WAYS = (
    Way("/captcha", captcha, guarded=False),
    Way("/captcha", solve, "POST", guarded=False),
    Way("/captcha/another", another, "POST", guarded=False),
    Way("/captcha.png", picture, guarded=False),
    Way("/reports", reports),
)
