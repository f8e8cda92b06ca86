"""Whether work is where somebody works: in a region, for an authority, or near a postcode.

The three widen each other: work in any of the places asked for fits.
"""

from __future__ import annotations

from crawler.digest import wording
from crawler.digest.considering import Whereabouts
from crawler.digest.fitting import FINE, Fit, Refusal
from crawler.places import nearness, outcodes
from crawler.places.authorities import authority
from crawler.store.subscribers import Subscription


def place(where: Whereabouts, wish: Subscription) -> Fit | Refusal:
    """Whether the work is in one of the places of `wish`.

    The whole UK and the unknown are everywhere. A notice that names only a region, for somebody
    who asked for a smaller place in it, fits with a caveat.
    """
    if where.nationwide:
        return Fit(reasons=("Open across the whole UK",))
    near = circle(wish)
    if not (wish.regions or wish.authorities or near):
        return FINE
    reasons = (*_authorities(where, wish), *(_near(where, *near) if near else ()))
    shared = [code for code in where.regions if code in wish.regions]
    if reasons:
        return Fit(reasons=reasons)
    if shared:
        return Fit(reasons=(f"In {wording.listing([wording.region(code) for code in shared])}",))
    if where.unknown:
        return Fit(caveats=("The notice does not say where the work is",))
    regions = wording.listing([wording.region(code) for code in where.regions])
    if where.authority is None and smaller_regions(where, wish) & set(where.regions):
        return Fit(caveats=(f"The notice says only that the work is in {regions}",))
    named = [*([_name(where.authority)] if where.authority else []), *([regions] * bool(regions))]
    there = ", ".join(dict.fromkeys(named))
    return Refusal(criterion="place", reason=f"It is in {there}{_far(where, near)}")


def elsewhere(where: Whereabouts, wish: Subscription) -> bool:
    """Whether regions alone say that the work is in none of the places of `wish`: soon asked."""
    if not wish.regions or wish.authorities or wish.near is not None:
        return False
    return (
        bool(where.regions) and not where.nationwide and not set(where.regions) & set(wish.regions)
    )


def circle(wish: Subscription) -> tuple[str, int] | None:
    """The postcode and kilometres asked for; None without both, or if nobody knows the postcode."""
    if wish.near is None or wish.near_km is None or nearness.home(wish.near) is None:
        return None
    return wish.near, wish.near_km


def smaller_regions(where: Whereabouts, wish: Subscription) -> set[str]:
    """The regions that hold the authorities asked for, and the circle where no point decides."""
    found = {code for gss in wish.authorities if (a := authority(gss)) for code in a.regions}
    if where.point is None and (near := circle(wish)):
        found |= home_regions(near[0])
    return found


def home_regions(postcode: str) -> set[str]:
    """The regions in which the outcode of `postcode` lies."""
    known = outcodes.outcode(postcode)
    return {code for code, _ in known.regions} if known else set()


def _name(gss: str) -> str:
    body = authority(gss)
    return body.short_name if body else gss


def _authorities(where: Whereabouts, wish: Subscription) -> tuple[str, ...]:
    if where.authority is None or not wish.authorities:
        return ()
    known = nearness.relatives(where.authority)
    named, whole, parts = _name(where.authority), [], []
    for gss in wish.authorities:
        relation = known.get(gss)
        if relation == "same":
            return (f"In {named}",)
        if relation == "within":
            whole.append(_name(gss))
        elif relation == "around":
            parts.append(_name(gss))
    if whole:
        return (f"In {named}, which is part of {_names(whole)}",)
    return (f"In {named}, which takes in {_names(parts)}",) if parts else ()


def _names(found: list[str]) -> str:
    """In one order, whatever that of the wish: equal reasons are found equal."""
    return wording.listing(sorted(set(found)))


def _near(where: Whereabouts, postcode: str, km: int) -> tuple[str, ...]:
    start, code = nearness.home(postcode), _code(postcode)
    if start and where.point and nearness.apart(start, where.point) <= nearness.reach(km):
        away = max(1, round(nearness.kilometres(start, where.point)))
        head = "The buyer is about" if where.of_buyer else "About"
        return (f"{head} {away} km from {code}",)
    if where.authority and where.authority in nearness.at_home(postcode):
        return (f"In {_name(where.authority)}, as {code} is",)
    return ()


def _far(where: Whereabouts, near: tuple[str, int] | None) -> str:
    start = nearness.home(near[0]) if near else None
    if near is None or start is None or where.point is None:
        return ""
    away = round(nearness.kilometres(start, where.point))
    whose = "; the buyer is" if where.of_buyer else ":"
    return f"{whose} about {away} km from {_code(near[0])}"


def _code(postcode: str) -> str:
    known = outcodes.outcode(postcode)
    return known.code if known else postcode
