"""The ways in which a council's name is written, each leading to its GSS codes.

"Gloucester City Council" is also "Council of the City of Gloucester", "City of Gloucester",
"Gloucester Council", "GLOUCESTER C.C."; "Cyngor Gwynedd" is Gwynedd. A way of writing that would
suit two councils leads to both, and only other evidence can choose.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache

from crawler.places import tables
from crawler.places.authorities import COMBINED, Authority, authorities
from crawler.places.wording import key

_TYPES = {
    "county": ("county",),
    "district": ("district", "borough", "city", "city and district", "metropolitan borough"),
    "metropolitan": (
        "metropolitan borough", "metropolitan district", "borough", "city", "district",
        "city metropolitan district", "metropolitan city", "metropolitan borough city",
    ),
    "unitary": ("borough", "city", "county", "district", "metropolitan borough", "unitary"),
    "london_borough": ("borough", "london borough", "royal borough", "city"),
    "city_corporation": ("city",),
    "scottish": ("city", "islands", "regional", "district", "county"),
    "welsh": ("county", "county borough", "city", "city and county", "borough"),
    "ni": ("borough", "district", "city", "city and district"),
}  # fmt: skip
_SHORT = {
    "county": ("cc",),
    "district": ("bc", "dc", "cc"),
    "metropolitan": ("mbc", "mdc", "cc", "bc"),
    "unitary": ("bc", "cc", "dc"),
    "welsh": ("cbc", "cc"),
}
_KINDS = frozenset({"borough", "city", "county", "district", "islands", "unitary"})
_WELSH = (
    "cyngor", "cyngor sir", "cyngor dinas", "cyngor bwrdeistref", "cyngor bwrdeistref sirol",
    "cyngor dinas a sir",
)  # fmt: skip
_DROP = frozenset(
    {
        "council", "borough", "district", "county", "city", "metropolitan", "royal", "london",
        "cyngor", "of", "the", "and",
    }
)  # fmt: skip
MARKS = frozenset(
    {
        "council", "councils", "borough", "boroughs", "cyngor", "comhairle", "corporation", "mbc",
        "mdc", "bc", "dc", "cc", "cbc", "lb", "rb", "lbc", "city", "county", "combined", "gla",
        "council's", "councill", "coucil", "counci", "authority",
    }
)  # fmt: skip


def cores(body: Authority) -> set[str]:
    """The bare place names of a council, as keys."""
    found = {key(body.short_name), *map(key, body.aliases)}
    if body.kind != "city_corporation":  # "London Council" is not the City of London.
        found = {name.removeprefix("city of ") for name in found}
    if body.short_name.endswith(" Council"):
        found.add(key(body.short_name.removesuffix(" Council")))
    return {name.removeprefix("the ") for name in found if name}


def ways(body: Authority, names: set[str]) -> Iterator[str]:
    """Keys under which the council named by `names` may stand as a buyer."""
    yield key(body.name).removeprefix("the ")
    if body.kind in COMBINED:
        for name in names:
            yield from (f"{name} combined authority", f"{name} mayoral combined authority")
        return
    for name in names:
        yield f"{name} council"
        yield f"council of {name}"
        for kind in _TYPES.get(body.kind, ()):
            yield f"{name} {kind} council"
            yield f"{name} {kind}"
            yield f"{kind} of {name}"
            yield f"{kind} of {name} council"
            yield f"{kind} council of {name}"
            yield f"council of the {kind} of {name}"
        for short in _SHORT.get(body.kind, ()):
            yield f"{name} {short}"
        if body.kind == "london_borough":
            yield from (f"lb {name}", f"lb of {name}", f"rb {name}", f"lbc {name}")
            yield from (f"london borough {name}", f"london borough of {name} council")
            yield from (f"{name} lbc", f"{name} lb")
        if body.kind == "welsh":
            yield from (f"{start} {name}" for start in _WELSH)


@cache
def names() -> dict[str, tuple[str, ...]]:
    """GSS codes (an abolished council's too) by every way of writing a council's name."""
    known = authorities()
    extra: dict[str, set[str]] = {}
    for row in tables.rows("names.csv"):
        extra.setdefault(row["gss"], set()).add(key(row["name"]))
    found: dict[str, dict[str, None]] = {}
    official: dict[str, str] = {}
    for body in sorted(known.values(), key=lambda body: body.ended is not None):
        official.setdefault(key(body.name).removeprefix("the "), body.gss)
        for way in ways(body, cores(body) | extra.get(body.gss, set())):
            found.setdefault(way, {})[body.gss] = None
        for name in extra.get(body.gss, ()):
            if MARKS & set(name.split()):
                found.setdefault(name, {})[body.gss] = None
    result = {way: tuple(codes) for way, codes in found.items()}
    # The name itself always wins over a way of writing another's.
    return result | {name: (gss,) for name, gss in official.items()}


def is_full(way: str) -> bool:
    """Whether this way of writing can be nothing but a council's: not "Derby County" alone."""
    words = way.split()
    return words[-1] not in _KINDS or " of " in way or words[0] in ("lb", "rb", "london", "council")


@cache
def shared() -> dict[str, tuple[str, ...]]:
    """GSS codes by a bare name or alias that several authorities list as theirs."""
    found: dict[str, dict[str, None]] = {}
    for body in authorities().values():
        for alias in (body.short_name, *body.aliases):
            found.setdefault(key(alias), {})[body.gss] = None
    return {name: tuple(codes) for name, codes in found.items() if len(codes) > 1}


@cache
def _by_first_letter() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for body in authorities().values():
        name = key(body.name).removeprefix("the ")
        found.setdefault(name[0], []).append(name)
    return found


def nearly(name: str) -> tuple[str, ...]:
    """GSS codes of the one council whose name `name` (a key) misspells, else nothing."""
    words = name.split()
    if not name or len(words) > 9 or {"town", "parish", "community"} & set(words):
        return ()
    near = get_close_matches(name, _by_first_letter().get(name[0], []), n=2, cutoff=0.93)
    place = {word for word in words if word not in _DROP}
    if len(near) == 1 and place:
        return names()[near[0]]
    return ()
