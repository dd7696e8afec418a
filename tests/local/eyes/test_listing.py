"""The records of a list, on scenes made by hand: what opens each, and what is none of them."""

from __future__ import annotations

from coasty_local.agent import grounder
from coasty_local.agent.scene import BUTTON, LINK, Box, Control, Line, Scene, Target

HEAD = Line("What is new", Box(150, 80, 230, 30))
MENU = tuple(Control(LINK, Box(150 + 90 * at, 16, 60, 14), name) for at, name in enumerate(("News", "People", "Rooms")))
FOOT = tuple(Control(LINK, Box(160 + 80 * at, 760, 60, 14), name) for at, name in enumerate(("Imprint", "Privacy")))


def scene(*controls: Control) -> Scene:
    return Scene(1280, 800, (HEAD,), (*MENU, *controls, *FOOT))


def opened(page: Scene, number: int) -> str:
    found = grounder.settle(grounder.find(page, Target("", (LINK,), number, record=True)))
    return (
        f"{found.candidates[0].control.text} {found.candidates[0].control.box.y}" if found.kind == "one" else found.kind
    )


def links(*names: str, x: int = 150, step: int = 90) -> list[Control]:
    return [Control(LINK, Box(x, 200 + step * at, 180, 18), name) for at, name in enumerate(names)]


def test_titles_below_each_other_are_counted_without_menu_and_footer() -> None:
    page = scene(*links("Choir", "Chess", "Garden"))
    assert [opened(page, number) for number in (1, 2, -1)] == ["Choir 200", "Chess 290", "Garden 380"]
    assert opened(page, 4) == "none"


def test_a_record_may_be_opened_by_words_that_all_have() -> None:
    rows = links("Read more", "Read more", "Read more", x=700, step=50)
    drops = [Control(BUTTON, Box(800, 200 + 50 * at, 80, 30), "Remove") for at in range(3)]
    assert opened(scene(*rows, *drops), 2) == "Read more 250"


def test_cards_side_by_side_are_read_row_by_row() -> None:
    grid = [*links("A", "D", x=150, step=230), *links("B", "E", x=480, step=230), *links("C", x=810)]
    assert [opened(scene(*grid), number) for number in (2, 3, 4)] == ["B 200", "C 200", "D 430"]


def test_a_list_may_have_one_record_or_none() -> None:
    assert opened(scene(*links("Chess")), 1) == "Chess 200"
    assert opened(scene(), 1) == "none"
