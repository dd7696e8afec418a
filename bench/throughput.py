"""How many events a second go from upstream's socket to committed and nudged, beside a bare `executemany`."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import psycopg

from bench import postgres
from bench.crowd_upstream import frame, speaking_order, spoken_at
from bench.lab import Options, Program, Row, Stage, stage, wait_for

_LIMIT_MS = 200.0
_INSERT = "INSERT INTO runs_event (run_id, seq, type, data, created_at, received_at) VALUES (?, ?, ?, ?, ?, ?)"


def sqlite(options: Options) -> list[Row]:
    with stage(_runs(options), options.seed) as made:
        row = Row("events/s from socket to committed, over executemany: SQLite", None, 0.5, 0.8, unit="x")
        return [_compare(made, row, options, _sqlite_rows)]


def postgresql(options: Options) -> list[Row]:
    row = Row("events/s from socket to committed, over executemany: PostgreSQL", None, 0.4, 0.7, unit="x")
    with postgres.server() as address:
        if address is None:
            row.detail["why"] = "PostgreSQL is not installed here"
            return [row]
        with stage(_runs(options), options.seed, database_url=address) as made:
            return [_compare(made, row, options, lambda here, seconds: _postgres_rows(here, address, seconds))]


def _runs(options: Options) -> int:
    return options.size(5_000, 500)


def _compare(made: Stage, row: Row, options: Options, bare: Any) -> Row:
    """The highest share of the bare rows a second that the relay holds with p99 under the limit.

    Both slow down as the table grows, and the machine has its moods: bare rows are measured before and after each try.
    """
    relay = made.relay()
    made.wait_until_followed()
    best, tried = _highest(made, relay, bare, options)
    row.value = _share(best) if best else 0.0
    row.detail = {
        "runs": made.runs,
        **({name: best[name] for name in _TOLD} if best else {}),
        "tried": [{"share": _share(one), **{name: one[name] for name in _TOLD}} for one in tried],
    }
    return row


_TOLD = ("rate", "events", "p50_ms", "p99_ms", "bare_before", "bare_after", "holds")


def _share(seen: dict[str, Any]) -> float:
    return round(seen["rate"] / ((seen["bare_before"] + seen["bare_after"]) / 2), 3)


def _highest(
    made: Stage, relay: Program, bare: Any, options: Options
) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Search between two shares, in a ratio of 1.06 at last, for the highest that holds; every try.

    Unless it is to be quick, a share has two before it counts as too high: a stall of the machine is not the relay's.
    """
    seconds, bare_seconds, tries = options.size(5, 2), options.size(3, 1), options.size(14, 3)
    low, high, share, best = 0.02, 1.0, 0.45, None
    tried: list[dict[str, Any]] = []
    before = bare(made, bare_seconds)
    while high / low > 1.06 and len(tried) < tries:
        for _try in range(options.size(2, 1)):
            seen = _at(made, relay, before * share, seconds)
            seen["bare_before"], seen["bare_after"] = round(before), round(before := bare(made, bare_seconds))
            tried.append(seen)
            if seen["holds"]:
                break
        if seen["holds"]:
            low, best = share, seen
        else:
            high = share
        share = (low * high) ** 0.5
    return best, tried


def _at(made: Stage, relay: Program, rate: float, seconds: float) -> dict[str, Any]:
    sent = made.state()["sent"]
    relay.tell(do="reset")
    made.pace(rate, seconds)
    time.sleep(seconds + 0.3)
    state = made.state()
    owed = state["sent"] - sent
    try:
        wait_for(lambda: relay.tell(do="report")["events"] >= owed, 30)
    except TimeoutError:
        return {**relay.tell(do="report"), "rate": round(rate), "holds": False}
    seen = relay.tell(do="report")
    holds = seen["p99_ms"] is not None and seen["p99_ms"] < _LIMIT_MS and owed > rate * seconds * 0.95
    return {**seen, "rate": round(rate), "holds": holds, "upstream_late_ms": state["late_ms"]}


def _batches(runs: int, seed: int, is_text: bool) -> Any:
    """The same rows, a hundred a batch, over the runs in the order in which the upstream makes them speak."""
    seq, now = 10_000_000, datetime.now(UTC)
    moment = now.replace(tzinfo=None).isoformat(" ") if is_text else now
    datas = [
        frame(n, spoken_at(time.time())).split(b"data: ")[1].split(b"\ncreated_at")[0].decode() for n in range(1, 6)
    ]
    order = speaking_order(runs, seed)
    while True:
        seq += 1
        for first in range(0, len(order), 100):
            yield [(run + 1, seq, "tool_call", datas[run % 5], moment, moment) for run in order[first : first + 100]]


def _sqlite_rows(made: Stage, seconds: float) -> float:
    """Rows a second into the same table of a copy of the same database, as the console sets it up."""
    with closing(sqlite3.connect(made.folder / "console.sqlite3")) as source:
        target = made.folder / "bare.sqlite3"
        target.unlink(missing_ok=True)
        with closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
    with closing(sqlite3.connect(target, isolation_level=None)) as bare:
        bare.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
        count, began, batches = 0, time.monotonic(), _batches(made.runs, made.seed, is_text=True)
        while time.monotonic() - began < seconds:
            bare.execute("BEGIN IMMEDIATE")
            bare.executemany(_INSERT, next(batches))
            bare.execute("COMMIT")
            count += 100
        return count / (time.monotonic() - began)


def _postgres_rows(made: Stage, address: str, seconds: float) -> float:
    with psycopg.connect(address) as bare, bare.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare_events")
        cursor.execute("CREATE TABLE bare_events (LIKE runs_event INCLUDING ALL)")
        bare.commit()
        insert = _INSERT.replace("?", "%s").replace("runs_event", "bare_events")
        count, began, batches = 0, time.monotonic(), _batches(made.runs, made.seed, is_text=False)
        while time.monotonic() - began < seconds:
            cursor.executemany(insert, next(batches))
            bare.commit()
            count += 100
        took = time.monotonic() - began
        cursor.execute("DROP TABLE bare_events")
        bare.commit()
        return count / took
