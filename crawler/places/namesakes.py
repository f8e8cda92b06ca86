"""Names of places that are also words, surnames, streets or titles, and how to tell."""

from __future__ import annotations

from functools import cache

from crawler.places import tables
from crawler.places.gazetteer import spots

_BEFORE = frozenset(
    {"in", "at", "of", "near", "around", "across", "within", "throughout", "to", "from", "serving"}
)
_PLACE_AFTER = frozenset(
    {
        "airport", "area", "arts", "borough", "campus", "castle", "cathedral", "centre", "city",
        "college", "community", "council", "county", "district", "festival", "gallery", "harbour",
        "homes", "hospital", "housing", "libraries", "library", "market", "metropolitan", "museum",
        "museums", "parish", "park", "prison", "racecourse", "region", "school", "station",
        "theatre", "town", "university",
    }
)  # fmt: skip
_NO_PLACE_AFTER = frozenset(
    {
        "allowance", "avenue", "award", "building", "close", "court", "crescent", "drive", "estate",
        "gate", "gateway", "house", "interbank", "lane", "living", "mill", "mills", "prices",
        "prize", "protocol", "road", "room", "row", "square", "stock", "stone", "street", "suite",
        "terrace", "way", "weighting", "works",
    }
)  # fmt: skip
_NO_PLACE_BEFORE = frozenset(
    {
        "bank", "dr", "duchess", "duke", "earl", "hmp", "hms", "judge", "justice", "lady", "lord",
        "marquis", "mr", "mrs", "ms", "new", "prince", "princess", "saint", "sir",
    }
)  # fmt: skip
_POINTS = frozenset({"north east", "north west", "south east", "south west"})
_JOINTS = frozenset({"of", "the", "and"})


# Towns that outweigh their namesakes where a body's name begins with them; at its end any does.
_FIRST = frozenset(
    {
        "bangor", "barry", "bath", "boston", "bury", "chester", "derry", "dover", "hull",
        "lancaster", "newcastle", "newport", "ni", "perth", "preston", "scottish", "selby",
        "stafford", "warwick", "welsh", "windsor", "york",
    }
)  # fmt: skip


@cache
def namesakes() -> frozenset[str]:
    """Keys of places whose names are also words or surnames: ``namesakes.csv``, kept by hand."""
    return frozenset(row["name"] for row in tables.rows("namesakes.csv"))


def in_a_name(words: list[str], start: int, stop: int, name: str) -> bool:
    """Whether ``words[start:stop]`` (`name`) is a place in a body's name, `words`."""
    if names_place(words, start, stop, name):
        return True
    rest = words[stop] if stop < len(words) else ""
    end = not rest and start > 0 and words[start - 1] not in _NO_PLACE_BEFORE
    return rest not in _NO_PLACE_AFTER and ((start == 0 and name in _FIRST) or end)


def names_place(words: list[str], start: int, stop: int, name: str, before: str = "") -> bool:
    """Whether ``words[start:stop]`` (`name`) is a place there. `before` is the text before `words`.

    "London Road" and "Duke of York" are none. "Reading" is one with company that makes it a
    place: "in Reading", "Reading Library", "University of Reading".
    """
    after = words[stop] if stop < len(words) else ""
    # "North East Wales" is no part of the North East.
    if after in _NO_PLACE_AFTER or (name in _POINTS and after in spots()):
        return False
    previous = [word for word in words[max(0, start - 2) : start] if word not in _JOINTS]
    if previous and previous[-1] in _NO_PLACE_BEFORE:
        return False
    if name not in namesakes() or after in _PLACE_AFTER:
        return True
    last = words[start - 1] if start else before.strip().rpartition(" ")[2].lower()
    return last in _BEFORE
