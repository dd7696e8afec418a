"""What the jobs took, told: as a table on the screen, as `bench/out/jobs.json`, as the table of docs/jobs.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bench.hands import Effort
from bench.jobs_desk import Done

OUT = Path(__file__).resolve().parent / "out" / "jobs.json"
DOCS = Path(__file__).resolve().parent.parent / "docs" / "jobs.md"
BEGINS, ENDS = "<!-- measured: python -m bench.jobs --docs -->", "<!-- end -->"
WAYS = ("keyboard", "mouse", "phone")


def table(done: Sequence[Done]) -> str:
    """One line for each job and way, columns aligned."""
    lines = [("job", "by", "clicks", "keys", "fields", "waited", "agent")]
    for one in done:
        effort = one.effort
        counts = (str(number) for number in (effort.clicks, effort.keys, effort.fields))
        lines.append((one.job, one.way, *counts, f"{effort.waited:.1f} s", f"{effort.agent:.1f} s"))
    widths = [max(len(line[at]) for line in lines) for at in range(7)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def keep(done: Sequence[Done]) -> None:
    """Writes them; what was measured before of other jobs stays."""
    known = {(one.job, one.way): one for one in load()} | {(one.job, one.way): one for one in done}
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([asdict(one) for one in known.values()], indent=1) + "\n")


def load() -> list[Done]:
    if not OUT.exists():
        return []
    return [Done(one["job"], one["way"], Effort(**one["effort"])) for one in json.loads(OUT.read_text())]


def cell(effort: Effort) -> str:
    """`5 keys, 1 field`; what there was none of is left out."""
    counted = ((effort.clicks, "click"), (effort.keys, "key"), (effort.fields, "field"))
    return ", ".join(f"{number} {name}{'s' if number > 1 else ''}" for number, name in counted if number)


def cells(done: Sequence[Done]) -> dict[tuple[str, str], str]:
    return {(one.job, one.way): cell(one.effort) for one in done}


def markdown(done: Sequence[Done], order: Sequence[str], known: dict[tuple[str, str], str] | None = None) -> str:
    """The table of docs/jobs.md, a row for each job; what was not done now stands as it is known."""
    told = (known or {}) | cells(done)
    lines = ["| job | by keyboard | by mouse | on a phone |", "| --- | --- | --- | --- |"]
    lines += [f"| {job} | {' | '.join(told.get((job, way), '') for way in WAYS)} |" for job in order]
    return "\n".join(lines)


def rows(text: str) -> list[list[str]]:
    """The cells of each row of the docs' table, the job first."""
    lines = text.split(BEGINS)[1].split(ENDS)[0].strip().splitlines()[2:]
    return [[part.strip() for part in line.strip()[1:-1].split("|")] for line in lines]


def in_docs(text: str) -> dict[tuple[str, str], str]:
    """What the docs claim, by job and way."""
    claims = {}
    for job, *told in rows(text):
        claims |= {(job, way): said for way, said in zip(WAYS, told, strict=True) if said}
    return claims


def differences(done: Sequence[Done]) -> list[str]:
    """Where the docs tell other counts than were measured now."""
    claims, told = in_docs(DOCS.read_text()), cells(done)
    return [
        f"docs/jobs.md says {claims.get(key, 'nothing')!r} of {' by '.join(key)}, measured: {said!r}"
        for key, said in told.items()
        if claims.get(key) != said
    ]


def write_docs(done: Sequence[Done]) -> None:
    """The table of docs/jobs.md anew, its rows in their order, new ones at the end."""
    text = DOCS.read_text()
    order = list(dict.fromkeys([row[0] for row in rows(text)] + [one.job for one in done]))
    head, rest = text.split(BEGINS)
    DOCS.write_text(f"{head}{BEGINS}\n{markdown(done, order, in_docs(text))}\n{ENDS}{rest.split(ENDS)[1]}")
