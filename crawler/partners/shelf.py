"""Reads lists of resources (CSV): the library that ships, or staff's own; bad lines are named.

A list has the columns `COLUMNS`; several values in a cell stand between semicolons.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import TextIO
from urllib.parse import urlsplit

from crawler.errors import UsageError
from crawler.items import ART_FORMS, OUTCOMES
from crawler.library import KINDS, NATIONS, Resource
from crawler.partners.sheets import TOO_MANY, Cells, lines
from crawler.text import clean

COLUMNS = (
    "key", "title", "publisher", "year", "url", "kind", "outcomes", "art_forms", "nation",
    "summary", "measures", "confirmed",
)  # fmt: skip
_NEEDED = ("key", "title", "publisher", "kind", "nation", "summary")
_LONGEST = {"title": 300, "publisher": 200, "url": 500, "summary": 400, "measures": 400}
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{1,58}[a-z0-9]")
_UNFIT = frozenset(' <>"`\\{}|^')
_YES = {"yes": True, "no": False, "": False}
_FIRST_YEAR = 1900


class Unfit(Exception):  # noqa: N818
    """Raised by `resource` for cells that make no resource; `problems` name each field's reason."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)


@cache
def shipped() -> tuple[Resource, ...]:
    """The library that ships with this version. Raises `UsageError` where it is broken."""
    text = files("crawler.partners").joinpath("resources.csv").read_text(encoding="utf-8")
    found: list[Resource] = []
    for line, one in read(StringIO(text, newline="")):
        if isinstance(one, str):
            raise UsageError(f"resources.csv of this installation, line {line}: {one}")
        found.append(one)
    return tuple(found)


def read(file: TextIO) -> Iterator[tuple[int, Resource | str]]:
    """Each line's number and resource, or why it makes none; the rest is read all the same.

    Raises `UsageError` if the first line does not name the columns that are needed.
    """
    seen: dict[str, int] = {}
    for line, cells in lines(file, COLUMNS, _NEEDED):
        if isinstance(cells, csv.Error):
            yield line, f"it cannot be read ({cells})"
        else:
            yield line, _line(cells, line, seen)


def _line(cells: Cells, line: int, seen: dict[str, int]) -> Resource | str:
    if None in cells:
        return TOO_MANY
    try:
        made = resource({name: cells.get(name) or "" for name in COLUMNS})
    except Unfit as error:
        return str(error)
    if made.key in seen:
        return f"key {made.key} stands in line {seen[made.key]} already"
    seen[made.key] = line
    return made


def resource(cells: Mapping[str, str]) -> Resource:
    """The resource that `cells` by column describe, a missing cell being empty. Raises `Unfit`."""
    said = {name: " ".join(clean(cells.get(name, "")).split()) for name in COLUMNS}
    problems = {name: f"{name} is missing" for name in _NEEDED if not said[name]}
    for name, most in _LONGEST.items():
        if len(said[name]) > most:
            problems[name] = f"{name} is longer than {most} characters"
    if said["key"] and not _KEY.fullmatch(said["key"]):
        problems["key"] = "key may have 3 to 60 small letters, digits and hyphens, such as who-2019"
    kind = next((one for one in KINDS if one == said["kind"]), KINDS[0])
    nation = next((one for one in NATIONS if one == said["nation"]), NATIONS[0])
    for name, allowed in (("kind", KINDS), ("nation", NATIONS)):
        if said[name] and said[name] not in allowed:
            problems[name] = f"{name} {said[name][:40]!r} is none of {', '.join(allowed)}"
    outcomes = _codes("outcomes", said["outcomes"], OUTCOMES, problems)
    art_forms = _codes("art_forms", said["art_forms"], ART_FORMS, problems)
    year = _year(said["year"], problems)
    if said["url"] and not fit(said["url"]):
        problems["url"] = "url is no web address such as https://example.org/report"
    if said["confirmed"].lower() not in _YES:
        problems["confirmed"] = "confirmed must be yes or no"
    if problems:
        raise Unfit({name: problems[name] for name in COLUMNS if name in problems})
    return Resource(
        key=said["key"],
        title=said["title"],
        publisher=said["publisher"],
        kind=kind,
        nation=nation,
        summary=said["summary"],
        year=year,
        url=said["url"],
        outcomes=outcomes,
        art_forms=art_forms,
        measures=_values(said["measures"]),
        confirmed=_YES[said["confirmed"].lower()],
    )


def cells(one: Resource) -> dict[str, str]:
    """The cells from which `resource` makes the same again."""
    return {
        "key": one.key,
        "title": one.title,
        "publisher": one.publisher,
        "year": "" if one.year is None else str(one.year),
        "url": one.url,
        "kind": one.kind,
        "outcomes": ";".join(one.outcomes),
        "art_forms": ";".join(one.art_forms),
        "nation": one.nation,
        "summary": one.summary,
        "measures": ";".join(one.measures),
        "confirmed": "yes" if one.confirmed else "no",
    }


def fit(url: str) -> bool:
    """Whether `url` is a web address that may be shown and asked: with a host, without a user."""
    if not url.isprintable() or _UNFIT.intersection(url):
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and "." in host and "@" not in parts.netloc


def _values(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in cell.split(";") if part.strip()))


def _codes(
    name: str, cell: str, known: tuple[str, ...], problems: dict[str, str]
) -> tuple[str, ...]:
    found = _values(cell)
    unknown = [one for one in found if one not in known]
    if unknown:
        problems[name] = f"{name} {unknown[0][:40]!r} is none of {', '.join(known)}"
    return tuple(one for one in known if one in found)


def _year(cell: str, problems: dict[str, str]) -> int | None:
    if not cell:
        return None
    if not (cell.isascii() and cell.isdigit() and len(cell) == 4 and int(cell) >= _FIRST_YEAR):
        problems["year"] = f"year {cell[:10]!r} is no year such as 2024"
        return None
    return int(cell)
