"""Where notices are placed, why, and what names, codes and postcodes mean."""

from __future__ import annotations

from datetime import date

import pytest

from crawler.items import Notice, Place
from crawler.places import authority, boards, locate, nearness, outcode, regions, resolve_buyer
from crawler.places.authorities import authorities


def place(title: str = "A contract", **fields: object) -> Place:
    return locate(Notice(title=title, **fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (("North West",), ("TLD",)),
        (("Yorkshire and the Humber",), ("TLE",)),
        (("Yorkshire & the Humber",), ("TLE",)),
        (("East of England",), ("TLH",)),
        (("Eastern",), ("TLH",)),
        (("North West England",), ("TLD",)),
        (("North East (England)",), ("TLC",)),
        (("LONDON",), ("TLI",)),
        (("UKC2",), ("TLC",)),
        (("TLD",), ("TLD",)),
        (("UKM75",), ("TLM",)),
        (("North Yorkshire",), ("TLE",)),
        (("Merseyside",), ("TLD",)),
        (("Manchester City Centre",), ("TLD",)),
        (("Wales", "South West"), ("TLK", "TLL")),
        (("West Midlands", "England"), ("TLG",)),
        (("Any region",), ("UK",)),
        (("England",), ("UK",)),
        (("England", "Wales"), ("UK",)),
        (("United Kingdom", "Isle of Man", "Channel Islands"), ("UK",)),
        (tuple(regions().values()), ("UK",)),
        (("Rest of the World",), ()),
        (("UKF - East Midlands (England)",), ("TLF",)),
        (("UKM7 - somewhere",), ("TLM",)),
        (("UK - United Kingdom",), ("UK",)),
        (("E12000002",), ("TLD",)),
        (("E07000081",), ("TLK",)),
        (("London and South East",), ("TLI", "TLJ")),
        (("Narnia",), ()),
        (("GL1 1EP",), ("TLK",)),
    ],
)
def test_stated_regions(stated: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert place(region=stated).regions == expected


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (("UKK", "UKK11"), ("TLK",)),
        (("UKN", "UK"), ("TLN",)),
        (("UK",), ("UK",)),
        (("TLM50",), ("TLM",)),
        (("UKL16", "UKL21"), ("TLL",)),
        (("UKD", "UKE"), ("TLD", "TLE")),
        (("UKZ",), ()),
    ],
)
def test_nuts_and_itl_codes_of_any_level(codes: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert place(nuts=codes).regions == expected


def test_a_code_that_one_authority_fills_names_it() -> None:
    assert place(nuts=("UKM75",)) == Place(
        regions=("TLM",),
        authority="S12000036",
        reason="region UKM75 (City of Edinburgh) stated",
    )


@pytest.mark.parametrize("written", ["GL1 1EP", "gl11ep", " GL1 1ep ", "GL1"])
def test_a_postcode_however_written(written: str) -> None:
    found = place(postcode=(written,))
    assert (found.regions, found.authority) == (("TLK",), "E07000081")
    assert "lies in Gloucester" in found.reason


def test_a_stated_region_outranks_the_postcode() -> None:
    found = place(region=("North West",), postcode=("SW1P 4DF",))
    assert (found.regions, found.authority) == (("TLD",), None)
    assert found.reason == "region 'North West' stated"


def test_a_straddling_outcode_names_both_regions_until_something_chooses() -> None:
    assert place(postcode=("DN36 5AA",)).regions == ("TLE", "TLF")
    there = place(postcode=("DN36 5AA",), buyer="East Lindsey District Council")
    assert (there.regions, there.authority) == (("TLF",), "E07000137")
    assert place(postcode=("TD15 1AA",)).regions == ("TLC",)


@pytest.mark.parametrize(
    ("buyer", "gss"),
    [
        ("Leeds City Council", "E08000035"),
        ("LEEDS CITY COUNCIL", "E08000035"),
        ("Council of the City of Leeds", "E08000035"),
        ("The Borough Council of Calderdale", "E08000033"),
        ("London Borough of Barnet Council", "E09000003"),
        ("LB Camden", "E09000007"),
        ("The Royal Borough of Windsor & Maidenhead", "E06000040"),
        ("The Mayor and Commonalty and Citizens of the City of London", "E09000001"),
        ("Doncaster MBC", "E08000017"),
        ("Rhondda Cynon Taf CBC", "W06000016"),
        ("Tower Hamlets", "E09000030"),
        ("Cyngor Gwynedd", "W06000002"),
        ("Cyngor Sir Ceredigion County Council", "W06000008"),
        ("Comhairle nan Eilean Siar", "S12000013"),
        ("BRIGHTON &amp; HOVE CITY COUNCIL", "E06000043"),
        ("Armagh, Banbridge & Craigavon Borough Council", "N09000002"),
        ("Newry, Mourne and Down District Council (NMD)", "N09000010"),
        ("Suffolk County Council Passenger Transport", "E10000029"),
        ("Kent County Council (t/a LASER)", "E10000016"),
        ("Haulage Ltd trading as Cheshire East Borough Council", "E06000049"),
        ("Walsall Council e-Tendering", "E08000030"),
        ("Babergh and Mid Suffolk District Councils", "E07000203"),
        ("Leceister City Council", "E06000016"),
        ("Gloucestershire County Council", "E10000013"),
        ("Gloucester City Council", "E07000081"),
        ("City of Stoke-On-Trent", "E06000021"),
        ("East Herts Council", "E07000242"),
        ("King's Lynn & West Norfolk Borough Council", "E07000146"),
        ("West Yorkshire Combined Authority", "E47000003"),
        ("Greater London Authority", "E61000001"),
    ],
)
def test_a_council_however_written(buyer: str, gss: str) -> None:
    found = resolve_buyer(buyer)
    assert found is not None
    assert (found.kind, found.authority) == ("authority", gss)


@pytest.mark.parametrize(
    ("buyer", "expected"),
    [
        ("NHS Leeds CCG", ("TLE",)),
        ("Gloucestershire Hospitals NHS Foundation Trust", ("TLK",)),
        ("NHS North West London Integrated Care Board", ("TLI",)),
        ("NHS Bedfordshire, Luton & Milton Keynes Integrated Care Board", ("TLH", "TLJ")),
        ("University of Reading", ("TLJ",)),
        ("Keele University", ("TLG",)),
        ("Penryn College", ("TLK",)),
        ("Wem Town Council", ("TLG",)),
        ("Greater Manchester Police", ("TLD",)),
        ("Creative Scotland", ("TLM",)),
        ("Arts Council of Wales", ("TLL",)),
        ("Libraries NI", ("TLN",)),
        ("Transport for London", ("TLI",)),
        ("North East Scotland College", ("TLM",)),
        ("National Museums Liverpool", ("TLD",)),
        ("South Wales Fire and Rescue Service", ("TLL",)),
    ],
)
def test_bodies_that_work_in_one_place(buyer: str, expected: tuple[str, ...]) -> None:
    found = place(buyer=buyer)
    assert found.regions == expected
    assert buyer in found.reason


@pytest.mark.parametrize(
    "buyer",
    ["Home Office", "Arts Council England", "National Lottery Heritage Fund", "Historic England"],
)
def test_a_national_buyer_is_everywhere_only_when_the_notice_says_so(buyer: str) -> None:
    assert place(buyer=buyer).regions == ()
    assert place(buyer=buyer, region=("Any region",)).regions == ("UK",)
    assert place(buyer=buyer, region=("England",), postcode=("SW1P 4DF",)).regions == ("UK",)
    assert place(buyer=buyer, postcode=("SW1P 4DF",)).regions == ("TLI",)
    assert place("Evaluation in the North West", buyer=buyer).regions == ("TLD",)


def test_a_local_buyer_beats_any_region() -> None:
    found = place(buyer="Lincolnshire County Council", region=("England",), postcode=("LN1 1YL",))
    assert (found.regions, found.authority) == (("TLF",), "E10000019")
    assert place(buyer="Tower Hamlets", region=("Any region",)).regions == ("TLI",)
    assert place(buyer="Acme Frameworks Ltd", region=("Any region",)).regions == ("UK",)


@pytest.mark.parametrize(
    ("buyer", "heirs", "ended"),
    [
        ("Bournemouth Borough Council", ("E06000058",), date(2019, 4, 1)),
        ("Cumbria County Council", ("E06000063", "E06000064"), date(2023, 4, 1)),
        ("Somerset County Council", ("E06000066",), date(2023, 4, 1)),
        ("Taunton Deane Borough Council", ("E06000066",), date(2019, 4, 1)),
        ("Buckinghamshire County Council", ("E06000060",), date(2020, 4, 1)),
        ("Ards Borough Council", ("N09000011",), date(2015, 4, 1)),
        ("North of Tyne Combined Authority", ("E47000010",), date(2024, 5, 7)),
    ],
)
def test_abolished_authorities_resolve_to_their_successors(
    buyer: str, heirs: tuple[str, ...], ended: date
) -> None:
    found = resolve_buyer(buyer)
    assert found is not None
    assert (found.successors, found.ended) == (heirs, ended)
    assert found.authority == (heirs[0] if len(heirs) == 1 else None)
    assert f"until {ended.day} {ended:%B %Y}" in found.reason


def test_other_evidence_chooses_between_successors() -> None:
    assert place(buyer="Cumbria County Council").authority is None
    assert place(buyer="Cumbria County Council", postcode=("CA3 8NA",)).authority == "E06000063"
    assert place(buyer="Cumbria County Council", buyer_postcode="LA9 4DQ").authority == "E06000064"


@pytest.mark.parametrize("alias", ["city of", "City of", "Council", "The", "County Council"])
def test_an_alias_without_a_place_resolves_to_nothing(alias: str) -> None:
    assert resolve_buyer(alias) is None


@pytest.mark.parametrize(
    "buyer", ["City of Bristol College", "Derby County Football Club", "City of London Police"]
)
def test_what_only_begins_like_a_council_is_none(buyer: str) -> None:
    found = resolve_buyer(buyer)
    assert found is not None
    assert found.kind != "authority"


def test_an_ambiguous_alias_resolves_only_with_other_evidence() -> None:
    alone = place(buyer="Newcastle upon Tyne")
    assert (alone.regions, alone.authority) == (("TLC",), None)
    assert place(buyer="Newcastle upon Tyne", postcode=("NE1 8QH",)).authority == "E08000021"
    assert place(buyer="Newcastle City Council").authority == "E08000021"
    assert place(buyer="Bournemouth").authority == "E06000058"


def test_a_list_of_every_region_is_meant() -> None:
    for stated in (tuple(regions().values()), ("England", "Scotland")):
        found = place(buyer="Leeds City Council", region=stated, postcode=("LS1 1UR",))
        assert (found.regions, found.authority) == (("UK",), "E08000035")


def test_the_buyers_address_speaks_when_its_name_does_not() -> None:
    acme = "Acme Trading"
    assert place(buyer=acme, buyer_nuts=("UKJ21",)).authority == "E06000043"
    assert place(buyer=acme, buyer_postcode="CF10 3NQ").regions == ("TLL",)
    assert place(buyer=acme, buyer_town="Penzance").authority == "E06000052"
    assert place(buyer="Home Office", buyer_postcode="SW1P 4DF").regions == ()


@pytest.mark.parametrize(
    ("title", "description", "expected"),
    [
        ("Mural in Margate", "", ("TLJ",)),
        ("Festival", "A festival for the people of Hebden Bridge and Halifax.", ("TLE",)),
        ("Festival", "On behalf of Gloucester City Council.", ("TLK",)),
        ("Summer Reading Challenge", "Library events.", ()),
        ("Library events in Reading", "", ("TLJ",)),
        ("Repairs at London Road", "", ()),
        ("Duke of Edinburgh's Award", "", ()),
        ("Survey for England and Wales", "", ()),
        ("Evaluation of a programme across the UK", "", ("UK",)),
        ("Workshops in Leeds and Bristol", "", ()),
        ("Workshops in Leeds", "Based on a pilot in Bristol.", ("TLE",)),
        ("A contract", "Nothing of note.", ()),
    ],
)
def test_places_in_the_text_are_the_last_resort(
    title: str, description: str, expected: tuple[str, ...]
) -> None:
    assert place(title, description=description).regions == expected


def test_authorities_are_known_by_code_and_former_code() -> None:
    body = authority("E07000081")
    assert body is not None
    assert (body.name, body.kind, body.region) == ("Gloucester City Council", "district", "TLK")
    assert (body.county, body.nation, body.ended) == ("E10000013", "England", None)
    assert body.lat == pytest.approx(51.8, abs=0.1)
    assert authority("E07000097") == authority("E07000242")
    assert authority("X") is None
    assert len(boards()) == 42


def test_outcodes_have_a_middle_and_shares() -> None:
    found = outcode("gl1 1ep")
    assert found is not None
    assert found.code == "GL1"
    assert found.lat == pytest.approx(51.86, abs=0.05)
    assert found.lon == pytest.approx(-2.24, abs=0.05)
    assert found.authorities[0] == ("E07000081", 1.0)
    assert found.regions == (("TLK", 1.0),)
    area = outcode("GL99 1AA")
    assert area is not None
    assert area.code == "GL"
    assert outcode("ZZ1 1AA") is None
    assert outcode("not a postcode") is None


def test_regions_are_twelve_in_the_order_of_the_itl() -> None:
    assert list(regions()) == [f"TL{letter}" for letter in "CDEFGHIJKLMN"]


def test_the_middle_of_a_county_lies_among_its_districts() -> None:
    for county in authorities().values():
        middle = nearness.middle(county.gss)
        districts = [
            nearness.middle(one.gss)
            for one in authorities().values()
            if one.county == county.gss and one.ended is None
        ]
        if county.kind != "county" or county.ended is not None or not districts:
            continue
        assert middle is not None
        away = [nearness.kilometres(middle, one) for one in districts if one]
        assert min(away) < 30, county.name
        assert max(away) < 90, county.name
