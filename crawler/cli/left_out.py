"""What an import of possible partners left out: whole lines, and cells of lines that went in."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

import typer

from crawler.digest.wording import count, listing
from crawler.errors import UsageError
from crawler.jobs.export import cell
from crawler.jobs.organisations import Imported

_SHOWN = 10
"""How many of one kind are named on a screen; the rest is counted."""

_COLUMNS = ("line", "field", "value", "reason")


def tell(name: str, done: Imported) -> None:
    """Names on stderr what was left out of the file `name`: some of each kind, how many more."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for bad in done.refused:
        kinds[""].append(f"{name}, line {bad.line}: {bad.reason}. It was left out.")
    for one in done.left_out:
        said = f"{name}, line {one.line}, {one.field} ‘{one.value}’: {one.reason}."
        kinds[one.field].append(f"{said} The line is in without it.")
    for field, told in kinds.items():
        for words in told[:_SHOWN]:
            typer.echo(words, err=True)
        if len(told) > _SHOWN:
            rest = f"and {len(told) - _SHOWN:,} more {field or 'lines'}"
            typer.echo(f"{rest}: --report FILE.csv writes them all.", err=True)


def records(done: Imported) -> list[dict[str, Any]]:
    """Everything that was left out as plain data, by line; a whole line has no field."""
    whole = [{"line": one.line, "reason": one.reason} for one in done.refused]
    cells = [{name: getattr(one, name) for name in _COLUMNS} for one in done.left_out]
    return sorted([*whole, *cells], key=lambda record: record["line"])


def write(path: Path, done: Imported) -> None:
    """Writes everything that was left out to a CSV file that is safe to open in a spreadsheet.

    Raises `UsageError` where the file cannot be written; the list is in all the same.
    """
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            writer.writerows(
                [cell(record.get(name)) for name in _COLUMNS] for record in records(done)
            )
    except OSError as error:
        raise UsageError(
            f"--report {path} cannot be written ({error.strerror}). The list is in; name another"
            " file and import it again, which changes nothing."
        ) from error


def summary(done: Imported) -> str:
    """How many bodies went in, and how much was left out, in a sentence or two."""
    bodies = count(done.new, "new body", "new bodies")
    lines = count(len(done.refused), "line")
    said = f"{bodies}, {done.changed} changed, {done.same} the same; {lines} refused."
    by_field: dict[str, int] = defaultdict(int)
    for one in done.left_out:
        by_field[one.field] += 1
    if not by_field:
        return said
    cells = count(len(done.left_out), "cell")
    fields = listing([f"{number} {field}" for field, number in sorted(by_field.items())])
    return f"{said} {cells} left out of lines that went in: {fields}."
