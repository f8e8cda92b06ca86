"""How well notices are placed, measured on real ones: skipped where they are not at hand.

What is right is read from the notices and the published tables here, and not by the code under
test: region names and NUTS codes by their first three letters, postcodes by the shares of their
outcode. A third of the buyers (by a hash of the name) was held apart while rules were written.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from crawler.items import Notice
from crawler.places import locate, resolve_buyer

SHARED = Path(__file__).parents[2] / "shared"
PORTALS = ("contracts-finder", "find-a-tender", "public-contracts-scotland", "sell2wales")
WIDE = {"any region", "england", "united kingdom", "uk", "gb"}

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="needs the shared real notices")


@dataclass(frozen=True)
class Case:
    """A notice and what it states: regions, or the regions that its postcodes may lie in."""

    notice: Notice
    stated: frozenset[str]
    touched: frozenset[str]
    wide: bool

    @property
    def held(self) -> bool:
        return hashlib.sha1((self.notice.buyer or "").lower().encode()).digest()[0] % 3 == 0


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (SHARED / "places" / name).open(encoding="utf-8") as handle:
        yield from csv.DictReader(handle)


@cache
def _region_names() -> dict[str, str]:
    found = {}
    for row in _rows("itl1_regions.csv"):
        for name in (row["region_name"], *row["aliases"].split("|")):
            if name:
                found[name.lower()] = row["itl1_code"]
    return found


@cache
def _outcodes() -> dict[str, frozenset[str]]:
    return {
        row["outcode"]: frozenset(part[:3] for part in row["itl1_shares"].split("|"))
        for row in _rows("outcodes.csv")
    }


def _touched(postcode: str) -> frozenset[str]:
    joined = re.sub(r"\s", "", postcode.upper())
    full = re.fullmatch(r"([A-Z]{1,2}\d[A-Z\d]?)\d[A-Z]{2}", joined)
    return _outcodes().get(full[1] if full else joined, frozenset())


def _case(notice: Notice) -> Case:
    stated: set[str] = set()
    touched: set[str] = set()
    wide = False
    for value in notice.region + notice.nuts:
        if code := re.fullmatch(r"(?:UK|TL)([C-N])\w{0,2}", value):
            stated.add(f"TL{code[1]}")
        elif value.lower() in _region_names():
            stated.add(_region_names()[value.lower()])
        touched |= _touched(value)
        wide |= value.lower() in WIDE
    for value in notice.postcode:
        touched |= _touched(value)
    return Case(notice, frozenset(stated), frozenset(touched), wide)


def _labelled() -> Iterator[Notice]:
    for line in (SHARED / "labels" / "train.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield Notice(
            title=row["title"],
            description=row["description"] or "",
            buyer=row["buyer"],
            region=tuple(row["region"]),
            nuts=tuple(row["nuts"]),
            postcode=tuple(row["postcode"]),
        )


def _published() -> Iterator[Notice]:
    for portal in PORTALS:
        path = SHARED / "portals" / "data" / f"{portal}.jsonl"
        for line in path.read_text(encoding="utf-8").splitlines():
            yield _notice(json.loads(line))


def _notice(release: dict[str, Any]) -> Notice:
    tender = release.get("tender", {})
    places = [a for item in tender.get("items", []) for a in item.get("deliveryAddresses", [])]
    buyer = release.get("buyer", {})
    sits: dict[str, Any] = next(
        (p for p in release.get("parties", []) if p.get("id") == buyer.get("id")), {}
    )
    address = sits.get("address", {})
    return Notice(
        title=tender.get("title") or "",
        description=tender.get("description") or "",
        buyer=buyer.get("name"),
        region=tuple(a["region"] for a in places if a.get("region")),
        postcode=tuple(a["postalCode"] for a in places if a.get("postalCode")),
        buyer_nuts=(address["region"],) if address.get("region") else (),
        buyer_postcode=address.get("postalCode"),
        buyer_town=address.get("locality"),
    )


@cache
def _cases() -> tuple[Case, ...]:
    return tuple(map(_case, (*_labelled(), *_published())))


def _agrees(regions: tuple[str, ...], case: Case) -> bool:
    if case.stated:
        return set(regions) == case.stated or (regions == ("UK",) and len(case.stated) == 12)
    if case.wide and regions == ("UK",):
        return True
    return bool(regions) and case.touched.issuperset(regions)


def test_what_the_notice_states_is_what_it_gets() -> None:
    stated = [case for case in _cases() if case.stated or case.touched]
    wrong = [case.notice for case in stated if not _agrees(locate(case.notice).regions, case)]
    assert len(stated) > 2000
    assert len(wrong) <= 0.01 * len(stated), [notice.buyer for notice in wrong[:20]]


@pytest.mark.parametrize("held", [True, False], ids=["held apart", "tuned on"])
def test_from_buyer_and_text_alone(held: bool) -> None:
    score: Counter[bool] = Counter()
    for case in _cases():
        notice = case.notice
        if case.held is not held or not (case.stated or (case.touched and not case.wide)):
            continue
        bare = Notice(title=notice.title, description=notice.description, buyer=notice.buyer)
        regions = set(locate(bare).regions)
        if regions:
            score[not regions.isdisjoint(case.stated or case.touched)] += 1
    assert score.total() > 250
    assert score[True] >= 0.95 * score.total(), score


@cache
def _council_names() -> dict[str, str]:
    """Names of today's councils as the table writes them, without those that two share."""
    found: dict[str, set[str]] = {}
    for row in _rows("local_authorities.csv"):
        if row["type"] in ("combined_authority", "strategic_regional_authority"):
            continue
        for name in {row["name"].strip().lower(), row["short_name"].strip().lower() + " council"}:
            found.setdefault(name, set()).add(row["gss_code"] if row["status"] == "active" else "")
    return {
        name: codes.pop() for name, codes in found.items() if len(codes) == 1 and "" not in codes
    }


def test_every_council_is_known_by_its_name() -> None:
    wrong = {
        name: found
        for name, gss in _council_names().items()
        if (found := resolve_buyer(name)) is None or found.authority != gss
    }
    assert not wrong


def test_local_authority_buyers_are_answered() -> None:
    council = re.compile(r"\b(council|borough|cyngor|comhairle|city of)\b", re.IGNORECASE)
    other = re.compile(
        r"arts council|british council|medical|midwifery|dublin|dairy", re.IGNORECASE
    )
    names = {case.notice.buyer for case in _cases() if case.notice.buyer}
    buyers = [name for name in names if council.search(name) and not other.search(name)]
    answered = [name for name in buyers if locate(Notice(title="", buyer=name)).regions]
    assert len(buyers) > 300
    assert len(answered) >= 0.95 * len(buyers), set(buyers) - set(answered)


def test_a_council_keeps_its_code_whatever_else_is_stated() -> None:
    for case in _cases():
        gss = _council_names().get((case.notice.buyer or "").lower())
        if gss:
            assert locate(case.notice).authority == gss
            elsewhere = replace(case.notice, region=("Scotland",))
            assert locate(elsewhere).authority == gss
