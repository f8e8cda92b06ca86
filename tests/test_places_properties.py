"""`locate` never raises, and what it says is always well formed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.items import Notice
from crawler.places import authority, locate, outcode, regions, resolve_buyer, tables
from crawler.places.authorities import authorities, boards
from crawler.places.gazetteer import areas, spots
from crawler.places.outcodes import of_postcode
from crawler.places.wording import key

_WORDS = st.sampled_from(
    ["Leeds", "council", "London", "Borough", "of", "&", "Any region", "UKC", "NHS", "City", "the"]
)
_TEXT = st.one_of(st.text(max_size=80), st.lists(_WORDS, max_size=8).map(" ".join))
_SEVERAL = st.lists(_TEXT, max_size=3).map(tuple)
_CODES = frozenset(regions())


def _well_formed(found: tuple[str, ...]) -> bool:
    return found == ("UK",) or (_CODES.issuperset(found) and len(set(found)) == len(found))


@given(
    title=_TEXT,
    description=_TEXT,
    buyer=st.none() | _TEXT,
    region=_SEVERAL,
    nuts=_SEVERAL,
    postcode=_SEVERAL,
    buyer_nuts=_SEVERAL,
    buyer_postcode=st.none() | _TEXT,
    buyer_town=st.none() | _TEXT,
)
def test_any_notice_gets_a_well_formed_place(**fields: object) -> None:
    place = locate(Notice(**fields))  # type: ignore[arg-type]
    assert _well_formed(place.regions)
    assert place.reason
    assert place.authority is None or authority(place.authority) is not None


@given(_TEXT)
def test_any_name_resolves_or_does_not(name: str) -> None:
    found = resolve_buyer(name)
    if found is not None:
        assert _well_formed(found.regions)
        assert found.authority is None or authorities()[found.authority].ended is None


@given(st.text(max_size=20))
def test_shares_sum_to_one(text: str) -> None:
    found = outcode(text)
    if found is not None:
        assert abs(sum(share for _, share in found.regions) - 1) < 0.01


@given(st.sampled_from(["GL1", "SW1A", "M1", "B33", "EC1Y", "BT7"]), st.sampled_from(" \t-"))
def test_a_postcode_gives_its_outcode_however_spaced(code: str, gap: str) -> None:
    for written in (f"{code}{gap}1AA", f"{code}1AA".lower(), code):
        assert of_postcode(written) == code


@pytest.mark.parametrize(
    ("table", "column"),
    [("bodies", "name"), ("namesakes", "name"), ("towns", "name"), ("boards", "gss")],
)
def test_no_table_says_a_thing_twice(table: str, column: str) -> None:
    names = [key(row[column]) for row in tables.rows(f"{table}.csv")]
    assert len(names) == len(set(names))


def test_every_table_speaks_of_known_regions_and_authorities() -> None:
    for spot in (*spots().values(), *areas().values()):
        assert _CODES.issuperset(spot.regions), spot
        if spot.gss:
            body = authorities()[spot.gss]
            assert body.ended is None, spot
            assert set(spot.regions) <= set(body.regions), spot
    for board in boards().values():
        assert _CODES.issuperset(board.regions)
