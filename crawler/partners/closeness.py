"""How near a body is to where work is, as a weight and in words: ``about 15 km away, in Wigan``."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from crawler.places import nearness
from crawler.places.authorities import COMBINED, authority
from crawler.places.nearness import Point
from crawler.places.regions import name as region_name

NEAR_KM = 25
AROUND_KM = 60

_BORDER = 1.5
"""What it costs to sit across a region's border: near, but mostly not who works there."""


def near(
    regions: Collection[str],
    where: str | None,
    region: str | None,
    home: str | None,
    postcode: str | None,
) -> tuple[float, Callable[[], str]]:
    """0 to 4 and how to say it: the same authority, then by distance, then the region; 0 for far.

    `regions` and `where` (GSS) are the work's, `region`, `home` (GSS) and `postcode` the body's.
    """
    if where:
        relation = nearness.relatives(where).get(home or "")
        if relation == "same":
            return 4.0, lambda: f"in {_called(where)} itself"
        if relation:
            return 3.5, lambda: f"in {_called(home)}"
        km = None if is_wide(where) else _apart(where, home, postcode)
        beyond = bool(regions) and region not in regions
        if km is not None and km <= NEAR_KM:
            return 3.2 - km / NEAR_KM * 0.5 - _BORDER * beyond, partial(_away, home, km)
        if km is not None and km <= AROUND_KM and not beyond:
            return 2.4 - km / AROUND_KM, partial(_away, home, km)
    if region and region in regions:
        return 0.8 if where else 1.5, lambda: f"in {region_name(region)}"
    return 0.0, str


def is_wide(gss: str) -> bool:
    """Whether an authority holds others, so that no one middle says what is near it."""
    body = authority(gss)
    return body is not None and (body.kind == "county" or body.kind in COMBINED)


def _apart(gss: str, home: str | None, postcode: str | None) -> float | None:
    there, here = nearness.middle(gss), _point(home, postcode)
    return nearness.kilometres(there, here) if there and here else None


def _point(home: str | None, postcode: str | None) -> Point | None:
    point = nearness.home(postcode) if postcode else None
    return point or (nearness.middle(home) if home else None)


def _away(home: str | None, km: float) -> str:
    return f"about {nearness.roughly(km)} km away{f', in {_called(home)}' if home else ''}"


def _called(gss: str | None) -> str:
    found = authority(gss) if gss else None
    return found.short_name if found else "the area"
