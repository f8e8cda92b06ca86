"""What a notice states outright about where the work is: region names, codes, postcodes.

Portals write regions as names ("North West", "Any region"), as NUTS or ITL codes of any level, as
counties, and now and then as a postcode in the field for the region.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from crawler.places import outcodes
from crawler.places import regions as itl1
from crawler.places.authorities import authorities, authority
from crawler.places.buyers import places_in
from crawler.places.gazetteer import NATIONWIDE, Spot, areas, spots
from crawler.places.wording import key, listed

# A region with this share of an outcode speaks for it alone; below, each with a fifth counts.
ALONE = 0.75
COUNTS = 0.2
# An authority is named for an outcode only where nine in ten of its postcodes lie there.
SURE = 0.9
_NATIONS = frozenset({"TLL", "TLM", "TLN"})
_WHOLE = frozenset({"uk", "kingdom", "england", "britain", "nationwide"})
_ALSO = {"east": "east of england", "eastern": "east of england"}
_ABROAD = frozenset(
    {
        "channel islands", "isle of man", "europe", "rest of the world", "worldwide",
        "british oversea territories", "british overseas territories", "ireland",
        "republic of ireland", "jersey", "guernsey", "gibraltar", "overseas", "international",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one field states.

    `nationwide` when it says only "UK", "England" or the like, which portals fill in by default;
    `deliberate` when somebody listed every region, or England and another nation.
    `postcodes` are those that stood among the regions. `reason` is in words.
    """

    regions: tuple[str, ...] = ()
    authority: str | None = None
    nationwide: bool = False
    deliberate: bool = False
    postcodes: tuple[str, ...] = ()
    reason: str = ""


@lru_cache(maxsize=8192)
def regions_stated(values: tuple[str, ...]) -> Statement:
    """The regions that these names, codes or postcodes state, in the order of the ITL."""
    found: dict[str, None] = {}
    said: list[str] = []
    gss: set[str | None] = set()
    wide: list[str] = []
    codes: list[str] = []
    for value in values:
        code = itl1.of_code(value)
        name = key(value)
        if code == itl1.UK or name in NATIONWIDE:
            wide.append(value.strip())
        elif code:
            found[code] = None
            said.append(_code_words(value))
            gss.add(_code_authority(value))
        elif name in _ABROAD:
            continue
        elif outcodes.of_postcode(value):
            codes.append(value)
        elif places := _places(value.strip(), name):
            found.update(dict.fromkeys(region for spot in places for region in spot.regions))
            said.append(f"'{value.strip()}'")
            gss.update(spot.gss for spot in places)
        elif not _WHOLE.isdisjoint(name.split()):
            wide.append(value.strip())
    return _statement(list(found), said, gss, wide, codes)


def _places(value: str, name: str) -> list[Spot]:
    """The places that a region's name or an authority's GSS code may mean."""
    if body := authority(value.upper()):
        return [Spot(body.short_name, "authority", body.regions, body.gss)]
    spot = spots().get(_ALSO.get(name, name))
    if spot and spot.regions:
        return [spot]
    if places := places_in(name.split()[:30]):
        return places
    code = itl1.of_code(value.partition(" ")[0].strip(":-"))  # "UKM7 - Eastern Scotland"
    return [Spot(itl1.name(code), "region", (code,))] if code in itl1.CODES else []


def _statement(
    found: list[str], said: list[str], gss: set[str | None], wide: list[str], codes: list[str]
) -> Statement:
    nations = "england" in map(key, wide) and _NATIONS.issuperset(found)
    if found and (nations or len(found) == len(itl1.CODES)):
        what = listed([*(f"'{word}'" for word in wide), *said]) if nations else "every region"
        return Statement(
            nationwide=True, deliberate=True, postcodes=tuple(codes), reason=f"{what} stated"
        )
    if found:
        ordered = tuple(code for code in itl1.CODES if code in found)
        what = "region" if len(said) == 1 else "regions"
        one = next(iter(gss)) if len(gss) == 1 else None
        return Statement(
            regions=ordered,
            authority=one,
            postcodes=tuple(codes),
            reason=f"{what} {listed(said[:4])} stated",
        )
    if wide:
        reason = f"'{wide[0]}' stated as region"
        return Statement(nationwide=True, postcodes=tuple(codes), reason=reason)
    return Statement(postcodes=tuple(codes))


def _code_words(value: str) -> str:
    code = value.strip().upper()
    area = areas().get("TL" + code[2:])
    region = itl1.of_code(code)
    return f"{code} ({area.name if area else itl1.name(region or code)})"


def _code_authority(value: str) -> str | None:
    area = areas().get("TL" + value.strip().upper()[2:])
    return area.gss if area else None


@lru_cache(maxsize=65536)
def postcodes_stated(values: tuple[str, ...], known: tuple[str, ...]) -> Statement:
    """The regions these postcodes lie in; where one straddles, those of `known` that it touches."""
    found: dict[str, None] = {}
    gss: set[str | None] = set()
    said: list[str] = []
    for value in values:
        out = outcodes.outcode(value)
        if out is None:
            continue
        found.update(dict.fromkeys(straddled(out, known)))
        main, share = out.authorities[0]
        gss.add(main if share >= SURE else None)
        said.append(f"{shown(value)} lies in {_lies_in(out, found)}")
    if not found:
        return Statement()
    return Statement(
        regions=tuple(code for code in itl1.CODES if code in found),
        authority=next(iter(gss)) if len(gss) == 1 else None,
        reason="; ".join(dict.fromkeys(said[:3])),
    )


def straddled(out: outcodes.Outcode, known: tuple[str, ...]) -> tuple[str, ...]:
    """The regions to name for an outcode that lies in several, the likeliest first.

    Other evidence (`known` regions) chooses where it can; else the region with three quarters of
    the postcodes stands alone, and below that every region with a fifth of them counts.
    """
    if len(out.regions) == 1:
        return (out.regions[0][0],)
    chosen = tuple(code for code, _ in out.regions if code in known)
    if len(chosen) == 1:
        return chosen
    first, share = out.regions[0]
    return (first,) if share >= ALONE else tuple(c for c, part in out.regions if part >= COUNTS)


def _lies_in(out: outcodes.Outcode, found: dict[str, None]) -> str:
    main, share = out.authorities[0]
    if share >= SURE and authorities()[main].region in found:
        return authorities()[main].short_name
    return listed([itl1.name(code) for code in found])


def shown(value: str) -> str:
    """A postcode as people write it: ``GL1 1EP``."""
    code = outcodes.of_postcode(value) or ""
    joined = "".join(character for character in value.upper() if character.isalnum())
    return f"{code} {joined[len(code) :]}".strip() if joined.startswith(code) else value.strip()
