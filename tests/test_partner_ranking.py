"""Whom an opportunity's page names as partners: written cases, and what holds for all of them."""

from __future__ import annotations

import csv
import pathlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.digest import wording
from crawler.items import ART_FORMS, OUTCOMES
from crawler.partners.bodies import name_key
from crawler.partners.ranking import MOST, Candidate, Past, Suggestion, Work, serving, suggest
from crawler.places import regions
from crawler.text import key

NAMES = {**wording.ART_FORMS, **wording.OUTCOMES}
NPO = ("ACE NPO 2018-22",)

with pathlib.Path(__file__).with_name("partner_cases.tsv").open(encoding="utf-8") as _file:
    CASES = list(csv.DictReader(_file, delimiter="\t"))


def won(title: str, buyer: str, region: str, *tags: str) -> Past:
    return Past(
        id=key(title)[:12],
        title=title,
        buyer_key=key(buyer),
        regions=(region,),
        art_forms=tuple(tag for tag in tags if tag in ART_FORMS),
        outcomes=tuple(tag for tag in tags if tag in OUTCOMES),
    )


def body(name: str, region: str, gss: str | None, *forms: str, **more: object) -> Candidate:
    given_: dict[str, object] = {"key": key(name), "name": name, "region": region}
    return Candidate(authority=gss, art_forms=forms, **(given_ | more))  # type: ignore[arg-type]


SINGING = won("Singing in HMP Weir", "Ministry of Justice", "TLD", "music", "criminal_justice")
MOVING = won(
    "Moving well: dance for wellbeing", "Leeds City Council", "TLE", "performing",
    "health_wellbeing",
)  # fmt: skip
TALKS = won("Talking tables", "Manchester City Council", "TLD", "combined", "older_people")

CAST = (
    body("Ferry Lane Theatre", "TLE", "E06000010", "performing", sources=NPO),
    body("Humber Reed Band", "TLE", "E06000010", "music"),
    body("Northlight Museum", "TLE", "E06000010", "museums_heritage", postcode="HU1 1AA"),
    body("Loom Street Museum", "TLE", "E06000011", "museums_heritage"),
    body("Loom Street Youth Theatre", "TLE", "E08000035", "performing",
         outcomes=("children_young_people",), open=True),
    body("Loom Street Primary School", "TLE", "E08000035", "performing"),
    body("Leeds Lantern Hire", "TLE", "E08000035", "visual", sources=("grants",)),
    body("Skylark Dance", "TLE", "E08000035", "performing", won=(MOVING,),
         outcomes=("health_wellbeing",)),
    body("Cobalt Print Studio", "TLE", "E08000035", "visual", sources=NPO),
    body("Redbrick Murals", "TLD", "E08000003", "visual"),
    body("Redbrick Brass Festival", "TLD", "E08000003", "music"),
    body("Long Table Arts", "TLD", "E08000003", "combined", won=(TALKS,),
         outcomes=("older_people",)),
    body("Weir Bank Archive", "TLD", "E08000003", "museums_heritage", "literature_libraries"),
    body("Second Verse Music", "TLD", None, "music", won=(SINGING,),
         outcomes=("criminal_justice",)),
    body("Marsh Gallery", "TLJ", "E07000062", "visual", "museums_heritage", sources=NPO),
    body("Marsh Circus", "TLJ", "E07000061", "performing", "festivals_events"),
    body("Canal Pictures", "TLI", "E09000012", "film_digital", open=True),
    body("CANAL PICTURES LTD", "TLI", "E09000012", "film_digital", sources=NPO),
    body("Lockside Dance", "TLI", "E09000030", "performing"),
    body("Stair Poets", "TLM", "S12000036", "literature_libraries"),
    body("Clyde Strings", "TLM", "S12000049", "music"),
    body("Tidewater Opera", "TLL", "W06000015", "music", "performing"),
    body("Valley Voices", "TLL", "W06000015", "performing", open=True),
    body("Lagan Players", "TLN", "N09000003", "performing"),
    body("Ridge End Theatre", "TLK", "E06000023", "performing"),
    body("Parish Church of the Ridge", "TLK", "E06000023", "performing", "music"),
    body("City of Bristol Council", "TLK", "E06000023", "performing"),
)  # fmt: skip
"""Bodies that we made up."""


def words(cell: str, between: str = ",") -> tuple[str, ...]:
    return tuple(one for one in cell.split(between) if one)


def work_of(case: dict[str, str]) -> Work:
    return Work(
        id=f"k{CASES.index(case):011}",
        regions=words(case["regions"]),
        authority=case["authority"] or None,
        art_forms=words(case["art_forms"]),
        outcomes=words(case["outcomes"]),
        buyer=case["buyer"] or None,
        buyer_key=key(case["buyer"]),
        has=frozenset(words(case["has"])),
        reader="Tidewater Opera Ltd" if "itself" in case["case"] else None,
    )


def named(found: tuple[Suggestion, ...]) -> list[str]:
    return [one.candidate.name for one in found]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_written_case(case: dict[str, str]) -> None:
    work = work_of(case)
    found = suggest(work, CAST, NAMES)
    names = named(found)
    firsts = words(case["first"], "|")
    if firsts:
        assert set(names[: len(firsts)]) == set(firsts), found
    assert set(words(case["named"], "|")) <= set(names), found
    assert not set(words(case["never"], "|")) & set(names), found
    assert all(one.reasons for one in found)
    assert "Parish Church of the Ridge" not in names
    assert "City of Bristol Council" not in names
    if work.reader:
        assert "Tidewater Opera" not in names


