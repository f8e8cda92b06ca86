"""One body for several rows: on pairs of real names, judged by reading, and on written rows."""

from __future__ import annotations

import csv
import io
import pathlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import UsageError
from crawler.partners.bodies import Row, grouped, merge, name_key
from crawler.partners.disciplines import art_forms_of
from crawler.partners.lists import BadLine, read

with pathlib.Path(__file__).with_name("partner_pairs.tsv").open(encoding="utf-8") as _file:
    PAIRS = list(csv.DictReader(_file, delimiter="\t"))


def rows_of(shared: pathlib.Path) -> list[Row]:
    with (shared / "partners/partner_orgs.csv").open(encoding="utf-8", newline="") as file:
        found = list(read(file))
    assert not [one for one in found if isinstance(one, BadLine)]
    return [one for one in found if isinstance(one, Row)]


def test_the_judged_pairs(shared: pathlib.Path) -> None:
    rows = rows_of(shared)
    homes: dict[tuple[str, str], int] = {}
    for number, group in enumerate(grouped(rows)):
        for row in group:
            homes[row.name, row.authority or row.region or ""] = number
    wrong = []
    for pair in PAIRS:
        first = homes[pair["first"], pair["first_place"]]
        second = homes[pair["second"], pair["second_place"]]
        if (first == second) != (pair["verdict"] == "same"):
            wrong.append((pair["verdict"], pair["first"], pair["second"]))
    assert len(PAIRS) >= 100
    # What a pair wrongly joined costs is more than one wrongly kept apart.
    assert [one for one in wrong if one[0] == "different"] == []
    assert len(wrong) <= 0.07 * len(PAIRS), wrong


def test_there_are_about_7800_bodies_in_any_order(shared: pathlib.Path) -> None:
    rows = rows_of(shared)
    bodies = merge(rows)
    assert 7600 <= len(bodies) <= 7900
    assert len({body.key for body in bodies}) == len(bodies)
    random.Random(5).shuffle(rows)
    assert merge(rows) == bodies


def row(name: str, **more: object) -> Row:
    return Row(name=name, source=str(more.pop("source", "list")), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (row("Lantern Arts Ltd", authority="E08000001", region="TLE"),
         row("Lantern Arts", authority="E08000001", region="TLE"), True),
        (row("Lantern Arts", authority="E08000001", region="TLE"),
         row("Lantern Arts", authority="E08000003", region="TLD"), False),
        (row("The Moorland Theatre Company Limited", authority="E08000001", region="TLE"),
         row("Moorland Theatre Company Ltd", authority="E08000003", region="TLD"), True),
        (row("Harbour Theatre", authority="E06000026", region="TLK"),
         row("Harbour Theater", authority="E06000026", region="TLK"), True),
        (row("North Street Mill Museum", authority="E06000026", region="TLK"),
         row("South Street Mill Museum", authority="E06000026", region="TLK"), False),
        (row("Studio 12 Printmakers", authority="E06000026", region="TLK"),
         row("Studio 14 Printmakers", authority="E06000026", region="TLK"), False),
        (row("Tidewater Gallery", alternative="Tidewater City Council", region="TLK"),
         row("Tidewater City Council", region="TLK"), False),
        (row("Quayside Cinema", alternative="Hartley Film Projects", region="TLK"),
         row("Hartley Film Projects", region="TLK"), True),
        (row("Alpha Ltd (Reading)", authority="E06000038", region="TLJ"),
         row("Beta Ltd (Reading)", authority="E06000038", region="TLJ"), False),
        (row("Band of Friends", charity="GB-CHC-1", region="TLJ"),
         row("Band of Friends", charity="GB-CHC-2", region="TLJ"), False),
    ],
    ids=lambda one: one.name[:24] if isinstance(one, Row) else str(one),
)  # fmt: skip
def test_pairs_that_we_wrote(first: Row, second: Row, same: bool) -> None:
    assert (len(merge([first, second])) == 1) is same


def test_a_body_knows_what_its_rows_say() -> None:
    (body,) = merge(
        [
            row("Lantern Arts Ltd", source="grants", disciplines=("Theatre",), region="TLE"),
            row("LANTERN ARTS", source="charities", disciplines=("AR303",), region="TLE",
                website="https://lantern.example", charity="GB-CHC-77"),
        ]
    )  # fmt: skip
    assert body.art_forms == ("music", "performing") or body.art_forms == ("performing", "music")
    assert body.sources == ("charities", "grants")
    assert (body.website, body.charity, body.region) == (
        "https://lantern.example", "GB-CHC-77", "TLE",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("Museum: Arts", ("museums_heritage", "visual")),
        ("AR305", ("music", "performing")),
        ("Heritage: Maritime", ("museums_heritage",)),
        ("Not discipline specific", ()),
        ("HO103", ()),
    ],
)
def test_disciplines(word: str, forms: tuple[str, ...]) -> None:
    assert art_forms_of(word) == forms


def test_broken_lines_are_named_and_the_rest_is_read() -> None:
    text = (
        "name,source,itl1_code,la_gss\n"
        "Good Band,list,TLE,E08000001\n"
        ",list,TLE,\n"
        "No Region,list,North,\n"
        "Too,many,TLE,E08000001,cells\n"
        + "L" * 400 + ",list,,\n"
        "Bad Code,list,,E08\n"
        "Nul\0 Band,list,TLE,\n"
    )  # fmt: skip
    found = list(read(io.StringIO(text)))
    assert [one.name for one in found if isinstance(one, Row)] == ["Good Band", "Nul Band"]
    bad = [(one.line, one.reason) for one in found if isinstance(one, BadLine)]
    assert [line for line, _ in bad] == [3, 4, 5, 6, 7]
    assert "no name" in bad[0][1]
    assert "'NORTH'" in bad[1][1]


def test_a_list_without_names_is_refused() -> None:
    with pytest.raises(UsageError, match="name, source"):
        list(read(io.StringIO("a,b\n1,2\n")))


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=8))
def test_any_names_are_merged_without_loss(names: list[str]) -> None:
    rows = {row(name) for name in names}
    groups = grouped(rows)
    assert sorted(one.name for group in groups for one in group) == sorted(one.name for one in rows)
    assert name_key(names[0]) == name_key(names[0].upper()) or not names[0].isascii()
