"""Measures how fast the console is, as ratios taken side by side, and writes a table and `bench/out/*.json`.

    python -m bench                 all measures
    python -m bench --quick         smaller and shorter, under three minutes
    python -m bench latency fan     some of them
    python -m bench --seed 7        another order of the events

Other benches, each with its own --help:
    python bench/agent.py       the local agent on its errands
    python bench/eyes.py        what the agent's eyes find on generated pages
    python bench/dots.py        how the eyes tell mask dots from letters
    python -m bench.jobs        does the commonest jobs in a browser, counts clicks and keys
    python -m bench.begin       starts everything twice; from a pause to its row on screen
    python -m bench.smoothness  how smooth pages feel: long runs, live updates, a word after a click
    python -m bench.chaos       kills processes for a chosen time and compares what is stored
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.lab import Options, Row, allow_many_sockets

OUT = Path(__file__).resolve().parent / "out"
MEASURES = {
    "sqlite": "throughput:sqlite",
    "postgresql": "throughput:postgresql",
    "crowd": "crowding:crowd",
    "latency": "pushing:latency",
    "paint": "painting:paint",
    "fan": "pushing:fan",
    "takeover": "driving:driving",
    "kill": "killing:kill",
}
_SHORT = {"MISSED", "not measured"}
PAGES = "pages"  # SQL time of the pages on generated data: a program of its own
TAKEOVER = "takeover"  # no line of the relay: left out of the quick ones, asked for by its name


def measure_of(name: str) -> Callable[[Options], list[Row]]:
    module, _, function = MEASURES[name].partition(":")
    found: Callable[[Options], list[Row]] = getattr(importlib.import_module(f"bench.{module}"), function)
    return found


def table(rows: Sequence[Row]) -> str:
    """The rows as text, one a line, columns aligned."""
    lines = [("measure", "value", "must", "aim", "")]
    for row in rows:
        sign = "<= " if row.is_most else ">= "
        value = "-" if row.value is None else f"{row.value:g} {row.unit}"
        lines.append((row.name, value, f"{sign}{row.must:g}", f"{sign}{row.aim:g}", row.verdict))
    widths = [max(len(line[at]) for line in lines) for at in range(5)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def write(rows: Sequence[Row], folder: Path, name: str, about: dict[str, object]) -> Path:
    """`<name>.json` with one object for each row, and what it was measured on beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps([{**row.as_json(), **about} for row in rows], indent=1) + "\n")
    return path


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--quick", action="store_true", help="smaller and shorter")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    allow_many_sockets()
    options, rows, start = Options(given.quick, given.seed), [], time.monotonic()
    about = {"cores": os.cpu_count(), "quick": given.quick, "seed": given.seed}
    names = given.names or [*(name for name in MEASURES if not given.quick or name != TAKEOVER), PAGES]
    for at, name in enumerate(names, 1):
        began = time.monotonic()
        print(f"{at} of {len(names)}, {name} ...", file=sys.stderr, flush=True)
        found = _pages(options) if name == PAGES else _measured(name, options)
        rows += found
        if found:
            write(found, OUT, name, about)
            print(
                f"{name}: {time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True
            )
            print(json.dumps([row.detail for row in found]), file=sys.stderr, flush=True)
    print(table(rows))
    print(_summary(rows, time.monotonic() - start))
    return 1 if any(row.verdict in _SHORT for row in rows) else 0


def _summary(rows: Sequence[Row], seconds: float) -> str:
    short = [row.name for row in rows if row.verdict in _SHORT]
    told = f"short of a must: {', '.join(short)}" if short else "every must is met"
    return f"{len(rows)} lines in {seconds:.0f} s; {told}."


def _measured(name: str, options: Options) -> list[Row]:
    """One that fails does not take the others with it."""
    try:
        return measure_of(name)(options)
    except Exception as problem:
        print(f"{name} was not measured: {type(problem).__name__}: {problem}", file=sys.stderr, flush=True)
        return [Row(name, None, 0, 0, detail={"why": str(problem)})]


def _pages(options: Options) -> list[Row]:
    """What `bench.pages` measures, as far as it is there; its lines have the same names of their own table."""
    if importlib.util.find_spec("bench.pages") is None:
        return []
    pages = importlib.import_module("bench.pages")
    try:
        lines = pages.measure(options.quick, options.seed)
    except Exception as problem:
        print(f"pages were not measured: {type(problem).__name__}: {problem}", file=sys.stderr, flush=True)
        return [Row("pages", None, 50, 50, True, "ms", {"why": str(problem)})]
    known = {"name", "value", "must", "aim"}
    return [
        Row(
            line["name"],
            line["value"],
            line["must"],
            line["aim"],
            True,
            "",
            {k: line[k] for k in line if k not in known},
        )
        for line in lines
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
