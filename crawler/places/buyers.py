"""Who a buyer's name says that it is, and where that body works.

Tried in order: a council however written (the longest run of words that is one), a body in
``bodies.csv`` (national and regional bodies, trusts and companies whose name is no place, agents
that buy for others), an integrated care board, a town or parish council, any other name with a
place in it, words that only national bodies use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Literal

from crawler.places import council_names, tables
from crawler.places.authorities import Authority, authorities, boards, current
from crawler.places.gazetteer import Spot, spans, spots
from crawler.places.namesakes import in_a_name
from crawler.places.regions import NATIONWIDE
from crawler.places.regions import name as region_name
from crawler.places.wording import key, listed

Kind = Literal["authority", "board", "local", "place", "national", "agent", "abroad"]

_LOCAL = frozenset(
    {
        "academies", "academy", "airport", "airports", "ambulance", "authority", "ccg", "clinical",
        "college", "colleges", "community", "constabulary", "council", "county", "cyngor",
        "diocese", "district", "fire", "harbour", "health", "healthcare", "high", "homes",
        "hospital", "hospitals", "housing", "infants", "infirmary", "junior", "museum", "museums",
        "nhs", "parish", "park", "partnership", "police", "primary", "school", "schools", "theatre",
        "town", "trust", "universities", "university",
    }
)  # fmt: skip
_NATIONAL = frozenset(
    {"england", "uk", "gb", "british", "national", "britain", "crown", "hm", "kingdom"}
)
_COMPANY = frozenset({"ltd", "limited", "plc", "llp", "inc"})
_NOISE = re.compile(r"\([^)]*\)|\[[^\]]*\]")
# "City of Bristol College" and "Leeds City College" are no councils.
_NOT_A_COUNCIL = frozenset(
    {
        "academy", "ballet", "college", "hospital", "hospitals", "museums", "of", "orchestra",
        "police", "school", "schools", "sinfonia", "university",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a buyer's name says. `kind` says what was recognised:

    ``authority`` a council or combined authority · ``board`` an integrated care board · ``local``
    a body that works in one place (town council, trust, school, regional body) · ``place`` a name
    with a place in it, which may be no more than a name · ``national`` · ``agent`` (a portal or a
    unit that buys for others: where it sits says nothing) · ``abroad``.

    `authority` is the GSS code of today's local authority, where one is known; `ended` the day
    from which an abolished authority was no more and `successors` those that stand in its place.
    `candidates` holds the GSS codes among which the name alone cannot choose. `reason` is words.
    """

    name: str
    kind: Kind
    regions: tuple[str, ...]
    authority: str | None = None
    ended: date | None = None
    successors: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    reason: str


@cache
def _bodies() -> dict[str, dict[str, str]]:
    return {key(row["name"]): row for row in tables.rows("bodies.csv")}


@lru_cache(maxsize=65536)
def resolve_buyer(name: str) -> Resolved | None:
    """What this buyer's name says, or None when it says nothing. Never raises."""
    name = " ".join(name[:300].split())
    words = key(name).split()
    if words and words[0] == "the":
        words = words[1:]
    if not words:
        return None
    return (
        _council(name, words)
        or _body(name, words)
        or _board(name, words)
        or _place(name, words)
        or _misspelt(name)
        or _nation(name, words)
    )


def _council(name: str, words: list[str]) -> Resolved | None:
    known = council_names.names()
    whole = " ".join(words)
    if codes := council_names.shared().get(whole):
        return _authority(name, codes)
    if (spot := spots().get(whole)) and spot.sort == "authority" and spot.gss:
        return _authority(name, (spot.gss,))
    if not council_names.MARKS.intersection(words):
        return None
    words = ["council" if word == "councils" else word for word in words]
    for start, stop, run in spans(words, 10):
        if stop - start < 2 or run not in known:
            continue
        # "Derby County" is the council only where nothing else is said: "Derby County FC".
        alone = stop - start == len(words) or council_names.is_full(run)
        if alone and _NOT_A_COUNCIL.isdisjoint(words[stop : stop + 1]):
            return _authority(name, known[run])
    return None


