"""Reads a list of possible partners (CSV) into rows; a broken line is named, the rest is read."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from crawler.partners.bodies import Row
from crawler.partners.sheets import TOO_MANY, Cells, lines
from crawler.places import authority as known
from crawler.places import regions

COLUMNS = (
    "name", "alt_name", "source", "discipline", "la_name", "la_gss", "itl1_code", "postcode",
    "website", "amount_gbp", "extra",
)  # fmt: skip
_NEEDED = ("name", "source")
_LONGEST = 300
_CHARITIES = ("GB-CHC-", "GB-SC-", "GB-NIC-")


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that could not be read, and why, in words."""

    line: int
    reason: str


def read(file: TextIO) -> Iterator[Row | BadLine]:
    """The rows of a list with `COLUMNS` (``name`` and ``source`` must be filled).

    Raises `UsageError` if the first line does not name the columns that are needed.
    """
    for line, cells in lines(file, COLUMNS, _NEEDED):
        if isinstance(cells, csv.Error):
            yield BadLine(line=line, reason=str(cells))
        else:
            yield _row(cells, line)


def _row(cells: Cells, line: int) -> Row | BadLine:
    if None in cells:
        return BadLine(line=line, reason=TOO_MANY)
    said = {name: " ".join((cells.get(name) or "").split()) for name in COLUMNS}
    for name in _NEEDED:
        if not said[name]:
            return BadLine(line=line, reason=f"it has no {name}")
    if any("\ud800" <= letter <= "\udfff" for words in said.values() for letter in words):
        return BadLine(line=line, reason="it is not UTF-8 text")
    long = next((name for name, words in said.items() if len(words) > _LONGEST), None)
    if long:
        return BadLine(line=line, reason=f"{long} is longer than {_LONGEST} characters")
    region, authority = said["itl1_code"].upper(), said["la_gss"].upper()
    if region and not (len(region) == 3 and region.startswith("TL")):
        return BadLine(line=line, reason=f"itl1_code {region!r} is no ITL1 code, such as TLD")
    if authority and len(authority) != 9:
        return BadLine(line=line, reason=f"la_gss {authority!r} is no GSS code, such as E08000003")
    if region and region not in regions():
        return BadLine(line=line, reason=f"itl1_code {region!r} is no region of the UK")
    if authority and known(authority) is None:
        return BadLine(line=line, reason=f"la_gss {authority!r} is no authority that we know")
    discipline = said["discipline"]
    coded = ";" in discipline or discipline[:2].isupper()
    return Row(
        name=said["name"],
        source=said["source"],
        disciplines=tuple(discipline.split(";")) if coded else (discipline,) if discipline else (),
        alternative=said["alt_name"] or None,
        region=region or None,
        authority=authority or None,
        postcode=said["postcode"].upper() or None,
        website=_website(said["website"]),
        charity=said["extra"] if said["extra"].startswith(_CHARITIES) else None,
    )


def _website(words: str) -> str | None:
    """A web address to link to; what has no scheme gets one, what is none is left out."""
    if not words or " " in words or "." not in words:
        return None
    if not words.lower().startswith(("http://", "https://")):
        words = f"https://{words}" if "://" not in words and "@" not in words else ""
    return words or None
