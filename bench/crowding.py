"""What ten thousand open runs cost, beside a thousand: CPU an event, and memory a run that says nothing."""

from __future__ import annotations

import time
from typing import Any

from bench.lab import Options, Program, Row, Stage, stages

_RATE = 3_000.0


def crowd(options: Options) -> list[Row]:
    few, many = options.size(1_000, 150), options.size(10_000, 1_500)
    rate, seconds = options.size(int(_RATE), 1_500), options.size(12, 3)
    with stages([few, many], options.seed) as (small, large):
        relays = {few: (small, small.relay()), many: (large, large.relay())}
        opened = {count: made.wait_until_followed() for count, (made, _relay) in relays.items()}
        time.sleep(options.size(5, 1))  # until the notes of the opening are written
        idle = {count: relay.resident_bytes() for count, (_made, relay) in relays.items()}
        costs: dict[int, list[float]] = {few: [], many: []}
        for _turn in range(options.size(2, 1)):
            for count, (made, relay) in relays.items():
                costs[count].append(_cost(made, relay, rate, seconds))
        a_run = (idle[many] - idle[few]) / (many - few) / 1024
    mean = {count: sum(found) / len(found) for count, found in costs.items()}
    detail = {
        "runs": [few, many], "events_a_second": rate, "microseconds_an_event": {n: round(c) for n, c in mean.items()},
        "each": {n: [round(c) for c in found] for n, found in costs.items()},
        "seconds_to_open": {n: round(s, 1) for n, s in opened.items()},
    }  # fmt: skip
    memory = {"runs": [few, many], "resident_mib": {n: round(size / 2**20, 1) for n, size in idle.items()}}
    return [
        Row(
            f"CPU an event at {many:,} runs, over {few:,}", _ratio(mean[many], mean[few]), 1.3, 1.05, True, "x", detail
        ),
        Row("memory a followed idle run", round(a_run, 1), 40, 16, True, "KiB", memory),
    ]


def _ratio(one: float, other: float) -> float:
    return round(one / other, 3)


def _cost(made: Stage, relay: Program, rate: float, seconds: float) -> float:
    """Microseconds of the relay's CPU for each event that it committed."""
    relay.tell(do="reset")
    began = relay.cpu_seconds()
    made.pace(rate, seconds)
    time.sleep(seconds + 1)
    seen: dict[str, Any] = relay.tell(do="report")
    return (relay.cpu_seconds() - began) / max(1, seen["events"]) * 1e6
