"""Pictures for the calls that look: a page of a greenhouse, rendered by the platform's own machine, and drawn ones."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import Any

import requests
from PIL import Image

from tests.local.running import Platform

PLACES = {  # left, top, width, height
    "irrigate cedar": (760, 250, 150, 36), "irrigate willow": (760, 310, 150, 36), "humidity": (120, 420, 320, 38),
    "blue": (120, 520, 200, 44), "red": (400, 520, 200, 44), "almanac": (1100, 20, 110, 24),
    "vents": (120, 610, 18, 18),
}  # fmt: skip
_HOUSE = """<!doctype html><meta charset=utf-8><title>Greenhouse</title>
<body style="margin:0;font:16px 'Liberation Sans';background:#fff">{parts}"""


def _at(name: str, tag: str, inner: str, css: str = "", more: str = "") -> str:
    left, top, width, height = PLACES[name]
    place = f"position:absolute;left:{left}px;top:{top}px;width:{width}px;height:{height}px;box-sizing:border-box"
    return f'<{tag} {more} style="{place};font:inherit;{css}">{inner}</{tag}>' if tag != "input" else (
        f'<input {more} style="{place};margin:0;font:inherit;{css}">'
    )  # fmt: skip


def _text(left: int, top: int, words: str, css: str = "") -> str:
    return f'<div style="position:absolute;left:{left}px;top:{top}px;{css}">{words}</div>'


GREENHOUSE = _HOUSE.format(
    parts="".join([
        _text(120, 150, "Orchid house overview", "font-size:26px;font-weight:bold"),
        _at("almanac", "a", "Almanac", more='href="#"'),
        _text(120, 258, "Bay Cedar"), _text(400, 258, "Needs mulch"), _at("irrigate cedar", "button", "Irrigate"),
        _text(120, 318, "Bay Willow"), _text(400, 318, "Blooming"), _at("irrigate willow", "button", "Irrigate"),
        _text(120, 396, "Humidity goal"),
        _at("humidity", "input", "", "border:1px solid #888;padding:0 8px"),
        _at("blue", "button", "Dispatch pollen", "background:#1d4ed8;color:#fff;border:0;border-radius:6px"),
        _at("red", "button", "Dispatch pollen", "background:#b91c1c;color:#fff;border:0;border-radius:6px"),
        _at("vents", "input", "", more="type=checkbox"), _text(148, 609, "Open the roof vents at dawn"),
    ])
)  # fmt: skip


def inside(name: str, answer: dict[str, Any]) -> bool:
    left, top, width, height = PLACES[name]
    return left <= answer["x"] <= left + width and top <= answer["y"] <= top + height


def shot(platform: Platform) -> str:
    """What the machine shows, as PNG."""
    picture: str = act(platform, "screenshot", {})["screenshot"]
    return picture


def visit(platform: Platform, url: str) -> None:
    act(platform, "browser_navigate", {"url": url})


def act(platform: Platform, command: str, parameters: dict[str, Any]) -> dict[str, Any]:
    body = {"command": command, "parameters": parameters}
    answer: dict[str, Any] = platform.post(f"/machines/{platform.machine}/actions", body).json()
    assert answer.get("success"), answer
    return answer


def drawn(width: int, height: int, kind: str = "PNG") -> str:
    """A grey picture of that size."""
    file = io.BytesIO()
    Image.effect_noise((width, height), 8).convert("RGB").save(file, kind)
    return base64.b64encode(file.getvalue()).decode()


def bomb(width: int, height: int) -> str:
    """A small PNG that claims to be as large as this, with rows that would unpack to it."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(bytes(1000), 9))
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + head + rows + chunk(b"IEND", b"")).decode()


def error(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def carried_out(platform: Platform, answer: dict[str, Any]) -> None:
    """Do what a prediction says, as any client would; machines wait for pages by themselves."""
    for action in answer["actions"]:
        if action["action_type"] not in ("wait", "done", "fail"):
            act(platform, action["action_type"], action["params"])


def kinds(answer: dict[str, Any]) -> list[str]:
    return [action["action_type"] for action in answer["actions"]]
