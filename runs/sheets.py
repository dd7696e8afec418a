"""Tables of rows to start runs from: read from CSV, columns mapped to variables, each wrong line named. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from django.utils.translation import gettext as _

from runs import recipes
from runs.recipes import Variable

MOST_ROWS = 2000
MOST_BYTES = 1_000_000
_MOST_PROBLEMS = 100
_RISKY = ("=", "+", "-", "@", "\t", "\r")


class Unreadable(ValueError):
    """The table can't be read: one sentence that names the line where it can."""


@dataclass(frozen=True)
class Row:
    """One row of the table; `line` is where it begins in the file, counted from 1."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A table as it was read."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line."""

    line: int
    column: str
    said: str


@dataclass
class Checked:
    """A table under a mapping: values by variable for each row, and what stands in the way."""

    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    more_problems: int = 0

    def add(self, problem: Problem) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(problem)
        else:
            self.more_problems += 1


def read(text: str) -> Sheet:
    """The table in a CSV text with a head line; comma, semicolon or tab. Unreadable with the reason."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise Unreadable(_("The table is empty: give a line of column names, then a line for each run."))
    if "\x00" in text:
        raise Unreadable(_("This is no text: save the table as CSV first."))
    rows = list(_lines(text))
    head, body = tuple(name.strip()[:80] for name in rows[0].cells), rows[1:]
    if not any(head):
        raise Unreadable(_("Line %(line)d should hold the names of the columns.") % {"line": rows[0].line})
    doubled = sorted({name for name in head if name and head.count(name) > 1})
    if doubled:
        raise Unreadable(_("Two columns have the name “%(name)s”.") % {"name": doubled[0]})
    if not body:
        raise Unreadable(_("The table has column names, but no row below them."))
    if len(body) > MOST_ROWS:
        raise Unreadable(_("%(rows)d rows; at most %(most)d at once.") % {"rows": len(body), "most": MOST_ROWS})
    return Sheet(head, tuple(body))


def _lines(text: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text), delimiter=_delimiter(text), strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Row(line, tuple(cells))
            line = reader.line_num + 1
    except csv.Error as problem:
        raise Unreadable(_("Line %(line)d: %(said)s.") % {"line": line, "said": problem}) from problem


def _delimiter(text: str) -> str:
    head = next(line for line in text.split("\n") if line.strip())
    return max((",", ";", "\t"), key=head.count)


def suggest(sheet: Sheet, variables: Iterable[Variable]) -> dict[str, str]:
    """Which column is which variable, by their names."""
    by_name = {_plain(column): column for column in sheet.columns if column}
    return {one.name: by_name[_plain(one.name)] for one in variables if _plain(one.name) in by_name}


def _plain(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def check(sheet: Sheet, text: str, variables: Sequence[Variable], mapping: Mapping[str, str]) -> Checked:
    """Each row's values, and every problem with its line: nothing is started while there is one."""
    found = Checked()
    places = {one.name: sheet.columns.index(mapping[one.name]) for one in variables if mapping.get(one.name)}
    for one in variables:
        if one.name not in places:
            found.add(Problem(1, one.name, _("No column is chosen for this variable.")))
    for row in sheet.rows:
        values = _values(row, sheet, variables, places, found)
        if len(row.cells) > len(sheet.columns) and any(cell.strip() for cell in row.cells[len(sheet.columns) :]):
            told = {"cells": len(row.cells), "columns": len(sheet.columns)}
            found.add(Problem(row.line, "", _("%(cells)d cells, but %(columns)d columns.") % told))
        if len(recipes.fill(text, values)) > recipes.LONGEST_TASK:
            found.add(Problem(row.line, "", _("The sentence is too long.")))
        found.rows.append((row.line, values))
    return found


def _values(
    row: Row, sheet: Sheet, variables: Iterable[Variable], places: Mapping[str, int], found: Checked
) -> dict[str, str]:
    values = {}
    for one in variables:
        if one.name not in places:
            continue
        place = places[one.name]
        value = row.cells[place].strip() if place < len(row.cells) else ""
        if said := recipes.problem(one, value):
            found.add(Problem(row.line, sheet.columns[place], said))
        values[one.name] = value
    return values


def written(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A table as lines of CSV that no spreadsheet takes for formulas."""
    for row in chain([head], rows):
        out = io.StringIO()
        csv.writer(out).writerow([safe(cell) for cell in row])
        yield out.getvalue()


def safe(cell: Any) -> Any:
    """A cell that no spreadsheet carries out."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_RISKY) else cell