def _authority(name: str, codes: tuple[str, ...]) -> Resolved | None:
    bodies = [authorities()[code] for code in codes]
    heirs = list(dict.fromkeys(heir for body in bodies for heir in current(body)))
    regions = tuple(dict.fromkeys(region for heir in heirs for region in heir.regions))
    gone = bodies[0] if all(body.ended for body in bodies) else None
    one = heirs[0].gss if len(heirs) == 1 else None
    return Resolved(
        name=name,
        kind="authority",
        regions=regions,
        authority=one,
        ended=gone.ended if gone else None,
        successors=tuple(heir.gss for heir in heirs) if gone else (),
        candidates=() if one else tuple(heir.gss for heir in heirs),
        reason=_authority_reason(name, gone, heirs),
    )


def _authority_reason(name: str, gone: Authority | None, heirs: list[Authority]) -> str:
    names = [heir.name for heir in heirs]
    if gone and gone.ended:
        day = f"{gone.ended.day} {gone.ended:%B %Y}"
        return f"buyer '{name}' was a local authority until {day}, now {listed(names)}"
    if len(heirs) > 1:
        return f"buyer '{name}' may be {' or '.join(names)}"
    kind = "combined authority" if heirs[0].gss.startswith("E47") else "local authority"
    return f"buyer '{name}' is a {kind}"


def _body(name: str, words: list[str]) -> Resolved | None:
    known = _bodies()
    match = next((span for span in spans(words) if span[2] in known), None)
    if match is None:
        return None
    start, stop, run = match
    kind: Kind = known[run]["kind"]  # type: ignore[assignment]
    regions = tables.codes(known[run]["regions"])
    if kind == "national" and (branch := _branch(words[:start], words[stop:])):
        kind, regions = "local", branch
    if kind == "local":
        reason = f"buyer '{name}' works in {listed([region_name(code) for code in regions])}"
    elif kind == "national":
        reason = f"buyer '{name}' is a national body"
    else:
        reason = f"buyer '{name}' says nothing of the place"
    return Resolved(name=name, kind=kind, regions=regions, reason=reason)


def _branch(*around: list[str]) -> tuple[str, ...]:
    """The region or nation that a national body's name adds: "NHS England (South West)"."""
    for words in around:
        for spot in places_in(words):
            if spot.sort != "town" and spot.gss is None:
                return spot.regions
    return ()


@cache
def _board_names() -> dict[str, str]:
    return {key(board.short_name): board.gss for board in boards().values()}


def _board(name: str, words: list[str]) -> Resolved | None:
    if not {"icb", "integrated", "ics", "care"}.intersection(words):
        return None
    for _, _, run in spans(words):
        if code := _board_names().get(run):
            board = boards()[code]
            return Resolved(
                name=name,
                kind="board",
                regions=board.regions,
                reason=f"buyer '{name}' is the care board of {board.short_name}",
            )
    return None


def _place(name: str, words: list[str]) -> Resolved | None:
    places = places_in(words)
    if not places:
        return None
    regions = tuple(dict.fromkeys(region for spot in places for region in spot.regions))
    local = bool(_LOCAL.intersection(words))
    what = "lies in" if local else "names"
    return Resolved(
        name=name,
        kind="local" if local else "place",
        regions=regions,
        authority=places[0].gss if len(places) == 1 else None,
        reason=f"buyer '{name}' {what} {listed([spot.name for spot in places[:3]])}",
    )


def places_in(words: list[str]) -> list[Spot]:
    """The places that a run of words names, longest names first, none twice."""
    known = spots()
    found: dict[Spot, None] = {}
    taken: set[int] = set()
    for start, stop, run in spans(words):
        if run not in known or not taken.isdisjoint(range(start, stop)):
            continue
        taken.update(range(start, stop))
        spot = known[run]
        if spot.regions and in_a_name(words, start, stop, run):
            found[spot] = None
    # A town council's "Wem Town Council, Shropshire" is Wem's; a nation adds nothing to a town.
    named = [spot for spot in found if spot.gss] or list(found)
    return named if len({region for spot in named for region in spot.regions}) <= 2 else named[:1]


def _misspelt(name: str) -> Resolved | None:
    codes = council_names.nearly(key(_NOISE.sub(" ", name)).removeprefix("the "))
    return _authority(name, codes) if codes else None


def _nation(name: str, words: list[str]) -> Resolved | None:
    if not _NATIONAL.intersection(words) or _COMPANY.intersection(words):
        return None
    reason = f"buyer '{name}' is a national body"
    return Resolved(name=name, kind="national", regions=NATIONWIDE, reason=reason)
