"""Who is told of what, and why: `crawler.digest.matching`."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from digest_samples import ANYTHING, HULL, NOW, judged, opportunity

from crawler.digest.matching import Match, Refusal, combined, match
from crawler.items import Judgement, Place, Reason
from crawler.store.subscribers import Subscription


def reasons(found: Match | Refusal) -> tuple[str, ...]:
    assert isinstance(found, Match), found
    return found.reasons


def refusal(found: Match | Refusal) -> str:
    assert isinstance(found, Refusal), found
    return found.reason


def test_reasons_are_in_plain_words():
    asked = Subscription(regions=("TLE", "TLK"), art_forms=("visual",))
    found = match(opportunity(judgement=judged(art_forms=("visual",))), asked, NOW)
    assert reasons(found) == (
        "Arts and culture: ‘public art’ in the title",
        "You asked for visual arts and craft",
        "In Yorkshire and The Humber",
    )


def test_evidence_names_the_three_strongest_phrases_by_where_they_stand():
    judgement = judged(
        "commissionable",
        outcomes=("health_wellbeing",),
        reasons=(
            Reason(text="social prescribing", field="description", weight=2.0),
            Reason(text="CPV 85312: Social work services", field="cpv", weight=0.5),
            Reason(text="loneliness", field="description", weight=1.0),
            Reason(text="Hull City Council", field="buyer", weight=0.1),
            Reason(text="nursing", field="description", weight=-3.0),
        ),
    )
    found = match(opportunity(judgement=judgement), ANYTHING, NOW)
    assert reasons(found) == (
        "Health and wellbeing: ‘social prescribing’ and ‘loneliness’ in the description;"
        " listed as ‘Social work services’",
    )


@pytest.mark.parametrize(
    ("place", "asked", "fits"),
    [
        (HULL, ("TLE",), True),
        (HULL, ("TLK",), False),
        (HULL, (), True),
        (Place(regions=("UK",)), ("TLK",), True),
        (Place(), ("TLK",), True),
        (Place(regions=("TLK", "TLE")), ("TLE",), True),
    ],
)
def test_regions(place: Place, asked: tuple[str, ...], fits: bool):
    found = match(opportunity(place=place), Subscription(regions=asked), NOW)
    assert isinstance(found, Match) is fits


def test_refused_for_its_region_says_which():
    found = match(opportunity(), Subscription(regions=("TLK",)), NOW)
    assert refusal(found) == "It is in Kingston upon Hull, Yorkshire and The Humber"


def test_an_unknown_place_is_a_caveat_and_no_refusal():
    found = match(opportunity(place=Place()), Subscription(regions=("TLK",)), NOW)
    assert isinstance(found, Match)
    assert found.caveats == ("The notice does not say where the work is",)


@pytest.mark.parametrize(
    ("forms", "asked", "fits"),
    [
        (("music",), ("music", "visual"), True),
        (("music",), ("visual",), False),
        (("combined",), ("visual",), True),
        ((), ("visual",), True),
        (("music",), (), True),
    ],
)
def test_art_forms_narrow_what_is_art(forms: tuple[str, ...], asked: tuple[str, ...], fits: bool):
    found = match(
        opportunity(judgement=judged(art_forms=forms)), Subscription(art_forms=asked), NOW
    )
    assert isinstance(found, Match) is fits


@pytest.mark.parametrize(
    ("outcomes", "asked", "fits"),
    [
        (("older_people",), ("older_people",), True),
        (("older_people",), ("criminal_justice",), False),
        ((), ("criminal_justice",), True),
        (("older_people",), (), True),
    ],
)
def test_outcomes_narrow_what_is_commissionable(
    outcomes: tuple[str, ...], asked: tuple[str, ...], fits: bool
):
    judgement = judged("commissionable", outcomes=outcomes)
    wanted = Subscription(outcomes=asked, art_forms=("music",))
    assert isinstance(match(opportunity(judgement=judgement), wanted, NOW), Match) is fits


def test_outcomes_do_not_narrow_what_is_art():
    found = match(opportunity(), Subscription(outcomes=("older_people",)), NOW)
    assert isinstance(found, Match)


@pytest.mark.parametrize("relevance", ["arts", "commissionable", "adjacent"])
def test_only_the_bands_asked_for(relevance: str):
    one = opportunity(judgement=judged(relevance))
    assert isinstance(match(one, Subscription(bands=(relevance,)), NOW), Match)
    others = tuple({"arts", "commissionable", "adjacent"} - {relevance})
    assert "not asked for" in refusal(match(one, Subscription(bands=others), NOW))


def test_what_waits_for_review_or_is_hidden_is_not_told():
    unsure = Judgement(
        relevance="arts",
        scores={"arts": 0.4, "commissionable": 0.05, "adjacent": 0.2, "none": 0.35},
    )
    assert isinstance(match(opportunity(judgement=unsure), ANYTHING, NOW), Refusal)
    assert isinstance(match(opportunity(judgement=judged("none")), ANYTHING, NOW), Refusal)
    assert isinstance(match(opportunity(judgement=None), ANYTHING, NOW), Refusal)


def test_shown_by_the_sum_of_two_labels_is_told_as_the_likelier():
    torn = Judgement(
        relevance="none",
        scores={"arts": 0.25, "commissionable": 0.3, "adjacent": 0.05, "none": 0.4},
        reasons=(Reason(text="roofing", field="title", weight=1.0),),
    )
    found = match(opportunity(judgement=torn), ANYTHING, NOW)
    assert isinstance(found, Match)
    assert found.kind == "commissionable"
    assert "roofing" not in " ".join(found.reasons)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"deadline": NOW - timedelta(hours=1)}, "It closed on"),
        ({"status": "closed"}, "It closed"),
        ({"status": "cancelled"}, "It was cancelled"),
        ({"status": "awarded"}, "It is awarded"),
        ({"stage": "award"}, "It is awarded"),
        ({"deadline": None, "updated": NOW - timedelta(days=120)}, "no closing date"),
        ({"stage": "planning", "updated": NOW - timedelta(days=400)}, "for a year"),
    ],
)
def test_what_is_over_is_not_told(changed: dict[str, object], why: str):
    assert why in refusal(match(opportunity(**changed), ANYTHING, NOW))


@pytest.mark.parametrize(
    "changed",
    [
        {"deadline": None},
        {"status": "unknown"},
        {"stage": "planning", "status": "unknown", "deadline": None},
        {"stage": "planning", "deadline": NOW - timedelta(days=5)},
    ],
)
def test_what_is_open_or_coming_is_told(changed: dict[str, object]):
    assert isinstance(match(opportunity(**changed), ANYTHING, NOW), Match)


def test_two_subscriptions_make_one_match():
    one = Match(kind="commissionable", reasons=("a", "b"), caveats=("x", "y"))
    other = Match(kind="arts", reasons=("b", "c"), caveats=("y",))
    both = combined([one, other])
    assert both == Match(kind="arts", reasons=("a", "b", "c"), caveats=("y",))
    assert combined([one]) == one


def test_matching_is_pure():
    one, asked = opportunity(), Subscription(regions=("TLE",))
    assert match(one, asked, NOW) == match(dataclasses.replace(one), asked, NOW)
