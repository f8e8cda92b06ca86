"""Every name of a place that the tables know, and what it stands for.

Regions and nations come first, then living authorities with their other names, then areas above
councils (counties, ITL 2 and 3, parts of London), then towns, then abolished authorities: an
earlier kind keeps a name that a later one shares, so "West Midlands" is the region.
``areas.csv``, ``towns.csv`` and ``names.csv`` are kept by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from crawler.places import tables
from crawler.places.authorities import COMBINED, Authority, authorities, current
from crawler.places.regions import regions
from crawler.places.wording import key

NATIONWIDE = frozenset(
    {
        "all", "all regions", "all uk", "any", "any region", "british isles", "england",
        "england and wales", "england only", "gb", "great britain", "national", "nationwide", "uk",
        "uk wide", "united kingdom", "whole of uk", "whole of the uk", "throughout the uk",
        "united kingdom of great britain and northern ireland",
    }
)  # fmt: skip
LONGEST = 9
# Names that hold a place's name and mean no one place: as longer names they win over it.
_NOWHERE = (
    "bank of scotland", "britain and northern ireland", "duke of edinburgh", "duke of york",
    "edinburgh award", "hyde park", "england and wales", "england scotland", "england wales",
    "england scotland and wales", "great britain and northern ireland", "london gateway",
    "london living wage", "new south wales", "prince of wales", "princess of wales",
    "northern ireland scotland", "scotland and northern ireland", "scotland and wales",
    "scotland wales", "scotland wales and northern ireland", "wales and northern ireland",
    "wales and scotland", "wales northern ireland", "wales scotland", "oxford university press",
    "cambridge assessment", "cambridge university press", "lancaster house", "wales and england",
)  # fmt: skip
_REGION_ALIASES = {
    "TLE": ("Yorkshire & the Humber", "Yorks and Humber"),
    "TLI": ("Greater London",),
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A named place: its ITL1 regions and, when it lies in one authority, that one's GSS code.

    `sort` is ``region``, ``authority``, ``area`` or ``town``. No regions: several towns share it.
    """

    name: str
    sort: str
    regions: tuple[str, ...]
    gss: str | None = None


@cache
def spots() -> dict[str, Spot]:
    """Places by the key of their names."""
    found: dict[str, Spot] = {}
    for name, spot in _all():
        found.setdefault(name, spot)
    return found


def _all() -> Iterator[tuple[str, Spot]]:
    for code, region in regions().items():
        spot = Spot(region, "region", (code,))
        for name in (region, *_REGION_ALIASES.get(code, ())):
            yield key(name), spot
            yield f"{key(name)} england", spot
            yield f"{key(name)} region", spot
    yield from _authorities()
    for body in authorities().values():
        if body.ended:
            yield key(body.name), _heirs(body)
    for row in tables.rows("areas.csv"):
        yield key(row["name"]), _area(row)
    for row in tables.rows("towns.csv"):
        yield key(row["name"]), _town(row["name"], tables.codes(row["gss"]))
    for body in authorities().values():
        if body.ended:
            yield key(body.short_name), _heirs(body)
    for name in _NOWHERE:
        yield name, Spot(name, "area", ())


def _authorities() -> Iterator[tuple[str, Spot]]:
    known = authorities()
    for body in known.values():
        if body.ended is None:
            yield key(body.name), Spot(body.short_name, "authority", body.regions, body.gss)
    for body in known.values():
        # Short names of combined authorities are those of regions and counties.
        if body.ended is None and body.kind not in COMBINED:
            for name in (body.short_name, *body.aliases):
                yield key(name), Spot(body.short_name, "authority", body.regions, body.gss)
    for row in tables.rows("names.csv"):
        body = known[row["gss"]]
        yield key(row["name"]), Spot(body.short_name, "authority", body.regions, body.gss)


def _area(row: dict[str, str]) -> Spot:
    return Spot(row["name"], "area", tables.codes(row["regions"]), row["gss"] or None)


def _town(name: str, codes: tuple[str, ...]) -> Spot:
    found = {region for code in codes for region in authorities()[code].regions}
    gss = codes[0] if len(codes) == 1 else None
    return Spot(name, "town", tuple(found) if len(found) == 1 else (), gss)


def _heirs(body: Authority) -> Spot:
    heirs = current(body)
    found = sorted({region for heir in heirs for region in heir.regions})
    return Spot(body.short_name, "area", tuple(found), heirs[0].gss if len(heirs) == 1 else None)


@cache
def areas() -> dict[str, Spot]:
    """ITL 2 and 3 areas by code (``TLM75``). Where one authority fills the area, it is named."""
    return {row["code"]: _area(row) for row in tables.rows("areas.csv") if row["code"]}


def spans(words: list[str], limit: int = LONGEST) -> Iterator[tuple[int, int, str]]:
    """Runs of `words` as (start, stop, joined), the longest first, from left to right."""
    count = len(words)
    for length in range(min(limit, count), 0, -1):
        for start in range(count - length + 1):
            yield start, start + length, " ".join(words[start : start + length])
