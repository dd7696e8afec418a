"""The event stream: framing, cursors, keepalives, many readers, its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.local.running import Platform, frames, until


@pytest.fixture(scope="module")
def finished(platform: Platform) -> str:
    run_id: str = platform.create("step\nstep")["id"]
    platform.wait(run_id)
    return run_id


def test_a_frame_has_exactly_these_lines(platform: Platform, finished: str) -> None:
    answer = platform.get(f"/runs/{finished}/events")
    first = answer.text.split("\n\n")[0].split("\n")
    assert first[:3] == ["id: 1", "event: status", 'data: {"status":"queued"}']
    assert first[3].startswith("created_at: 20")
    assert len(first) == 4
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert "no-cache" in answer.headers["Cache-Control"]
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.headers["X-Coasty-Request-Id"].startswith("req_")


@pytest.mark.parametrize(
    ("query", "header", "first"),
    [
        ("", "", 1), ("?after=3", "", 4), ("", "5", 6), ("?after=2", "6", 7), ("?after=6", "2", 7), ("", "rubbish", 1),
        ("", "1_0", 1), ("", "-5", 1), ("?after=01", "", 2),
        ("?after=0", "", 1),
    ],
)  # fmt: skip
def test_a_reader_goes_on_after_its_cursor(
    platform: Platform, finished: str, query: str, header: str, first: int
) -> None:
    headers = {"Last-Event-ID": header} if header else {}
    with platform.get(f"/runs/{finished}/events{query}", headers=headers, stream=True) as answer:
        assert next(frames(answer))["seq"] == first


def test_a_cursor_beyond_the_end_of_a_finished_run_closes_at_once(platform: Platform, finished: str) -> None:
    for after in ("9999", "9" * 30):
        assert platform.get(f"/runs/{finished}/events?after={after}").text == ""
        assert platform.get(f"/runs/{finished}/events", headers={"Last-Event-ID": after}).text == ""


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "", "1_0", "%D9%A5"])
def test_an_impossible_cursor_is_refused(platform: Platform, finished: str, after: str) -> None:
    answer = platform.get(f"/runs/{finished}/events?after={after}")
    assert (answer.status_code, answer.json()["error"]["details"][0]["loc"]) == (422, ["query", "after"])


def test_the_stream_stays_open_with_keepalives_while_parked_and_closes_after_done(
    start: Callable[..., Platform],
) -> None:
    platform = start(LOCAL_KEEPALIVE_SECONDS="0.2")
    run_id = platform.create("ask now?")["id"]
    platform.wait(run_id, "awaiting_human")
    with platform.get(f"/runs/{run_id}/events", stream=True) as answer:
        lines = answer.iter_lines(chunk_size=1, decode_unicode=True)
        quiet = [line for line, _ in zip((line for line in lines if line.startswith(":")), range(3), strict=False)]
        assert quiet == [": keepalive"] * 3
        platform.resume(run_id)
        rest = [line for line in lines if line.startswith("event:")]
    assert rest[-1] == "event: done"


def test_an_event_reaches_its_readers_at_once(platform: Platform) -> None:
    run_id = platform.create("ask now?\nspin")["id"]
    platform.wait(run_id, "awaiting_human")
    arrived: list[float] = []

    def read() -> None:
        arrived.extend(time.monotonic() for event in platform.stream(run_id) if event["type"] == "resumed")

    reader = threading.Thread(target=read)
    reader.start()
    began = time.monotonic()
    requests.post(f"{platform.url}/runs/{run_id}/resume", headers={"X-API-Key": platform.key}, timeout=10)
    until(lambda: arrived, 5)
    assert arrived[0] - began < 1.0
    platform.cancel(run_id)
    reader.join(10)
    assert not reader.is_alive()


def test_two_hundred_readers_see_all_events_of_a_run(platform: Platform) -> None:
    run_id = platform.create("ask now?\n" + "say hello\n" * 20)["id"]
    platform.wait(run_id, "awaiting_human")

    def read(_: int) -> list[int]:
        address = f"{platform.url}/runs/{run_id}/events"
        with requests.get(address, headers={"X-API-Key": platform.key}, stream=True, timeout=60) as answer:
            return [event["seq"] for event in frames(answer)]

    with ThreadPoolExecutor(200) as pool:
        readers = [pool.submit(read, n) for n in range(200)]
        platform.resume(run_id)
        seen = {tuple(reader.result(60)) for reader in readers}
    last = max(seen, key=len)
    assert seen == {last}
    assert list(last) == list(range(1, len(last) + 1))


def test_an_unknown_run_answers_an_ordinary_error(platform: Platform) -> None:
    answer = platform.get("/runs/nope/events")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "RUN_NOT_FOUND")
