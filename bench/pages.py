"""Opens every page and list on generated data, times their SQL, and tells how that grows from a tenth of the size."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import crowd, lab, opened, postgres

MUST_MS, AIM_MS = 50.0, 20.0
FULL, QUICK = (100_000, 5_000_000), (10_000, 100_000)
SERVER_RUNS, SERVER_MUST_MS, SERVER_AIM_MS = 10_000, 100.0, 50.0
OPENINGS, FEW_OPENINGS = 15, 3  # of each page: many where the clock's p95 is told, few where only the SQL is
REPLAYS = 3
OWN = "postgresql"  # instead of a URL: a server of the bench's own
Query = tuple[str, Any]


def measure(
    quick: bool, seed: int, size: tuple[int, int] | None = None, database: str = "", only_whole: bool = False
) -> list[dict[str, Any]]:
    """One line a page: its SQL in milliseconds, and at a tenth of the data; each size in a process of its own.

    A quick one has no tenth. With a `database` (a URL) the data stays there, without a tenth too; `OWN` is thrown away
    as SQLite is.
    """
    runs, events = size or (QUICK if quick else FULL)
    full = _apart(runs, events, seed, database, _openings(runs, quick))
    only_whole = only_whole or quick or database not in {"", OWN}
    tenth = {} if only_whole else _apart(runs // 10, events // 10, seed, database, _openings(runs // 10, quick))
    lines = [_line(name, got, tenth.get(name)) for name, got in full.items()]
    return [*lines, *_slowest({runs: full, runs // 10: tenth})]


def _openings(runs: int, quick: bool) -> int:
    return OPENINGS if runs == SERVER_RUNS and not quick else FEW_OPENINGS


def _slowest(sizes: dict[int, dict[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """The pages whose server time is the longest at 10,000 runs, where that size was measured: by the clock, and by the
    processor, which a busy machine does not lengthen.
    """
    found = {name: got for name, got in sizes.get(SERVER_RUNS, {}).items() if not name.startswith("fragment")}
    if not found:
        return []
    lines = []
    for measured, clock in (("cpu_ms", "processor"), ("p95_ms", "server")):
        worst = max(found, key=lambda name: found[name][measured])
        told = f"p95 ms of {clock} time at {SERVER_RUNS:,} runs, slowest page"
        line = {"name": told, "value": found[worst][measured], "page": worst, "plan": []}
        lines.append({**found[worst], **line, "must": SERVER_MUST_MS, "aim": SERVER_AIM_MS})
    return lines


def _line(name: str, got: dict[str, Any], tenth: dict[str, Any] | None) -> dict[str, Any]:
    line = {"name": f"ms of SQL: {name}", "value": got["sql_ms"], "must": MUST_MS, "aim": AIM_MS, **got}
    return {**line, "tenth_ms": tenth["sql_ms"], "slope": _ratio(got["sql_ms"], tenth["sql_ms"])} if tenth else line


def _ratio(now: float, before: float) -> float:
    return round(now / max(before, 0.1), 2)


def _apart(runs: int, events: int, seed: int, database: str, openings: int) -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="crowd-") as folder, _address(database) as url:
        env = {
            **os.environ,
            "DATA_DIR": folder,
            "DATABASE_URL": url,
            "LOG_LEVEL": "ERROR",
            "SECRET_KEY": "of the bench",
        }
        if not url:
            (Path(folder) / "console.sqlite3").write_bytes(lab.migrated())
        command = [sys.executable, "-m", "bench.pages", "--inside", *map(str, (runs, events, seed, openings))]
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


@contextmanager
def _address(database: str) -> Iterator[str]:
    if database != OWN:
        yield database
        return
    with postgres.server() as url:
        if url is None:
            raise RuntimeError("PostgreSQL is not installed here")
        yield url


def _inside(runs: int, events: int, seed: int, openings: int) -> dict[str, dict[str, Any]]:
    """In the process whose database is meant: make the crowd where there is none, then open all pages."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coasty_console.settings")
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.utils import timezone

    from coasty_console import roles, warming
    from runs.models import Run

    call_command("migrate", interactive=False, verbosity=0)
    roles.make()
    person, _ = User.objects.get_or_create(username="bench")
    roles.give(person, "admin")
    began = time.monotonic()
    if not Run.objects.exists():
        crowd.make(runs, events, seed, timezone.now())
    _prepare()
    warming.warm()  # as the server does
    warming.settle()
    _say(f"{runs:,} runs with {events:,} events are there ({time.monotonic() - began:.0f} s)")
    pages = {**opened.pages(person), **opened.fragments(person)}
    began = time.monotonic()
    found = {name: _measured(open_it, openings) for name, open_it in pages.items()}
    _say(f"{len(found)} pages and fragments opened {openings} times ({time.monotonic() - began:.0f} s)")
    return found


