"""Reads a list of possible partners (CSV) into rows; what is broken is named, the rest is read.

A line without a name or a list's name is refused. A cell that cannot be meant (a region that is
none, a postcode of nowhere) costs that cell alone, and is named with its line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TextIO

from crawler.partners.bodies import Row
from crawler.partners.disciplines import meaning
from crawler.partners.sheets import TOO_MANY, Cells, lines
from crawler.partners.shelf import fit
from crawler.places import authority as known
from crawler.places import outcode, regions
from crawler.places.authorities import COMBINED, authorities, current
from crawler.places.council_names import cores, names
from crawler.places.regions import of_code
from crawler.places.wording import key
from crawler.text import one_line

COLUMNS = (
    "name", "alt_name", "source", "discipline", "la_name", "la_gss", "itl1_code", "postcode",
    "website", "amount_gbp", "extra",
)  # fmt: skip
_NEEDED = ("name", "source")
_LONGEST = 300
_SHOWN = 60
_CHARITIES = ("GB-CHC-", "GB-SC-", "GB-NIC-")
_NO_AUTHORITY = "it is no authority that we know"
_UNREADABLE = "it is not UTF-8 text"
_TOO_LONG = f"it is longer than {_LONGEST} characters"


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that could not be read, and why, in words."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BadCell:
    """A cell that was left out of a line that was read.

    `field` is its column; `value` what stands in it, for showing: on one line, cut, printable.
    """

    line: int
    field: str
    value: str
    reason: str


class _Line:
    """The cells of one line: each is asked for as what it should be, and complains if it is not."""

    def __init__(self, said: dict[str, str], line: int) -> None:
        self._said = said
        self._line = line
        self.bad: list[BadCell] = []

    def without(self, field: str, reason: str, value: str | None = None) -> None:
        """Leaves `value` (if None, the whole cell) out."""
        told = self._said[field] if value is None else value
        shown = "".join(letter if letter.isprintable() else " " for letter in told[:_LONGEST])
        cut = one_line(shown, _SHOWN)
        self.bad.append(BadCell(line=self._line, field=field, value=cut, reason=reason))

    def words(self, field: str) -> str:
        """What stands in the cell, if it can be read."""
        said = self._said[field]
        if len(said) > _LONGEST:
            self.without(field, _TOO_LONG)
        elif _broken(said):
            self.without(field, _UNREADABLE)
        else:
            return said
        return ""


def read(file: TextIO) -> Iterator[Row | BadLine | BadCell]:
    """The rows of a list with `COLUMNS` (``name`` and ``source`` must be filled).

    The cells that were left out of a row come before it. Raises `UsageError` if the first line does
    not name the columns that are needed.
    """
    for line, cells in lines(file, COLUMNS, _NEEDED):
        if isinstance(cells, csv.Error):
            yield BadLine(line=line, reason=str(cells))
        else:
            yield from _row(cells, line)


def _row(cells: Cells, line: int) -> Iterator[Row | BadLine | BadCell]:
    said = {name: " ".join((cells.get(name) or "").split()) for name in COLUMNS}
    reason = TOO_MANY if None in cells else _refusal(said)
    if reason:
        yield BadLine(line=line, reason=reason)
        return
    told = _Line(said, line)
    extra = told.words("extra")
    row = Row(
        name=said["name"],
        source=said["source"],
        disciplines=_disciplines(told),
        alternative=told.words("alt_name") or None,
        region=_region(told),
        authority=_authority(told),
        postcode=_postcode(told),
        website=_website(told),
        charity=extra if extra.startswith(_CHARITIES) else None,
    )
    yield from told.bad
    yield row


def _refusal(said: dict[str, str]) -> str | None:
    """Why the line makes no row: it does not say who is meant, or who says so."""
    for name in _NEEDED:
        if not said[name]:
            return f"it has no {name}"
        if _broken(said[name]):
            return _UNREADABLE
        if len(said[name]) > _LONGEST:
            return f"{name} is longer than {_LONGEST} characters"
    return None


def _broken(words: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in words)


def _disciplines(told: _Line) -> tuple[str, ...]:
    """The list's words. One that we do not know stays among them: we may learn it."""
    words = told.words("discipline")
    found = tuple(words.split(";")) if words else ()
    for one in dict.fromkeys(found):
        if one.strip() and meaning(one) is None:
            told.without("discipline", "we know no art form of this name", one)
    return found


def _region(told: _Line) -> str | None:
    words = told.words("itl1_code")
    code = of_code(words) or _regions_by_name().get(key(words))
    if code in regions():
        return code
    if words:
        told.without("itl1_code", "it is no region of the UK, such as TLD or North West")
    return None


@cache
def _regions_by_name() -> dict[str, str]:
    return {key(name): code for code, name in regions().items()}


def _authority(told: _Line) -> str | None:
    """The authority of the code as it is written; without a code, the one of that name."""
    code, words = told.words("la_gss").upper(), told.words("la_name")
    if code and known(code):
        return code
    if code:
        told.without("la_gss", f"{_NO_AUTHORITY}, such as E08000003")
    if not words:
        return None
    heirs = {heir.gss for gss in _named(words) for heir in current(authorities()[gss])}
    if len(heirs) == 1:
        return heirs.pop()
    if not code:
        told.without("la_name", "it could be several authorities" if heirs else _NO_AUTHORITY)
    return None


def _named(words: str) -> tuple[str, ...]:
    """GSS codes of what `words` may name: ``Leeds City Council``, ``Leeds``, ``Bristol, City of``.

    Abolished authorities are among them.
    """
    place, comma, kind = words.partition(",")
    ways = (words, f"{kind} {place}", place) if comma else (words, f"{words} council")
    for one in ways:
        name = key(one).removeprefix("the ")
        if found := names().get(name) or _places().get(name):
            return found
    return ()


@cache
def _places() -> dict[str, tuple[str, ...]]:
    """GSS codes by the bare name of the place."""
    found: dict[str, dict[str, None]] = {}
    for body in authorities().values():
        if body.kind not in COMBINED:
            for name in cores(body):
                found.setdefault(name, {})[body.gss] = None
    return {name: tuple(codes) for name, codes in found.items()}


def _postcode(told: _Line) -> str | None:
    words = told.words("postcode").upper()
    if not words or outcode(words):
        return words or None
    told.without("postcode", "it is no postcode of the UK, such as LS1 1UR")
    return None


def _website(told: _Line) -> str | None:
    """A web address to link to; what has no scheme gets one."""
    words = told.words("website")
    if not words:
        return None
    address = words if "://" in words else f"https://{words}"
    if fit(address):
        return address
    told.without("website", "it is no web address, such as https://example.org")
    return None
