"""Local authorities of the UK, living and abolished, by GSS code.

Source: mySociety's table of UK local authorities (CC BY 4.0), in ``authorities.csv``. The 25
Northern Irish districts of before April 2015 have no GSS code there and keep the table's own.
Integrated care boards (ONS, OGL v3) lie in ``boards.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from crawler.places import tables

_NATIONS = {"E": "England", "W": "Wales", "S": "Scotland", "N": "Northern Ireland"}
COMBINED = frozenset({"combined_authority", "strategic_regional_authority"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """One local authority. `lat` and `lon` are its middle in degrees (WGS84), where known.

    `kind` is one of ``county district unitary metropolitan london_borough city_corporation
    scottish welsh ni combined_authority strategic_regional_authority``. `regions` holds ITL1
    codes, more than one only for combined authorities. `county` and `combined_authority` are GSS
    codes. `ended` is the first day without it; `successors` are GSS codes.
    """

    gss: str
    name: str
    short_name: str
    kind: str
    nation: str
    regions: tuple[str, ...]
    county: str | None
    combined_authority: str | None
    website: str | None
    lat: float | None
    lon: float | None
    ended: date | None
    successors: tuple[str, ...]
    former: tuple[str, ...]
    aliases: tuple[str, ...]

    @property
    def region(self) -> str:
        """The ITL1 code of the authority, of a combined one its first."""
        return self.regions[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One NHS integrated care board, the successor of clinical commissioning groups (July 2022)."""

    gss: str
    name: str
    short_name: str
    regions: tuple[str, ...]
    website: str | None


@cache
def authorities() -> dict[str, Authority]:
    """Every authority by its GSS code, abolished ones too."""
    return {row["gss"]: _authority(row) for row in tables.rows("authorities.csv")}


def _authority(row: dict[str, str]) -> Authority:
    return Authority(
        gss=row["gss"],
        name=row["name"],
        short_name=row["short_name"],
        kind=row["kind"],
        nation=_NATIONS[row["gss"][0]],
        regions=tables.codes(row["regions"]),
        county=row["county"] or None,
        combined_authority=row["combined_authority"] or None,
        website=row["website"] or None,
        lat=float(row["lat"]) if row["lat"] else None,
        lon=float(row["lon"]) if row["lon"] else None,
        ended=date.fromisoformat(row["ended"]) if row["ended"] else None,
        successors=tables.codes(row["successors"]),
        former=tables.codes(row["former"]),
        aliases=tables.codes(row["aliases"]),
    )


@cache
def _by_former() -> dict[str, Authority]:
    return {code: body for body in authorities().values() for code in body.former}


def authority(gss: str) -> Authority | None:
    """The authority with this GSS code, or with this code before its boundaries changed."""
    return authorities().get(gss) or _by_former().get(gss)


def current(body: Authority) -> tuple[Authority, ...]:
    """The authorities that stand today where `body` stood: itself, or its last successors."""
    if body.ended is None:
        return (body,)
    heirs = [heir for code in body.successors for heir in current(authorities()[code])]
    return tuple(dict.fromkeys(heirs))


@cache
def boards() -> dict[str, Board]:
    """Every integrated care board by its GSS code."""
    return {
        row["gss"]: Board(
            gss=row["gss"],
            name=row["name"],
            short_name=row["short_name"],
            regions=tables.codes(row["regions"]),
            website=row["website"] or None,
        )
        for row in tables.rows("boards.csv")
    }
