"""Outcodes (``GL1`` of ``GL1 1EP``): where they lie, and their shares of authorities and regions.

Source: ONS Postcode Directory (OGL v3; contains OS, Royal Mail and National Statistics data), in
``outcodes.csv``: an outcode's share of an authority is the share of its postcodes, 0 to 1.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache

from crawler.places import tables
from crawler.places.authorities import authorities

Shares = tuple[tuple[str, float], ...]
_FULL = re.compile(r"^([A-Z]{1,2}[0-9][A-Z0-9]?)[0-9][A-Z]{2}$")
_OUT = re.compile(r"^[A-Z]{1,2}[0-9][A-Z0-9]?$")
_NOT_ALNUM = re.compile(r"[^A-Z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcode:
    """One outcode: its middle in degrees (WGS84), and its shares, the largest first.

    `authorities` pairs GSS codes, `regions` ITL1 codes with a share from 0 to 1. A postcode area
    (``GL``) that stands in for an outcode which the table lacks has the area as its `code`.
    """

    code: str
    lat: float
    lon: float
    postcodes: int
    authorities: Shares
    regions: Shares


def of_postcode(text: str) -> str | None:
    """The outcode of a postcode or outcode, however spaced or cased; None if it is neither."""
    if len(text) > 16:
        return None
    joined = _NOT_ALNUM.sub("", text.upper())
    if full := _FULL.match(joined):
        return full[1]
    first = _NOT_ALNUM.split(text.upper().strip(), maxsplit=1)[0]
    return first if _OUT.match(first) else None


@cache
def _table() -> dict[str, dict[str, str]]:
    return {row["outcode"]: row for row in tables.rows("outcodes.csv")}


@lru_cache(maxsize=8192)
def outcode(postcode: str) -> Outcode | None:
    """What is known of the outcode of this postcode, else of its postcode area, else None."""
    code = of_postcode(postcode)
    if code is None:
        return None
    # SW1A and its like are sometimes written for a table that has only SW1.
    for known in (code, code[:-1] if code[-1].isalpha() else code):
        if known in _table():
            return _made(_table()[known])
    return _areas().get(_area(code))


def _area(code: str) -> str:
    return code[:2].rstrip("0123456789")


def _made(row: dict[str, str]) -> Outcode:
    shares = _shares(row["shares"])
    return Outcode(
        code=row["outcode"],
        lat=float(row["lat"]),
        lon=float(row["lon"]),
        postcodes=int(row["postcodes"]),
        authorities=shares,
        regions=_regions(shares),
    )


def _shares(cell: str) -> Shares:
    pairs = (part.partition(":") for part in cell.split("|"))
    return tuple((gss, float(share or 1)) for gss, _, share in pairs)


def _regions(shares: Shares) -> Shares:
    known = authorities()
    sums: dict[str, float] = defaultdict(float)
    for gss, share in shares:
        sums[known[gss].region] += share
    total = sum(sums.values())
    ordered = sorted(sums.items(), key=lambda pair: -pair[1])
    return tuple((code, round(share / total, 3)) for code, share in ordered)


@cache
def _areas() -> dict[str, Outcode]:
    """Every postcode area as the sum of its outcodes, weighted by their postcodes."""
    members: dict[str, list[Outcode]] = defaultdict(list)
    for row in _table().values():
        members[_area(row["outcode"])].append(_made(row))
    return {area: _sum(area, outs) for area, outs in members.items()}


def _sum(area: str, outs: list[Outcode]) -> Outcode:
    total = sum(out.postcodes for out in outs)
    sums: dict[str, float] = defaultdict(float)
    for out in outs:
        for gss, share in out.authorities:
            sums[gss] += share * out.postcodes / total
    shares = tuple(sorted(sums.items(), key=lambda pair: -pair[1]))
    return Outcode(
        code=area,
        lat=sum(out.lat * out.postcodes for out in outs) / total,
        lon=sum(out.lon * out.postcodes for out in outs) / total,
        postcodes=total,
        authorities=shares,
        regions=_regions(shares),
    )