def _say(words: str) -> None:
    print(f"  pages: {words}", file=sys.stderr, flush=True)


def _prepare() -> None:
    """What the jobs do before people look."""
    from django.utils import timezone

    from approvals import digests, outcomes
    from runs import audit, indexing

    audit.verify()
    indexing.index(timezone.now())
    while outcomes.settle():
        pass
    while digests.keep(timezone.now()):
        pass


def _measured(open_it: Callable[[], Any], openings: int) -> dict[str, Any]:
    """The SQL of one opening in ms (middle of some replays, with all rows fetched), its queries, p95 of the whole by
    the clock and by the processor.
    """
    took, worked, queries = [], [], []
    for _ in range(openings):
        begun, worked_before = time.perf_counter(), time.process_time()
        queries = asked(open_it)
        took.append((time.perf_counter() - begun) * 1000)
        worked.append((time.process_time() - worked_before) * 1000)
    times = [(_replayed(query), query[0]) for query in queries]
    slowest = max(times, default=(0.0, ""))
    worst = next((query for query in queries if query[0] == slowest[1]), None)
    return {
        "sql_ms": round(sum(spent for spent, _ in times), 2), "queries": len(queries),
        "p95_ms": _p95(took[1:]), "cpu_ms": _p95(worked[1:]), "slowest_ms": round(slowest[0], 2),
        "slowest": slowest[1][:400],
        "plan": plan(worst) if worst and slowest[0] > 5 else [],
    }  # fmt: skip


def _p95(values: list[float]) -> float:
    return round(statistics.quantiles(values, n=20, method="inclusive")[-1], 1)


def asked(open_it: Callable[[], Any]) -> list[Query]:
    """The reading queries of one opening, with their parameters."""
    from django.db import connection

    found: list[Query] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("SELECT", "WITH")):
            found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        open_it()
    return found


def _replayed(query: Query) -> float:
    from django.db import connection

    spent = []
    for _ in range(REPLAYS):
        with connection.cursor() as cursor:
            begun = time.perf_counter()
            cursor.execute(*query)
            cursor.fetchall()
            spent.append((time.perf_counter() - begun) * 1000)
    return statistics.median(spent)


def plan(query: Query) -> list[str]:
    """How the database goes about it, a line a step."""
    from django.db import connection

    word = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{word} {query[0]}", query[1])
        return [str(row[-1]) for row in cursor.fetchall()]


def table(lines: list[dict[str, Any]]) -> str:
    rows = [f"{'page':38}{'SQL ms':>8}{'at 1/10':>9}{'slope':>7}{'queries':>9}{'p95 ms':>8}{'CPU ms':>8}"]
    for line in sorted(lines, key=lambda line: -line["value"]):
        name = line["name"].removeprefix("ms of SQL: ")
        rows.append(f"{name:38}{line['value']:8.1f}{line.get('tenth_ms', '-')!s:>9}{line.get('slope', '-')!s:>7}"
                    f"{line['queries']:9}{line['p95_ms']:8.1f}{line['cpu_ms']:8.1f}"
                    f"{'  over' * (line['value'] > line['must'])}")  # fmt: skip
        rows += [f"    {step}" for step in line["plan"][:4] if line["value"] > AIM_MS]
    return "\n".join(rows)


def main() -> None:
    read = argparse.ArgumentParser(description=__doc__)
    read.add_argument("--runs", type=int, default=FULL[0])
    read.add_argument("--events", type=int, default=FULL[1])
    read.add_argument("--seed", type=int, default=1)
    read.add_argument(
        "--database",
        default="",
        help=f"URL of an empty or filled database; {OWN}: a server of its own, thrown away; else SQLite",
    )
    read.add_argument("--whole", action="store_true", help="only this size, not a tenth of it too")
    read.add_argument("--inside", nargs=4, type=int, help=argparse.SUPPRESS)
    given = read.parse_args()
    if given.inside:
        print(json.dumps(_inside(*given.inside)))
        return
    lines = measure(False, given.seed, (given.runs, given.events), given.database, only_whole=given.whole)
    print(table(lines))
    out = Path(__file__).parent / "out"
    out.mkdir(exist_ok=True)
    (out / "pages.json").write_text("".join(json.dumps(line) + "\n" for line in lines))


if __name__ == "__main__":
    main()
