"""The CSV file of subscribers: a line for each subscription, written and read to the letter.

A person with several subscriptions has several lines with the same address. Spreadsheets run cells
that begin with ``= + - @``: such a cell is written with an apostrophe before it, which reading
takes away again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import TextIO

from crawler import dates, text
from crawler.digest.wishes import (
    SCHEDULE_FIELDS,
    WISH_FIELDS,
    Asked,
    WishErrors,
    cell,
    read,
    spelled,
)
from crawler.digest.wording import plain
from crawler.errors import UsageError
from crawler.mailboxes import address
from crawler.store.subscribers import STATES, State, Subscriber

COLUMNS = ("email", "organisation", "state", "paused_until", *SCHEDULE_FIELDS, *WISH_FIELDS)
LARGEST = 64 * 1024 * 1024
_RISKY = ("=", "+", "-", "@", "\t", "\r")
_BETWEEN = (",", ";", "\t")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One good line: a person and one of their subscriptions. `has` names the file's columns."""

    number: int
    email: str
    organisation: str | None
    state: State | None
    paused_until: datetime | None
    asked: Asked
    has: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that cannot be meant, and why; `email` as far as it could be read."""

    number: int
    reason: str
    email: str | None = None


def write(people: Iterable[Subscriber], file: TextIO) -> int:
    """Writes everybody to `file` under a heading; how many people."""
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(COLUMNS)
    count = 0
    for person in people:
        count += 1
        for wish in person.subscriptions:
            words = {name: cell(values) for name, values in spelled(wish, person.schedule).items()}
            words |= {
                "email": person.email,
                "organisation": person.organisation or "",
                "state": person.state,
                "paused_until": person.paused_until.isoformat() if person.paused_until else "",
            }
            rows.writerow([guarded(words[name]) for name in COLUMNS])
    return count


def guarded(words: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{words}" if words.lstrip("'").startswith(_RISKY) else words


def unguarded(words: str) -> str:
    """The cell as it was before `guarded`."""
    return words[1:] if words[:1] == "'" and words.lstrip("'").startswith(_RISKY) else words


def decoded(raw: bytes, name: str) -> str:
    """The text of a file. Raises `UsageError` for one that is too large or not in UTF-8."""
    if len(raw) > LARGEST:
        raise UsageError(f"{name} has more than {LARGEST >> 20} MB. Import it in parts.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{name} is not in UTF-8 (line {line}). Save it as “CSV UTF-8” and import it again."
        ) from error


def lines(content: str, name: str) -> Iterator[Line | BadLine]:
    """Every line of a file's `content`. Raises `UsageError` for a heading that cannot be meant."""
    heading = content.partition("\n")[0]
    between = max(_BETWEEN, key=heading.count)
    rows = csv.reader(io.StringIO(content, newline=""), delimiter=between)
    columns = _columns(next(rows, []), name)
    while True:
        number = rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadLine(number=number, reason=f"cannot be read ({error})")
            continue
        if any(one.strip() for one in cells):
            yield _line(number, columns, cells)


def _columns(heading: list[str], name: str) -> list[str]:
    columns = [text.key(one).replace(" ", "_") for one in heading]
    for typed, column in zip(heading, columns, strict=True):
        if column not in COLUMNS:
            near = get_close_matches(column, COLUMNS, n=1)
            perhaps = f"; did you mean {near[0]}?" if near else "."
            raise UsageError(
                f"{name} has a column ‘{plain(typed, 40)}’, which is not known{perhaps}"
                f" Columns are: {', '.join(COLUMNS)}."
            )
        if columns.count(column) > 1:
            raise UsageError(f"{name} has two columns {column}. Take one of them out.")
    if "email" not in columns:
        raise UsageError(f"{name} has no column email. Columns are: {', '.join(COLUMNS)}.")
    return columns


def _line(number: int, columns: list[str], cells: list[str]) -> Line | BadLine:
    if len(cells) != len(columns):
        return BadLine(
            number=number,
            reason=f"has {len(cells)} cells, but the heading {len(columns)};"
            " is a quotation mark or a separator missing or too many?",
        )
    row = {name: unguarded(words) for name, words in zip(columns, cells, strict=True)}
    try:
        email = address(row["email"])
    except UsageError as error:
        return BadLine(number=number, reason=str(error))
    try:
        return Line(
            number=number,
            email=email,
            organisation=row.get("organisation") or None,
            state=_state(row),
            paused_until=_until(row),
            asked=read(row),
            has=frozenset(columns),
        )
    except WishErrors as errors:
        reason = " ".join(f"{name}: {words}" for name, words in errors.problems.items())
        return BadLine(number=number, reason=reason, email=email)
    except UsageError as error:
        return BadLine(number=number, reason=str(error), email=email)


def _state(row: Mapping[str, str]) -> State | None:
    typed = row.get("state", "").strip().lower()
    for state in STATES:
        if state == typed:
            return state
    if typed:
        raise UsageError(
            f"state: ‘{plain(typed, 40)}’ is not known. Write one of {', '.join(STATES)}."
        )
    return None


def _until(row: Mapping[str, str]) -> datetime | None:
    typed = row.get("paused_until", "").strip()
    found = dates.parse(typed[:60]) if typed else None
    if typed and found is None:
        raise UsageError(
            f"paused_until: ‘{plain(typed, 40)}’ is no date. Write one such as 2026-09-30."
        )
    return found
