"""Each criterion of a subscription, both ways, with its words."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from digest_samples import NOW, judged, opportunity
from hypothesis import given
from hypothesis import strategies as st

from crawler.digest import phrases
from crawler.digest.matching import Match, Refusal, match
from crawler.items import Buyer, Judgement, Lot, Place
from crawler.places import authorities, nearness
from crawler.store.rulings import Ruling
from crawler.store.subscribers import Subscription

LEEDS, BRADFORD, WEST_YORKSHIRE = "E08000035", "E08000032", "E47000003"
BURNLEY, LANCASHIRE = "E07000117", "E10000017"
CUMBRIA, ALLERDALE, CUMBERLAND = "E10000006", "E07000026", "E06000063"
HIGHLAND = "S12000017"


def told(wish: Subscription, ruling: Ruling | None = None, **changed: Any) -> Match:
    found = match(opportunity(**changed), wish, NOW, ruling)
    assert isinstance(found, Match), found
    return found


def refused(wish: Subscription, ruling: Ruling | None = None, **changed: Any) -> Refusal:
    found = match(opportunity(**changed), wish, NOW, ruling)
    assert isinstance(found, Refusal), found
    return found


def at(gss: str) -> Place:
    return Place(regions=authorities()[gss].regions[:1], authority=gss)


@pytest.mark.parametrize(
    ("work", "asked", "reason"),
    [
        (LEEDS, LEEDS, "In Leeds"),
        (BURNLEY, LANCASHIRE, "In Burnley, which is part of Lancashire"),
        (LANCASHIRE, BURNLEY, "In Lancashire, which takes in Burnley"),
        (LEEDS, WEST_YORKSHIRE, "In Leeds, which is part of West Yorkshire"),
        (CUMBERLAND, ALLERDALE, "In Cumberland"),
        (CUMBERLAND, CUMBRIA, "In Cumberland"),
        (ALLERDALE, CUMBERLAND, "In Allerdale"),
    ],
)
def test_authorities_with_what_holds_them_and_what_came_after(work: str, asked: str, reason: str):
    assert reason in told(Subscription(authorities=(asked,)), place=at(work)).reasons


def test_another_authority_is_refused_even_next_door():
    found = refused(Subscription(authorities=(BRADFORD,)), place=at(LEEDS))
    assert found.criterion == "place"
    assert found.reason == "It is in Leeds, Yorkshire and The Humber"
    assert refused(Subscription(authorities=("E07000118",)), place=at(BURNLEY))


def test_a_circle_around_a_postcode():
    near = Subscription(near="LS1 4AP", near_km=25)
    (reason,) = (one for one in told(near, place=at(BRADFORD)).reasons if "km" in one)
    assert reason.startswith("About ")
    assert reason.endswith(" km from LS1")
    far = refused(Subscription(near="LS1", near_km=5), place=at("E06000010"))
    assert far.criterion == "place"
    assert "Kingston upon Hull" in far.reason
    assert "km from LS1" in far.reason


def test_the_buyers_postcode_counts_where_no_authority_is_known():
    place, buyer = Place(regions=("TLE",)), Buyer(name="A trust", postcode="BD1 1HX")
    near = Subscription(near="LS1", near_km=20)
    assert any("The buyer is about" in one for one in told(near, place=place, buyer=buyer).reasons)
    far = Buyer(name="A trust", postcode="HU1 1AA")
    assert "the buyer is about" in refused(near, place=place, buyer=far).reason
    unknown = told(near, place=Place(), buyer=far)
    assert unknown.caveats == ("The notice does not say where the work is",)


def test_a_wide_authority_is_near_whoever_lives_in_it():
    found = told(Subscription(near="IV1 1AA", near_km=5), place=at(HIGHLAND))
    assert "In Highland, as IV1 is" in found.reasons


def test_places_widen_each_other():
    wish = Subscription(regions=("TLK",), authorities=(LEEDS,), near="BB11", near_km=10)
    assert "In the South West" in told(wish, place=Place(regions=("TLK", "TLJ"))).reasons
    assert "In Leeds" in told(wish, place=at(LEEDS)).reasons
    assert any("from BB11" in one for one in told(wish, place=at(BURNLEY)).reasons)
    assert refused(wish, place=at("E06000010")).criterion == "place"


def test_a_notice_that_names_only_the_region_of_what_was_asked_fits_with_a_caveat():
    for wish in (Subscription(authorities=(LEEDS,)), Subscription(near="LS1", near_km=10)):
        found = told(wish, place=Place(regions=("TLE",)), buyer=None)
        assert found.caveats == (
            "The notice says only that the work is in Yorkshire and The Humber",
        )
        assert refused(wish, place=Place(regions=("TLK",)), buyer=None).criterion == "place"


def test_a_postcode_that_nobody_knows_narrows_nothing():
    assert told(Subscription(near="ZZ99 9ZZ", near_km=10))
    assert told(Subscription(near="LS1", near_km=None))


def test_distances_are_what_a_map_says():
    leeds, manchester = nearness.home("LS1"), nearness.home("M1")
    assert leeds
    assert manchester
    assert 55 < nearness.kilometres(leeds, manchester) < 60
    assert nearness.apart(leeds, manchester) <= nearness.reach(60)
    assert nearness.apart(leeds, manchester) > nearness.reach(55)


def test_relations_are_mutual():
    mirrored = {"same": "same", "within": "around", "around": "within"}
    for gss in (LEEDS, BURNLEY, LANCASHIRE, CUMBRIA, WEST_YORKSHIRE, "E61000001"):
        for other, relation in nearness.relatives(gss).items():
            if other in authorities():
                assert nearness.relatives(other)[gss] == mirrored[relation], (gss, other)


@pytest.mark.parametrize(
    ("changed", "asked", "criterion"),
    [
        ({"stage": "planning"}, ("early",), None),
        ({"stage": "planning"}, ("open",), "stage"),
        ({}, ("open",), None),
        ({}, ("early", "awards"), "stage"),
        ({"stage": "award", "status": "awarded"}, ("awards",), None),
        ({"stage": "contract", "status": "awarded"}, ("early", "open"), "over"),
        ({"status": "awarded", "updated": NOW - timedelta(days=61)}, ("awards",), "over"),
        ({"status": "cancelled"}, ("early", "open", "awards"), "over"),
    ],
)
def test_stages(changed: dict[str, Any], asked: Any, criterion: str | None):
    wish = Subscription(stages=asked)
    if criterion is None:
        assert told(wish, **changed)
    else:
        assert refused(wish, **changed).criterion == criterion


@pytest.mark.parametrize(
    ("low", "high", "least", "most", "fits"),
    [
        (40, 60, None, None, True),
        (40, 60, 50, None, True),
        (40, 60, 60, None, True),
        (40, 60, 61, None, False),
        (40, 60, None, 40, True),
        (40, 60, None, 39, False),
        (40, None, 100, None, True),
        (None, 60, None, 10, True),
        (40, 60, 10, 20, False),
    ],
)
def test_values_that_overlap_fit(
    low: int | None, high: int | None, least: int | None, most: int | None, fits: bool
):
    def pounds(number: int | None) -> Decimal | None:
        return None if number is None else Decimal(number * 1000)

    wish = Subscription(value_min=pounds(least), value_max=pounds(most))
    worth = {"value_min": pounds(low), "value_max": pounds(high)}
    if fits:
        assert told(wish, **worth).caveats == ()
    else:
        assert refused(wish, **worth).criterion == "value"


def test_an_unknown_value_or_other_money_fits_with_a_caveat():
    wish = Subscription(value_max=Decimal(10))
    caveat = "The notice does not say in pounds what it is worth"
    assert told(wish, value_min=None, value_max=None).caveats == (caveat,)
    assert told(wish, currency="EUR").caveats == (caveat,)
    words = refused(wish).reason
    assert words == "It is worth £40,000 to £60,000, more than £10"


def test_more_than_they_could_carry_fits_with_a_caveat_and_lots_in_reach():
    wish = Subscription(largest=Decimal(30_000))
    assert told(wish).caveats == (
        "It is worth more than you said you could carry: look for partners or lots",
    )
    assert told(Subscription(largest=Decimal(50_000))).caveats == (
        "It may be worth more than you said you could carry: look for partners or lots",
    )
    assert told(Subscription(largest=Decimal(60_000))).caveats == ()
    lots = (
        Lot(id="1", title="Lanterns", value=Decimal(20_000)),
        Lot(id="2", title="Roofs", value=Decimal(40_000)),
        Lot(id="3", value=Decimal(5_000), currency="GBP"),
        Lot(id="4", title="Abroad", value=Decimal(5), currency="EUR"),
    )
    assert told(wish, lots=lots).caveats == (
        "It is worth more than you said you could carry: look for partners, or at the lots within"
        " your reach, ‘Lanterns’ (£20,000) and ‘Lot 3’ (£5,000)",
    )


def test_kinds_of_buyers():
    councils = Subscription(buyer_kinds=("council",))
    assert "You asked for councils and combined authorities" in told(councils).reasons
    refusal = refused(Subscription(buyer_kinds=("nhs",)))
    assert refusal.criterion == "buyer"
    assert "councils" in refusal.reason
    assert told(councils, buyer=None).caveats == ("The notice does not name the buyer",)


@pytest.mark.parametrize(
    ("said", "phrase", "there"),
    [
        ("A party for artists", "art", False),
        ("Public Art by the water", "public art", True),
        ("Public   art", "public art", True),
        ("Art. Public hearing", "public art", False),
        ("Cafés and théâtre", "CAFE", True),
        ("Libraries", "library", True),
        ("A library", "libraries", True),
        ("Children’s theatre", "childrens theatres", True),
        ("Children's theatre", "children’s theatre", True),
        ("Glass and classes", "class", True),
        ("A bus", "bu", False),
        ("Co-production", "co production", True),
        ("Arts & crafts", "arts and crafts", True),
    ],
)
def test_words_are_whole_and_forgiving(said: str, phrase: str, there: bool):
    spoken = phrases.spoken(said)
    assert phrases.holds(spoken, phrase) is there
    assert (phrase in phrases.Phrasebook([phrase]).found(spoken)) is there


def test_required_and_excluded_words():
    title = {"title": "Lantern parade", "description": "With a catering contract."}
    found = told(Subscription(require=("lanterns", "parade")), **title)
    assert "It mentions ‘lanterns’ and ‘parade’" in found.reasons
    missing = refused(Subscription(require=("lantern", "mural")), **title)
    assert (missing.criterion, missing.reason) == ("require", "It does not mention ‘mural’")
    left_out = refused(Subscription(exclude=("catering", "roofing")), **title)
    assert left_out.criterion == "exclude"
    assert left_out.reason == "It mentions ‘catering’, which you left out"
    assert told(Subscription(exclude=("roofing",), require=("!!", "艺术")), **title)
    lots = (Lot(id="1", title="Murals"),)
    assert told(Subscription(require=("mural",)), lots=lots)


def test_a_phrase_does_not_reach_from_title_into_text():
    words = {"title": "Public", "description": "art"}
    assert refused(Subscription(require=("public art",)), **words).criterion == "require"


@given(st.text(max_size=200), st.text(max_size=20))
def test_any_text_can_be_searched_for_any_phrase(said: str, phrase: str):
    spoken = phrases.spoken(said)
    if phrases.words(phrase):
        assert phrases.holds(spoken, phrase) == bool(phrases.Phrasebook([phrase]).found(spoken))


MAYBE = Judgement(
    relevance="none", scores={"arts": 0.3, "commissionable": 0.1, "adjacent": 0.1, "none": 0.5}
)


def test_maybes_only_for_who_wants_them():
    found = told(Subscription(maybes=True), judgement=MAYBE)
    assert found.kind == "arts"
    assert found.caveats == ("It may not be for you: nobody has checked it yet",)
    refusal = refused(Subscription(), judgement=MAYBE)
    assert refusal.criterion == "review"
    assert "nobody has checked" in refusal.reason
    assert refused(Subscription(maybes=True), judgement=judged("none")).criterion == "relevance"


def test_a_reviewers_word_wins():
    accepted = told(Subscription(), Ruling(relevance="arts"), judgement=MAYBE)
    assert accepted.caveats == ()
    assert accepted.reasons[0] == "Arts and culture: a reviewer says so"
    rejected = refused(Subscription(), Ruling(relevance="none"))
    assert rejected.criterion == "relevance"
    assert "reviewer" in rejected.reason
    labelled = Ruling(relevance="commissionable", outcomes=("older_people",), art_forms=())
    assert told(Subscription(outcomes=("older_people",)), labelled).kind == "commissionable"
    assert refused(Subscription(outcomes=("environment",)), labelled).criterion == "outcome"
    assert told(Subscription(), Ruling(relevance="arts"), judgement=None).kind == "arts"


def test_hostile_notices_are_matched_like_others():
    noise = "\u202e<script>alert(1)</script> " + "x" * 100_000
    found = told(
        Subscription(require=("script",), exclude=("mural",), largest=Decimal(1)),
        title=noise,
        description=noise,
        lots=tuple(Lot(id=str(n), title=noise, value=Decimal(n + 1)) for n in range(300)),
    )
    assert all(len(words) < 500 for words in (*found.reasons, *found.caveats))
