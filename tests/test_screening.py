"""The index finds the same pairs for the same reasons as the pure function: nothing is guessed."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal

from digest_samples import NOW, judged, opportunity
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from crawler.buyers import BUYER_KINDS
from crawler.digest.considering import consider
from crawler.digest.matching import PERSONAL, Match, decide, match, nearly, refusals
from crawler.digest.screening import Screen
from crawler.items import ART_FORMS, OUTCOMES, Buyer, Judgement, Lot, Place
from crawler.opportunity import Opportunity
from crawler.store.rulings import Ruling
from crawler.store.subscribers import WISH_STAGES, Subscription

# Leeds, Bradford and their combined authority; Burnley in Lancashire; Cumbria's old and new.
AUTHORITIES = (
    "E08000035", "E08000032", "E47000003", "E07000117", "E10000017", "E10000006", "E07000028",
    "E06000063", "S12000017", "E09000033", "E99999999",
)  # fmt: skip
REGIONS = ("TLD", "TLE", "TLI", "TLM")
WORDS = ("lantern", "street theatre", "Cafés", "roofing", "!!", "children’s", "public art")
POSTCODES = ("LS1", "LS1 4AP", "BB11 1AA", "IV1", "CA1", "SW1A 1AA", "ZZ99 9ZZ", "nowhere")
AMOUNTS = st.sampled_from([Decimal(n) for n in (5_000, 20_000, 50_000, 50_001, 250_000)])


# Shrinking a list of wishes takes minutes and says no more than the first that fails.
FAST = (Phase.explicit, Phase.reuse, Phase.generate)


def some(values: tuple[str, ...], most: int = 3) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=most, unique=True).map(tuple)


WISHES = st.builds(
    Subscription,
    regions=some(REGIONS, 2),
    authorities=some(AUTHORITIES, 3),
    near=st.none() | st.sampled_from(POSTCODES),
    near_km=st.none() | st.sampled_from([0, 1, 5, 30, 80, 3000]),
    art_forms=some(ART_FORMS),
    outcomes=some(OUTCOMES),
    bands=some(("arts", "commissionable", "adjacent")),
    stages=some(WISH_STAGES),
    value_min=st.none() | AMOUNTS,
    value_max=st.none() | AMOUNTS,
    largest=st.none() | AMOUNTS,
    buyer_kinds=some(BUYER_KINDS, 3),
    require=some(WORDS, 2),
    exclude=some(WORDS, 2),
    maybes=st.booleans(),
)
LOTS = st.builds(
    Lot,
    id=st.sampled_from(["1", "2"]),
    title=st.sampled_from(["", "Lanterns", "Roofing"]),
    value=st.none() | AMOUNTS,
    currency=st.sampled_from([None, "GBP", "EUR"]),
)
SCORES = st.sampled_from(
    [
        {"arts": 0.85, "commissionable": 0.05, "adjacent": 0.05, "none": 0.05},
        {"arts": 0.05, "commissionable": 0.85, "adjacent": 0.05, "none": 0.05},
        {"arts": 0.05, "commissionable": 0.05, "adjacent": 0.85, "none": 0.05},
        {"arts": 0.3, "commissionable": 0.1, "adjacent": 0.1, "none": 0.5},
        {"arts": 0.1, "commissionable": 0.25, "adjacent": 0.05, "none": 0.6},
        {"arts": 0.01, "commissionable": 0.01, "adjacent": 0.01, "none": 0.97},
    ]
)
JUDGEMENTS = st.builds(
    lambda scores, forms, outcomes: Judgement(
        relevance=max(scores, key=scores.__getitem__),  # type: ignore[arg-type]
        scores=scores,
        art_forms=forms,
        outcomes=outcomes,
    ),
    SCORES,
    some(ART_FORMS),
    some(OUTCOMES),
)
BUYERS = st.builds(
    Buyer,
    name=st.sampled_from(["Leeds City Council", "NHS Lothian", "Snape", " "]),
    postcode=st.none() | st.sampled_from(POSTCODES),
)
PLACES = st.builds(
    Place,
    regions=some(REGIONS, 2) | st.just(("UK",)),
    authority=st.none() | st.sampled_from(AUTHORITIES),
)


@st.composite
def calls(draw: st.DrawFn) -> Opportunity:
    amounts = sorted(draw(st.lists(AMOUNTS, min_size=2, max_size=2)))
    low, high = draw(st.sampled_from([(0, 0), (0, 1), (1, 1), (0, None), (None, 1), (None, None)]))
    return opportunity(
        title=draw(st.sampled_from(["Street theatres", "A lantern parade", "Children's cafe"])),
        description=draw(st.sampled_from(["", "Public art and roofing", "Party lanterns"])),
        judgement=draw(st.none() | JUDGEMENTS),
        place=draw(PLACES),
        buyer=draw(st.none() | BUYERS),
        stage=draw(st.sampled_from(["planning", "tender", "award", "contract"])),
        status=draw(st.sampled_from(["open", "open", "unknown", "awarded", "cancelled"])),
        deadline=draw(st.none() | st.sampled_from([NOW - timedelta(1), NOW + timedelta(9)])),
        updated=NOW - timedelta(days=draw(st.sampled_from([1, 59, 61, 91, 366]))),
        value_min=None if low is None else amounts[low],
        value_max=None if high is None else amounts[high],
        currency=draw(st.sampled_from([None, "GBP", "GBP", "EUR"])),
        lots=tuple(draw(st.lists(LOTS, max_size=3))),
    )


RULINGS = st.none() | st.builds(
    Ruling,
    relevance=st.sampled_from(["arts", "commissionable", "adjacent", "none"]),
    art_forms=st.none() | some(ART_FORMS),
    outcomes=st.none() | some(OUTCOMES),
)


@settings(max_examples=300, deadline=None, phases=FAST)
@given(wishes=st.lists(WISHES, max_size=25), one=calls(), ruling=RULINGS)
def test_the_index_agrees_with_the_rules(
    wishes: list[Subscription], one: Opportunity, ruling: Ruling | None
):
    seen = consider(one, NOW, ruling)
    screen = Screen(wishes)
    hits = screen.hits(seen)
    found = {
        int(at): hits.matches[group] for at, group in zip(hits.positions, hits.groups, strict=True)
    }
    expected = {
        at: outcome
        for at, wish in enumerate(wishes)
        if isinstance(outcome := match(one, wish, NOW, ruling), Match)
    }
    assert found == expected
    assert screen.near_misses(seen).tolist() == [
        at for at, wish in enumerate(wishes) if nearly(seen, wish)
    ]


@settings(max_examples=100, deadline=None, phases=FAST)
@given(wish=WISHES, one=calls())
def test_refusals_are_empty_for_a_match_and_begin_with_its_refusal(
    wish: Subscription, one: Opportunity
):
    seen = consider(one, NOW)
    outcome, against = decide(seen, wish), refusals(seen, wish)
    assert (outcome,) == against[:1] if against else isinstance(outcome, Match)
    near = len(against) == 1 and against[0].criterion in PERSONAL
    assert nearly(seen, wish) == (against[0] if near else None)


def test_what_nobody_wants_costs_no_group():
    screen = Screen([Subscription(regions=("TLK",))] * 3)
    assert len(screen.hits(consider(opportunity(), NOW))) == 0
    assert len(Screen([]).hits(consider(opportunity(), NOW))) == 0


def test_equal_wishes_are_asked_once():
    wishes = [dataclasses.replace(Subscription(regions=("TLE",)), id=at) for at in range(500)]
    hits = Screen(wishes).hits(consider(opportunity(judgement=judged()), NOW))
    assert len(hits) == 500
    assert len(hits.matches) == 1
