"""A dozen generated pages: nothing pressed wrongly, nearly everything found."""

from __future__ import annotations

import pytest

from coasty_local.agent import grounder
from coasty_local.agent.perception import Eyes
from coasty_local.agent.scene import Box, Target
from tests.local.pages import generate

SEEDS = range(1200, 1212)
SLACK = 4


def hits(point: tuple[int, int], box: Box) -> bool:
    return Box(box.x - SLACK, box.y - SLACK, box.w + 2 * SLACK, box.h + 2 * SLACK).contains(*point)


@pytest.mark.slow
def test_generated_pages_are_understood_and_nothing_wrong_is_chosen(page, shot, boxes):
    page.set_viewport_size({"width": 1280, "height": 800})
    right, asked, wrong = 0, 0, []
    for seed in SEEDS:
        html, truth = generate(seed)
        scene, places = Eyes().see(shot(whole=html)), boxes()
        for ask in truth.asks:
            if ask.expects and (places[ask.expects].bottom > 800 or places[ask.expects].right > 1280):
                continue
            choice = grounder.settle(grounder.find(scene, Target(ask.words, ask.kinds, ask.ordinal, ask.row)))
            asked += 1
            if choice.kind != "one":
                right += ask.expects is None and choice.kind == "none"
            elif ask.expects and hits(choice.candidates[0].control.box.center, places[ask.expects]):
                right += 1
            else:
                wrong.append((seed, ask))
    assert not wrong
    assert right / asked > 0.94