def test_the_figures_over_all_cases() -> None:
    region = form = total = 0
    for case in CASES:
        work = work_of(case)
        found = suggest(work, CAST, NAMES)
        keys = [name_key(one.candidate.name) for one in found]
        assert len(keys) == len(set(keys)), case["case"]
        for one in found:
            total += 1
            there = {one.candidate.region, *(r for win in one.candidate.won for r in win.regions)}
            region += not set(work.regions) - {"UK"} or bool(there & set(work.regions))
            asked = {*work.art_forms, *work.outcomes, *serving(work)}
            brought = {*one.candidate.art_forms, *one.candidate.outcomes}
            form += bool(asked & brought) or bool(one.candidate.won)
    assert len(CASES) >= 30
    assert total >= 60
    assert region / total >= 0.95, (region, total)
    assert form == total


def test_a_subscribers_own_words_come_before_what_a_list_says_of_them() -> None:
    work = Work(id="k", regions=("TLI",), authority="E09000012", art_forms=("film_digital",))
    found = suggest(work, CAST, NAMES)
    assert named(found)[0] == "Canal Pictures"
    assert found[0].candidate.open
    assert "open to partnering" in found[0].reasons
    assert "CANAL PICTURES LTD" not in named(found)


def test_what_the_reader_lacks_comes_first() -> None:
    theatre = Work(
        id="k", regions=("TLE",), authority="E06000010", art_forms=("performing", "music"),
        has=frozenset({"music"}),
    )  # fmt: skip
    assert named(suggest(theatre, CAST, NAMES))[0] == "Ferry Lane Theatre"
    found = suggest(theatre, CAST, NAMES)[0]
    assert found.reasons[1] == "adds theatre, dance and performance to what you do"


def test_who_won_for_this_buyer_says_so() -> None:
    work = Work(
        id="k", regions=("TLE",), authority="E08000035", outcomes=("health_wellbeing",),
        buyer="Leeds City Council", buyer_key=key("Leeds City Council"),
    )  # fmt: skip
    found = {one.candidate.name: one.reasons for one in suggest(work, CAST, NAMES)}
    assert "won ‘Moving well: dance for wellbeing’ for this buyer" in found["Skylark Dance"]


def test_not_eight_of_one_kind_where_others_are_asked_for() -> None:
    choirs = [body(f"Choir {letter}", "TLE", "E06000010", "music") for letter in "abcdefghij"]
    players = [body(f"Players {letter}", "TLE", "E06000011", "performing") for letter in "ab"]
    work = Work(id="k", regions=("TLE",), authority="E06000010", art_forms=("music", "performing"))
    found = suggest(work, [*choirs, *players], NAMES)
    assert len(found) == MOST
    assert {"Players a", "Players b"} <= set(named(found))


def test_a_house_is_named_once_and_nobody_of_whom_nothing_is_known() -> None:
    people = [
        body("Mill Gallery Charitable Trust", "TLE", "E06000010", "visual"),
        body("Mill Gallery, University of Hull", "TLE", "E06000010", "visual"),
        body("Mill Gallery", "TLE", "E08000035", "visual"),
        body("The Wharf Ltd", "TLE", "E06000010", "visual", sources=("grants",)),
        body("The Wharf", "TLE", "E06000010", "visual", charity=True),
    ]
    work = Work(id="k", regions=("TLE",), authority="E06000010", art_forms=("visual",))
    names = named(suggest(work, people[:4], NAMES))
    assert sum(name.startswith("Mill Gallery") for name in names) == 1
    assert "The Wharf Ltd" not in names
    assert "The Wharf" in named(suggest(work, people, NAMES))


def test_nobody_is_always_first_for_their_name() -> None:
    choirs = [body(f"Choir {number}", "TLE", "E06000010", "music") for number in range(20)]
    firsts = {
        suggest(
            Work(id=f"k{n}", regions=("TLE",), authority="E06000010", art_forms=("music",)),
            choirs,
            NAMES,
        )[0].candidate.name
        for n in range(30)
    }
    assert len(firsts) > 8


somebody = st.builds(
    Candidate,
    key=st.text("abc", min_size=1, max_size=6),
    name=st.text(max_size=40),
    region=st.sampled_from([None, "", "TLZ", *regions()]),
    authority=st.sampled_from([None, "", "E06000010", "E99999999", "S12000036"]),
    postcode=st.sampled_from([None, "", "HU1 1AA", "ZZ99 9ZZ", "x" * 8]),
    art_forms=st.lists(st.sampled_from(ART_FORMS), max_size=3).map(tuple),
    outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=3).map(tuple),
    open=st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(somebody, max_size=12), st.sampled_from(CASES), st.randoms())
def test_whatever_the_candidates_it_names_each_once_in_any_order(
    people: list[Candidate], case: dict[str, str], chance: random.Random
) -> None:
    unique = list({one.key: one for one in people}.values())
    found = suggest(work_of(case), unique, NAMES)
    chance.shuffle(unique)
    assert suggest(work_of(case), unique, NAMES) == found
    keys = [name_key(one.candidate.name) for one in found]
    assert len(keys) == len(set(keys)) <= MOST
