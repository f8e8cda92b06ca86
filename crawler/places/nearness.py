"""Which authorities hold or lie in which, and how far places are apart.

Distances go between the middles of outcodes and authorities (WGS84 degrees), as the crow flies.
Points lie on the unit sphere, and what is compared is the square of the straight line between two:
plain additions and products, which numpy and Python round alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from crawler.places import outcodes
from crawler.places.authorities import Authority, authorities, authority, current

EARTH_KM = 6371.0088
HALF_WAY_ROUND_KM = 20_015

COUNTS = 0.2
"""An outcode with this share of its postcodes in an authority counts as lying there."""

Relation = Literal["same", "within", "around"]


class Point(NamedTuple):
    """A place as a unit vector from the middle of the earth."""

    x: float
    y: float
    z: float


@lru_cache(maxsize=8192)
def point(lat: float, lon: float) -> Point:
    """The point at these degrees."""
    phi, theta = math.radians(lat), math.radians(lon)
    return Point(math.cos(phi) * math.cos(theta), math.cos(phi) * math.sin(theta), math.sin(phi))


def apart(one: Point, other: Point) -> float:
    """The square of the straight line between two points, 0 to 4: see `reach`."""
    dx, dy, dz = one.x - other.x, one.y - other.y, one.z - other.z
    return dx * dx + dy * dy + dz * dz


@lru_cache(maxsize=1024)
def reach(km: int) -> float:
    """What `apart` says of points `km` kilometres from each other."""
    chord = 2 * math.sin(min(max(km, 0), HALF_WAY_ROUND_KM) / EARTH_KM / 2)
    return chord * chord


def kilometres(one: Point, other: Point) -> float:
    """How far two points are apart over ground."""
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(apart(one, other)) / 2))


def roughly(km: float) -> int:
    """Kilometres as people say them: a postcode's middle is no address."""
    return max(1, round(km)) if km < 10 else 5 * round(km / 5)


@cache
def middle(gss: str) -> Point | None:
    """The middle of an authority, of an abolished one that of its first heir; None if unknown.

    Of a county it is the middle of its districts: the published table puts some counties far
    outside themselves.
    """
    body = authority(gss)
    for one in (body, *current(body)) if body else ():
        found = _middle_of_districts(one) if one.kind == "county" else None
        if found is not None:
            return found
        if one.lat is not None and one.lon is not None:
            return point(one.lat, one.lon)
    return None


def _middle_of_districts(county: Authority) -> Point | None:
    """The middle of a county's districts, abolished ones where it is abolished itself."""
    points = [
        point(one.lat, one.lon)
        for one in authorities().values()
        if one.county == county.gss
        and one.lat is not None
        and one.lon is not None
        and (one.ended is None or county.ended is not None)
    ]
    if not points:
        return None
    x, y, z = (sum(axis) for axis in zip(*points, strict=True))
    length = math.sqrt(x * x + y * y + z * z)
    return Point(x / length, y / length, z / length)


@lru_cache(maxsize=8192)
def home(postcode: str) -> Point | None:
    """The middle of a postcode's outcode; None if it is not known."""
    found = outcodes.outcode(postcode)
    return point(found.lat, found.lon) if found else None


@cache
def _above() -> dict[str, frozenset[str]]:
    """The codes of the living counties and combined authorities that hold each living authority."""
    found = {}
    for body in authorities().values():
        if body.ended is None:
            found[body.gss] = frozenset(_holders(body))
    return found


def _holders(body: Authority) -> set[str]:
    held: set[str] = set()
    for code in (body.county, body.combined_authority):
        for one in current(authorities()[code]) if code in authorities() else ():
            if one.gss != body.gss and one.gss not in held:
                held |= {one.gss} | _holders(one)
    return held


@cache
def relatives(gss: str) -> Mapping[str, Relation]:
    """Every authority whose ground is shared with `gss`, and how that one stands to it.

    ``same``: itself under any of its codes, its forerunners and heirs; ``within``: `gss` lies
    within it (a county, a combined authority); ``around``: it lies within `gss`.
    """
    found: dict[str, Relation] = {gss: "same"}
    body = authority(gss)
    if body is None:
        return found
    mine = {one.gss for one in current(body)}
    above = {code for one in mine for code in _above().get(one, ())}
    for other in authorities().values():
        theirs = {one.gss for one in current(other)}
        relation: Relation | None = None
        if theirs & mine:
            relation = "same"
        elif theirs & above:
            relation = "within"
        elif any(mine & _above().get(one, frozenset()) for one in theirs):
            relation = "around"
        if relation:
            found |= dict.fromkeys((other.gss, *other.former), relation)
    return found


@lru_cache(maxsize=8192)
def at_home(postcode: str) -> frozenset[str]:
    """The codes of all authorities on whose ground the outcode of `postcode` lies."""
    found = outcodes.outcode(postcode)
    mine = [gss for gss, share in found.authorities if share >= COUNTS] if found else []
    return frozenset(
        code
        for gss in mine
        for code, relation in relatives(gss).items()
        if relation in ("same", "within")
    )
