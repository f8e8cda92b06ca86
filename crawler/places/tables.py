"""Reads the tables that ship beside this module. Who asks keeps what it made of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.resources import files


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of ``name`` (a CSV file of this package), each by column."""
    with files(__package__).joinpath(name).open(encoding="utf-8") as handle:
        yield from csv.DictReader(handle)


def codes(cell: str) -> tuple[str, ...]:
    """The parts of a cell that lists several: ``"TLE|TLF"``."""
    return tuple(cell.split("|")) if cell else ()
