"""The register holds every council, and holds to the facts."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from crawler.places import authorities, authority, regions
from crawler.places.authorities import boards
from crawler.sources import register

FOLDER = Path(__file__).parents[2] / "shared" / "places"
shared = pytest.mark.skipif(not FOLDER.exists(), reason="needs the published tables")
PLATFORMS = {"moderngov", "cmis", "own pages", "json"}


@pytest.fixture(scope="module")
def tables() -> dict[str, Any]:
    return tomllib.loads((register.SOURCES / "councils.toml").read_text(encoding="utf-8"))


def test_every_principal_council_stands_in_it(tables: dict[str, Any]) -> None:
    councils = tables["council"]
    assert len(councils) == 382
    living = {
        body.gss
        for body in authorities().values()
        if body.ended is None and body.kind in register.COUNCIL_KINDS
    }
    assert set(councils) == living


def test_a_council_is_five_lines_that_say_what_is_needed(tables: dict[str, Any]) -> None:
    for gss, row in tables["council"].items():
        assert list(row) == ["name", "region", "website", "democracy", "platform"], gss
        assert row["region"] in regions(), gss
        assert row["platform"] in PLATFORMS, gss
        for column in ("website", "democracy"):
            assert row[column].startswith(("https://", "http://")), gss
            assert " " not in row[column], gss
    platforms = [row["platform"] for row in tables["council"].values()]
    assert platforms.count("moderngov") == 301


def test_bodies_above_councils_stand_in_it(tables: dict[str, Any]) -> None:
    assert len(tables["board"]) == 42
    assert len(tables["combined_authority"]) == 14
    for kind in ("board", "combined_authority"):
        for gss, row in tables[kind].items():
            assert row["name"]
            assert row["regions"], gss
            assert set(row["regions"]) <= set(regions()), gss
    assert set(tables) == {"council", "board", "combined_authority"}


def test_the_register_and_the_places_agree(tables: dict[str, Any]) -> None:
    for gss, row in tables["council"].items():
        body = authority(gss)
        assert body is not None
        assert (body.name, body.region, body.website) == (
            row["name"],
            row["region"],
            row["website"],
        )
    assert {gss: tuple(row["regions"]) for gss, row in tables["board"].items()} == {
        gss: board.regions for gss, board in boards().items()
    }


def test_counties_and_districts_agree() -> None:
    for body in authorities().values():
        if body.ended is None and body.kind == "district":
            county = authority(body.county or "")
            assert county is not None, body.gss
            assert (county.kind, county.ended, county.region) == ("county", None, body.region)


def test_combined_authorities_cover_the_regions_of_their_members() -> None:
    known = authorities()
    for body in known.values():
        if (
            body.ended is None
            and body.combined_authority
            and not known[body.combined_authority].ended
        ):
            assert body.region in known[body.combined_authority].regions, body.gss
    assert known["E47000017"].regions == ("TLE", "TLF")


def test_every_abolished_authority_has_living_successors_and_a_date() -> None:
    known = authorities()
    for body in known.values():
        assert bool(body.ended) == bool(body.successors), body.gss
        for code in body.successors:
            assert code in known, body.gss
            assert set(known[code].regions) <= set(body.regions) or body.regions, body.gss


def test_keys_are_unique_in_the_file() -> None:
    text = (register.SOURCES / "councils.toml").read_text(encoding="utf-8")
    headers = [line for line in text.splitlines() if line.startswith("[")]
    assert len(headers) == len({header.rpartition(".")[2] for header in headers})


def test_https_where_it_is_known() -> None:
    links = ["https://www.a.gov.uk/x", "https://b.moderngov.co.uk", "http://c.gov.uk"]
    https = register.known_https(links)
    assert register.secured("http://www.a.gov.uk/", https) == "https://www.a.gov.uk/"
    assert register.secured("http://d.moderngov.co.uk", https) == "https://d.moderngov.co.uk"
    assert register.secured("http://c.gov.uk", https) == "http://c.gov.uk"


@shared
def test_rebuilding_changes_nothing() -> None:
    for path, text in register.rebuild(FOLDER).items():
        assert path.read_text(encoding="utf-8") == text, f"rebuild {path.name}"


@shared
def test_the_published_tables_know_no_https_that_the_register_lacks(tables: dict[str, Any]) -> None:
    known = " ".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.csv"))
    hosts = {host.lower() for host in re.findall(r"https://([^/,\s\"|]+)", known)}
    for gss, row in tables["council"].items():
        for column in ("website", "democracy"):
            if row[column].startswith("http://"):
                assert row[column].split("/")[2] not in hosts, gss


def test_how_many_sites_nobody_publishes_with_https(tables: dict[str, Any]) -> None:
    """These keep http, as published, since no table says otherwise; the spiders ask https first."""
    left = {
        column: sum(row[column].startswith("http://") for row in tables["council"].values())
        for column in ("website", "democracy")
    }
    assert left == {"website": 106, "democracy": 82}


def test_a_missing_folder_is_said_plainly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert register.main([str(tmp_path)]) == 2
    assert "local_authorities.csv is missing" in capsys.readouterr().err
    assert register.main([]) == 2
