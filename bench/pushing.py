"""From upstream's event to the frame on a page's websocket, crowded beside quiet; and one page before 500 sockets."""

from __future__ import annotations

import asyncio

from bench.crowd_upstream import run_id
from bench.lab import Options, Row, Stage, free_port, percentile, stage, stages
from bench.sockets import Sockets

_WATCHED = 100
_ECHO = b"<li class='line'>" + b"x" * 400 + b"</li>"


def latency(options: Options) -> list[Row]:
    """Both consoles stand at once and speak in turns, so that they meet the same minutes."""
    many, rate = options.size(10_000, 1_000), options.size(3_000, 1_000)
    with stages([100, many], options.seed, with_console=True) as (quiet, crowded):
        opened = quiet.wait_until_followed(), crowded.wait_until_followed()
        delays = asyncio.run(_latency(quiet, crowded, rate, options))
    if not all(delays.values()):
        raise RuntimeError("No line was seen on the sockets")
    p99 = {name: percentile(found, 0.99) * 1000 for name, found in delays.items()}
    detail = {
        "runs": [100, many], "events_a_second": [50, rate], "watched": _WATCHED,
        "p50_ms": {name: round(percentile(found, 0.5) * 1000, 2) for name, found in delays.items()},
        "p99_ms": {name: round(value, 2) for name, value in p99.items()},
        "lines_seen": {name: len(found) for name, found in delays.items()},
        "seconds_to_open": [round(seconds, 1) for seconds in opened],
    }  # fmt: skip
    name = f"p99 event to websocket frame at {many:,} runs and {rate:,}/s, over 100 runs and 50/s"
    return [Row(name, round(p99["crowded"] / p99["quiet"], 2), 15, 4, True, "x", detail)]


async def _latency(quiet: Stage, crowded: Stage, rate: float, options: Options) -> dict[str, list[float]]:
    delays: dict[str, list[float]] = {"quiet": [], "crowded": []}
    places = {"quiet": (quiet, 50.0), "crowded": (crowded, float(rate))}
    sockets = {}
    for name, (made, _rate) in places.items():
        sockets[name] = Sockets()
        await sockets[name].open(made.port, [_address(n) for n in range(_WATCHED)], _cookies(made), is_timing=True)
    await asyncio.sleep(options.size(4, 2))
    for _turn in range(options.size(2, 1)):
        for name, (made, events) in places.items():
            sockets[name].reset()
            seconds = options.size(15, 3)
            await asyncio.to_thread(made.pace, events, seconds)
            await asyncio.sleep(seconds + 1.5)
            delays[name] += sockets[name].delays
    for each in sockets.values():
        each.close()
    return delays


def fan(options: Options) -> list[Row]:
    """The page's socket sends an update ten times a second at most; the bare one sends as fast as it is read."""
    count, seconds = 500, options.size(10, 2)  # fewer would wait for the pace of the page, not for the server
    with stage(1, options.seed) as made:
        made.console()
        made.wait_until_followed()
        port = free_port()
        bare = made.program(["-m", "bench.bare_channels", str(port)])
        bare.line()
        figures = asyncio.run(_fan(made, port, count, seconds, options.size(2, 1)))
    ours, theirs = (sum(found) / len(found) for found in figures)
    detail = {"sockets": count, "deliveries_a_second": [round(ours), round(theirs)], "each": figures}
    return [Row(f"deliveries/s to {count} sockets on one page, over bare Channels", round(ours / theirs, 2), 0.6, 1.0,
                unit="x", detail=detail)]  # fmt: skip


async def _fan(made: Stage, port: int, count: int, seconds: float, turns: int) -> tuple[list[int], list[int]]:
    pages, echoes = Sockets(), Sockets()
    await pages.open(made.port, [_address(0)] * count, _cookies(made))
    await echoes.open(port, ["/"] * count, [""], is_page=False, ack=b"")
    ours, theirs = [], []
    for _turn in range(turns):
        await asyncio.to_thread(made.pace, 25, seconds + 2)
        await asyncio.sleep(1)
        pages.reset()
        await asyncio.sleep(seconds)
        ours.append(round(pages.updates / seconds))
        await asyncio.sleep(2)
        theirs.append(await _echo(echoes, count, seconds))
    if pages.lost or echoes.lost:
        raise RuntimeError(f"{pages.lost} pages and {echoes.lost} echoes were lost")
    pages.close(), echoes.close()
    return ours, theirs


async def _echo(echoes: Sockets, count: int, seconds: float) -> int:
    """One socket asks for an echo to all; up to four are under way, as with the pages."""
    loop = asyncio.get_running_loop()
    echoes.reset()
    began, asked = loop.time(), 0
    while loop.time() - began < seconds:
        while asked - echoes.updates // count < 4:
            echoes.all[0].transport.write(_masked(_ECHO))
            asked += 1
        await asyncio.sleep(0.002)
    return round(echoes.updates / seconds)


def _masked(payload: bytes) -> bytes:
    from bench.sockets import _client_frame

    return _client_frame(payload)


def _address(number: int) -> str:
    return f"/ws/runs/{run_id(number)}/"


def _cookies(made: Stage) -> list[str]:
    return [f"sessionid={key}" for key in made.sessions]
