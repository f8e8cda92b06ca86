"""What people type becomes a wish, or a sentence for each field that says what to type instead."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import money
from crawler.buyers import BUYER_KINDS
from crawler.digest import wish_places, wishes
from crawler.digest.wish_wording import RHYTHMS, STAGES, WEEKDAYS, when, wish
from crawler.digest.wishes import (
    SCHEDULE_FIELDS,
    WISH_FIELDS,
    Asked,
    WishErrors,
    cell,
    read,
    spelled,
)
from crawler.digest.wording import ART_FORMS, BANDS, OUTCOMES
from crawler.errors import UsageError
from crawler.places.authorities import authorities
from crawler.places.regions import CODES
from crawler.store.subscribers import Schedule, Subscription

LIVING = sorted(gss for gss, body in authorities().items() if body.ended is None)


def refused(**fields: Any) -> dict[str, str]:
    with pytest.raises(WishErrors) as caught:
        read(fields)
    return caught.value.problems


def attempt(fields: Any) -> tuple[Asked | None, dict[str, str]]:
    try:
        return read(fields), {}
    except WishErrors as errors:
        return None, errors.problems


def test_nothing_said_is_the_usual() -> None:
    assert read({}).subscription == Subscription()
    assert read({}).schedule == Schedule()
    empty = dict.fromkeys((*WISH_FIELDS, *SCHEDULE_FIELDS), "")
    assert read(empty).subscription == Subscription()
    assert read(empty).schedule == Schedule()
    assert read({name: [] for name in empty}).subscription == Subscription()


def test_every_field() -> None:
    asked = read(
        {
            "label": " Out  of town ",
            "regions": ["yorkshire", "TLC", "UKE"],
            "authorities": "Leeds; E08000003",
            "near": "ls14ab",
            "near_km": "20 km",
            "art_forms": "music; Museums and heritage",
            "outcomes": ["older-people"],
            "bands": "adjacent",
            "stages": "open;awards",
            "value_min": "£10k",
            "value_max": "1.2m",
            "largest": "25,000",
            "buyer_kinds": "nhs",
            "require": 'festival, "street arts"',
            "exclude": ["catering"],
            "maybes": "yes",
            "rhythm": "Fortnightly",
            "weekday": "thurs",
            "hour": "6pm",
            "only_new": True,
            "early_mail": "on",
            "remind_days": "never",
        }
    )
    assert asked.subscription == Subscription(
        label="Out of town",
        regions=("TLC", "TLE"),
        authorities=("E08000035", "E08000003"),
        near="LS1 4AB",
        near_km=20,
        art_forms=("music", "museums_heritage"),
        outcomes=("older_people",),
        bands=("adjacent",),
        stages=("open", "awards"),
        value_min=Decimal(10_000),
        value_max=Decimal(1_200_000),
        largest=Decimal(25_000),
        buyer_kinds=("nhs",),
        require=("festival", "street arts"),
        exclude=("catering",),
        maybes=True,
    )
    assert asked.schedule == Schedule(
        rhythm="fortnightly", weekday=3, hour=18, only_new=True, early_mail=True, remind_days=None
    )
    said = wish(asked.subscription)
    for words in (
        "the North East", "Leeds City Council", "within 20 km of LS1 4AB", "museums and heritage",
        "the NHS", "contract awards", "£10,000 to £1.2 million", "£25,000", "‘street arts’",
        "‘catering’", "reviewed",
    ):  # fmt: skip
        assert words in said
    assert when(asked.schedule) == (
        "every second Thursday at 6pm, only when something is new, and at once when something"
        " closes before the next email"
    )


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("regions", "Nowhere", "TLD (North West)"),
        ("regions", "UK", "leave the region out"),
        ("regions", "wails", "did you mean Wales?"),
        ("authorities", "Newcastle", "Newcastle City Council (E08000021)"),
        ("authorities", "Leads", "did you mean Leeds City Council (E08000035)?"),
        ("authorities", "E99999999", "GSS code"),
        ("near", "JE2 3AB", "no part of the UK"),
        ("near", "Leeds", "no UK postcode"),
        ("near", "LS1 foo", "no UK postcode"),
        ("art_forms", "macrame", "performing, music, visual"),
        ("art_forms", "musik", "did you mean music?"),
        ("outcomes", "fame", "health_wellbeing"),
        ("bands", "none", "arts, commissionable, adjacent"),
        ("stages", "late", "early, open, awards"),
        ("buyer_kinds", "shop", "council, nhs"),
        ("value_min", "lots", "£10k"),
        ("value_min", "-5", "£10k"),
        ("value_min", "1e9", "£10k"),
        ("value_max", "1,2", "£10k"),
        ("largest", "0", "£10k"),
        ("weekday", "someday", "Monday, Tuesday"),
        ("weekday", "t", "Tuesday"),
        ("weekday", "Wendsday", "did you mean Wednesday?"),
        ("hour", "24", "0 to 23"),
        ("hour", "13pm", "0 to 23"),
        ("hour", "７", "0 to 23"),
        ("rhythm", "hourly", "daily, weekly, fortnightly"),
        ("remind_days", "31", "from 1 to 30 or none"),
        ("only_new", "perhaps", "yes, no"),
        ("require", "x" * 61, "60 characters"),
        ("require", "!!!", "no letter or digit"),
        ("exclude", ";".join(f"w{n}" for n in range(21)), "20 that matter"),
        ("label", "x" * 61, "60 characters"),
    ],
)
def test_a_refusal_names_what_was_typed_and_what_is_allowed(
    field: str, typed: str, said: str
) -> None:
    problems = refused(**{field: typed})
    assert list(problems) == [field]
    assert said in problems[field]


@pytest.mark.parametrize("km", ["0", "501", "twenty", "-3", "20.5"])
def test_a_distance_is_1_to_500_km(km: str) -> None:
    assert "from 1 to 500" in refused(near="LS1", near_km=km)["near_km"]


def test_everything_wrong_is_said_at_once() -> None:
    problems = refused(
        regions="Nowhere", near="x", hour="99", value_min="2m", value_max="1m", require="a, b",
        exclude="A",
    )  # fmt: skip
    assert list(problems) == ["regions", "near", "value_max", "exclude", "hour"]
    assert "Swap" in problems["value_max"]
    with pytest.raises(UsageError, match=r"--region: .*Nowhere"):
        raise WishErrors(problems).named({"regions": "--region"})


def test_fields_that_stand_already_are_weighed_too() -> None:
    base = Subscription(id=4, value_max=Decimal(100), near="LS1", near_km=5, exclude=("tea",))
    with pytest.raises(WishErrors) as caught:
        read({"value_min": "200", "require": "Tea"}, base)
    assert set(caught.value.problems) == {"value_min", "require"}
    kept = read({"near_km": "9"}, base).subscription
    assert (kept.id, kept.near, kept.near_km, kept.exclude) == (4, "LS1", 9, ("tea",))
    assert read({"near": ""}, base).subscription.near_km is None


def test_an_abolished_council_becomes_its_successors_and_that_is_said() -> None:
    asked = read({"authorities": "Cumbria County Council"})
    assert asked.subscription.authorities == ("E06000063", "E06000064")
    assert "ended on 1 April 2023" in asked.notes[0]
    assert "Cumberland" in asked.notes[0]


def test_a_distance_without_a_postcode_is_left_out_and_that_is_said() -> None:
    asked = read({"near": "", "near_km": "25"})
    assert asked.subscription == Subscription()
    assert "left out" in asked.notes[0]
    assert read({"near": "BD1"}).subscription.near_km == wishes.NEAR_KM


@pytest.mark.parametrize("gss", LIVING)
def test_every_authority_is_known_by_its_name(gss: str) -> None:
    assert wish_places.council(authorities()[gss].name).codes == (gss,)


def test_every_abolished_authority_has_an_answer() -> None:
    for gss, body in authorities().items():
        if body.ended:
            codes = wish_places.council(gss).codes
            assert codes
            assert set(codes) <= set(LIVING)


def test_hostile_input_is_bounded() -> None:
    began = time.perf_counter()
    problems = refused(
        authorities=[f"zz{n} council of nowhere" * 40 for n in range(5000)],
        regions="q;" * 100_000,
        require="\x00\u202e" + "a" * 1_000_000,
        value_min="9" * 1_000_000,
        near=" " * 1_000_000 + "x",
    )
    assert time.perf_counter() - began < 5
    assert all(len(words) < 2500 for words in problems.values())
    assert "\u202e" not in "".join(problems.values())


WORD = st.text(min_size=1, max_size=60)
AMOUNT = st.one_of(
    st.integers(1, 10**9).map(str),
    st.decimals(min_value=Decimal("0.01"), max_value=10**8, places=2).map(lambda one: f"{one:f}"),
    st.sampled_from(["£10k", "25,000", "1.2m", "2 million"]),
)


def some(allowed: Any, most: int = 4) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(allowed)), max_size=most)


TYPED = st.fixed_dictionaries(
    {},
    optional={
        "label": WORD,
        "regions": some(CODES),
        "authorities": some(LIVING),
        "near": st.sampled_from(["LS1", "ls1 4ab", "SW1A1AA", ""]),
        "near_km": st.integers(1, 500).map(str),
        "art_forms": some(ART_FORMS),
        "outcomes": some(OUTCOMES),
        "bands": some(BANDS),
        "stages": some(STAGES),
        "value_min": AMOUNT,
        "value_max": AMOUNT,
        "largest": AMOUNT,
        "buyer_kinds": some(BUYER_KINDS),
        "require": st.lists(WORD, max_size=5),
        "exclude": st.lists(WORD, max_size=5),
        "maybes": st.booleans(),
        "rhythm": st.sampled_from(sorted(RHYTHMS)),
        "weekday": st.sampled_from(WEEKDAYS),
        "hour": st.integers(0, 23).map(str),
        "only_new": st.booleans(),
        "early_mail": st.booleans(),
        "remind_days": st.one_of(st.integers(1, 30).map(str), st.just("none")),
    },
)


@given(TYPED)
def test_what_is_spelled_is_read_back_to_the_letter(typed: dict[str, Any]) -> None:
    asked, problems = attempt(typed)
    assert set(problems) <= {"label", "require", "exclude", "value_min", "value_max"}
    if asked is None:
        return
    words = spelled(asked.subscription, asked.schedule)
    for way in (words, {name: cell(values) for name, values in words.items()}):
        again = read(way)
        assert again.subscription == asked.subscription
        assert again.schedule == asked.schedule
    assert wish(asked.subscription).endswith(".")
    assert when(asked.schedule)


@given(st.dictionaries(st.sampled_from([*WISH_FIELDS, *SCHEDULE_FIELDS]), st.text(max_size=80)))
def test_any_text_is_read_or_refused_in_words(typed: dict[str, str]) -> None:
    asked, problems = attempt(typed)
    assert (asked is None) == bool(problems)
    assert set(problems) <= set(typed)
    assert all(words.endswith(".") for words in problems.values())


@given(st.decimals(min_value=Decimal("0.01"), max_value=Decimal(10**12), places=2))
def test_amounts_are_read_as_written(value: Decimal) -> None:
    assert money.pounds(f"£{value:,.2f}") == value
    assert money.pounds(f"{value:f}") == value
