"""Ground: words and a picture in, a place out; what it costs, and what it refuses."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

import pytest

from tests.local.mind.driver import served
from tests.local.running import Platform
from tests.local.server import looks
from tests.local.server.looks import error


@pytest.fixture(scope="module")
def greenhouse(platform: Platform) -> Iterator[str]:
    """The picture of a page whose words no part of the platform knows."""
    with served({"/": looks.GREENHOUSE}) as (url, _):
        looks.visit(platform, url)
        yield looks.shot(platform)


@pytest.mark.parametrize(
    ("element", "place"),
    [
        ("the Irrigate button of Bay Willow", "irrigate willow"),
        ("second Irrigate button", "irrigate willow"),
        ("Irrigate in the row of 'Bay Cedar'", "irrigate cedar"),
        ("the blue Dispatch pollen button", "blue"),
        ("the red button", "red"),
        ("Dispatch pollen button on the right", "red"),
        ("the Humidity goal field", "humidity"),
        ("click on the Almanac link at the top right of the page", "almanac"),
        ("the checkbox to open the roof vents at dawn", "vents"),
    ],
)
def test_words_lead_to_the_place_that_they_mean(platform: Platform, greenhouse: str, element: str, place: str) -> None:
    answer = platform.post("/ground", {"screenshot": greenhouse, "element": element})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert looks.inside(place, found), (element, found)
    assert (found["screen_width"], found["screen_height"]) == (1280, 800)
    assert found["request_id"] == answer.headers["X-Coasty-Request-Id"]
    assert found["usage"] == {"input_tokens": 0, "output_tokens": 0, "credits_charged": 0, "cost_cents": 0,
                              "breakdown": None, "billed": False}  # fmt: skip


@pytest.mark.parametrize(
    ("element", "says", "near"),
    [
        ("the Prune everything button", "can't find", None),
        ("the Irrigate button", "2 places fit", ["Irrigate", "Irrigate"]),
        ("Irrigation button of Bay Oak", "can't find", None),
    ],
)
def test_what_is_not_there_or_not_clear_is_refused_with_what_is_nearest(
    platform: Platform, greenhouse: str, element: str, says: str, near: list[str] | None
) -> None:
    answer = platform.post("/ground", {"screenshot": greenhouse, "element": element})
    assert error(answer) == (422, "GROUNDING_FAILED")
    told = answer.json()["error"]
    assert says in told["message"]
    assert not told["retryable"]
    assert told["details"][0]["loc"] == ["body", "element"]
    assert near is None or [place["text"] for place in told["nearest"]] == near
    assert all(0 <= place["x"] < 1280 and 0 <= place["y"] < 800 for place in told["nearest"])


def _cut(picture: str) -> str:
    return base64.b64encode(base64.b64decode(picture)[:-200]).decode()


@pytest.mark.parametrize(
    ("picture", "status", "code", "says"),
    [
        (lambda: "", 422, "VALIDATION_ERROR", "at least 100"),
        (lambda: "aGVsbG8=", 422, "VALIDATION_ERROR", "at least 100"),
        (lambda: "https://example.com/" + "a" * 100, 422, "INVALID_SCREENSHOT", "not an address"),
        (lambda: "a b" * 50, 422, "INVALID_SCREENSHOT", "character 2"),
        (lambda: "abcdefgh\n" * 50, 422, "INVALID_SCREENSHOT", "without line breaks"),
        (lambda: "abc-" * 51, 422, "INVALID_SCREENSHOT", "with + and /"),
        (lambda: "abc" * 51, 422, "INVALID_SCREENSHOT", "padding"),
        (lambda: "A" * 400, 422, "INVALID_SCREENSHOT", "no PNG and no JPEG"),
        (lambda: _cut(looks.drawn(200, 200)), 422, "INVALID_SCREENSHOT", "cut off"),
        (lambda: looks.drawn(60, 60, "GIF"), 422, "INVALID_SCREENSHOT", "no PNG and no JPEG"),
        (lambda: looks.bomb(30_000, 30_000), 422, "INVALID_SCREENSHOT", "pixels"),
        (lambda: looks.bomb(6_000, 4_000), 422, "INVALID_SCREENSHOT", "6000 x 4000 pixels"),
        (lambda: "A" * 10_485_764, 413, "PAYLOAD_TOO_LARGE", "10485760"),
    ],
)  # fmt: skip
def test_a_picture_that_is_none_is_refused_with_what_to_do(
    platform: Platform, picture: Callable[[], str], status: int, code: str, says: str
) -> None:
    answer = platform.post("/ground", {"screenshot": picture(), "element": "x"})
    assert error(answer) == (status, code)
    assert says in answer.json()["error"]["message"]
    if status == 422:
        assert answer.json()["error"]["details"][0]["loc"] == ["body", "screenshot"]
    assert answer.headers["X-Credits-Charged"] == "0"


def test_a_jpeg_is_as_good(platform: Platform, greenhouse: str) -> None:
    picture = platform.get(f"/machines/{platform.machine}/screenshot").json()["image_b64"]
    answer = platform.post("/ground", {"screenshot": picture, "element": "the blue Dispatch pollen button"})
    assert looks.inside("blue", answer.json()), answer.text


def test_an_empty_screen_is_said_to_be_empty(platform: Platform) -> None:
    picture = "data:image/jpeg;base64," + looks.drawn(640, 400, "JPEG")
    answer = platform.post("/ground", {"screenshot": picture, "element": "the Water button", "screen_width": 640})
    assert error(answer) == (422, "GROUNDING_FAILED")
    assert "nothing can be read" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("change", "loc"),
    [
        ({"element": ""}, ["body", "element"]),
        ({"element": None}, ["body", "element"]),
        ({"screenshot": None}, ["body", "screenshot"]),
        ({"screen_width": 319}, ["body", "screen_width"]),
        ({"screen_height": 2161}, ["body", "screen_height"]),
        ({"colour": "blue"}, ["body", "colour"]),
    ],
)
def test_a_body_of_another_form_is_refused_by_field(platform: Platform, change: dict, loc: list[str]) -> None:
    body = {"screenshot": looks.drawn(64, 64), "element": "x", **change}
    answer = platform.post("/ground", body)
    assert error(answer) == (422, "VALIDATION_ERROR")
    assert [fault["loc"] for fault in answer.json()["error"]["details"]] == [loc]
