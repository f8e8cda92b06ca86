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
from crawler.partners.disciplines import art_forms_of, meaning
from crawler.partners.lists import BadCell, BadLine, read

with pathlib.Path(__file__).with_name("partner_pairs.tsv").open(encoding="utf-8") as _file:
    PAIRS = list(csv.DictReader(_file, delimiter="\t"))


def rows_of(shared: pathlib.Path) -> list[Row]:
    with (shared / "partners/partner_orgs.csv").open(encoding="utf-8", newline="") as file:
        found = list(read(file))
    assert not [one for one in found if isinstance(one, BadLine)]
    broken = [(one.field, one.value) for one in found if isinstance(one, BadCell)]
    assert broken == [("website", "http://190 St Vincent St"), ("website", "http://None")]
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
        ("AR", ()),
        ("HR105", ("museums_heritage",)),
        ("film_digital", ("film_digital",)),
        (" Museums &  Heritage", ("museums_heritage",)),
        ("Opera", ("music", "performing")),
        ("Circus", ("performing",)),
        ("Basket weaving", None),
        ("AR999", None),
        ("ZZ101", None),
    ],
)
def test_disciplines(word: str, forms: tuple[str, ...] | None) -> None:
    assert meaning(word) == forms
    assert art_forms_of(word) == (forms or ())


def test_broken_lines_are_named_and_the_rest_is_read() -> None:
    text = (
        "name,source,itl1_code,la_gss\n"
        "Good Band,list,TLE,E08000001\n"
        ",list,TLE,\n"
        "No List,,TLE,\n"
        "Too,many,TLE,E08000001,cells\n"
        + "L" * 400 + ",list,,\n"
        "Half \udce9 Letters,list,,\n"
        "Nul\0 Band,list,TLE,\n"
    )  # fmt: skip
    found = list(read(io.StringIO(text)))
    assert [one.name for one in found if isinstance(one, Row)] == ["Good Band", "Nul Band"]
    bad = [(one.line, one.reason) for one in found if isinstance(one, BadLine)]
    assert [line for line, _ in bad] == [3, 4, 5, 6, 7]
    assert "no name" in bad[0][1]
    assert "no source" in bad[1][1]


@pytest.mark.parametrize(
    ("field", "value", "kept", "said"),
    [
        ("itl1_code", "tld", {"region": "TLD"}, None),
        ("itl1_code", "UKD34", {"region": "TLD"}, None),
        ("itl1_code", "Yorkshire & the Humber", {"region": "TLE"}, None),
        ("itl1_code", "North", {}, "no region"),
        ("itl1_code", "UK", {}, "no region"),
        ("la_gss", "e08000003", {"authority": "E08000003"}, None),
        ("la_gss", "E07000026", {"authority": "E07000026"}, None),
        ("la_gss", "E99999999", {}, "no authority"),
        ("la_name", "Leeds", {"authority": "E08000035"}, None),
        ("la_name", "Bristol, City of", {"authority": "E06000023"}, None),
        ("la_name", "Cumbria", {}, "several"),
        ("la_name", "Narnia", {}, "no authority"),
        ("postcode", "hu1 1aa", {"postcode": "HU1 1AA"}, None),
        ("postcode", "SW1A", {"postcode": "SW1A"}, None),
        ("postcode", "Hull", {}, "no postcode"),
        ("postcode", "ZZ1 1ZZ", {}, "no postcode"),
        ("website", "band.example", {"website": "https://band.example"}, None),
        ("website", "HTTP://band.example/a?b=c", {"website": "HTTP://band.example/a?b=c"}, None),
        ("website", "http://None", {}, "no web address"),
        ("website", "javascript:alert(1)//a.b", {}, "no web address"),
        ("website", "ftp://band.example", {}, "no web address"),
        ("website", "me@band.example", {}, "no web address"),
        ("website", "https://band.example:x", {}, "no web address"),
        ("discipline", "Theatre;Basket weaving", {"disciplines": ("Theatre", "Basket weaving")},
         "no art form"),
        ("alt_name", "x" * 301, {}, "longer than 300"),
        ("alt_name", "Half \udce9 Letters", {}, "not UTF-8"),
    ],
)  # fmt: skip
def test_a_broken_cell_costs_itself_and_is_named(
    field: str, value: str, kept: dict[str, object], said: str | None
) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([["name", "source", field], ["Good Band", "list", value]])
    *bad, made = read(io.StringIO(file.getvalue(), newline=""))
    assert made == Row(name="Good Band", source="list", **kept)  # type: ignore[arg-type]
    assert len(bad) == (said is not None)
    for one in bad:
        assert isinstance(one, BadCell)
        assert (one.line, one.field) == (2, field)
        assert said
        assert said in one.reason
        assert one.value
        assert one.value.isprintable()
        assert len(one.value) <= 60


def test_a_code_counts_before_a_name_and_a_name_where_the_code_is_none() -> None:
    text = "name,source,la_gss,la_name\nA Band,list,E08000003,Leeds\nB Band,list,E1,Leeds\n"
    first, bad, second = read(io.StringIO(text))
    assert isinstance(first, Row)
    assert first.authority == "E08000003"
    assert isinstance(bad, BadCell)
    assert (bad.line, bad.field, bad.value) == (3, "la_gss", "E1")
    assert isinstance(second, Row)
    assert second.authority == "E08000035"


def test_what_is_shown_of_a_cell_cannot_write_on_a_terminal() -> None:
    text = "name,source,postcode\nA Band,list,\x1b[2J\u202egone\x07" + "y" * 100 + "\n"
    bad, _ = read(io.StringIO(text))
    assert isinstance(bad, BadCell)
    assert bad.value.startswith("[2J gone")
    assert bad.value.isprintable()
    assert len(bad.value) <= 60


def test_a_list_without_names_is_refused() -> None:
    with pytest.raises(UsageError, match="name, source"):
        list(read(io.StringIO("a,b\n1,2\n")))


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=8))
def test_any_names_are_merged_without_loss(names: list[str]) -> None:
    rows = {row(name) for name in names}
    groups = grouped(rows)
    assert sorted(one.name for group in groups for one in group) == sorted(one.name for one in rows)
    assert name_key(names[0]) == name_key(names[0].upper()) or not names[0].isascii()
