"""Lists of possible partners: taken in once, whatever is in them, and found again."""

from __future__ import annotations

import csv
import io
import json
import pathlib
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

import digest_samples as samples
import pytest
import sqlalchemy as sa
from crawling import environment, run

from crawler.errors import UsageError
from crawler.items import Award
from crawler.jobs import directory, forgetting, suggesting, suppliers, unlisting
from crawler.jobs import organisations as jobs
from crawler.jobs.organisations import Imported
from crawler.opportunity import Opportunity
from crawler.partners.lists import COLUMNS
from crawler.partners.suppliers import is_body
from crawler.store import database, opportunities, organisations, stamps, tables
from crawler.store.organisations import Organisation, Search, tags
from crawler.store.rulings import rulings

HULL, LEEDS, HASTINGS = "E06000010", "E08000035", "E07000062"


def line(name: str, **more: str) -> dict[str, str]:
    """A line of a list."""
    given = {"source": "a list", "discipline": "Theatre", "itl1_code": "TLE", "la_gss": HULL}
    return {"name": name, **given, **more}


def text_of(*lines: dict[str, str]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    writer.writerows(lines)
    return file.getvalue()


def tenders(home: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, "-m", "crawler.cli", *arguments], environment(home))


def take(engine: sa.Engine, *lines: dict[str, str]) -> Imported:
    return jobs.take(engine, io.StringIO(text_of(*lines), newline=""))


def numbers(done: Imported) -> tuple[int, int, int, int]:
    return (done.new, done.changed, done.same, len(done.refused))


def everybody(engine: sa.Engine) -> dict[str, Organisation]:
    with engine.connect() as connection:
        return {one.name: one for one in organisations.listed(connection)}


def look(engine: sa.Engine, *, limit: int = 20, **asked: Any) -> organisations.Found:
    with engine.connect() as connection:
        return organisations.search(connection, Search(**asked), limit=limit)


LINES = (
    line("Paper Lantern Theatre Ltd", website="paperlantern.example"),
    line("PAPER LANTERN THEATRE", source="another", discipline="Music"),
    line("Rope Walk Museum", discipline="MUSEUM:Local Histories", postcode="HU1 1AA"),
    line("Rope Walk Museum", itl1_code="TLJ", la_gss=HASTINGS),
)


def test_one_body_in_two_lists_is_one_and_twice_changes_nothing(engine: sa.Engine) -> None:
    assert numbers(take(engine, *LINES)) == (3, 0, 0, 0)
    before = everybody(engine)
    assert numbers(take(engine, *LINES[::-1])) == (0, 0, 3, 0)
    assert everybody(engine) == before
    lantern = before["Paper Lantern Theatre Ltd"]
    assert lantern.art_forms == ("performing", "music")
    assert lantern.sources == ("a list", "another")
    assert lantern.website == "https://paperlantern.example"
    assert lantern.kinds == ("imported",)


def test_a_second_list_joins_the_first_and_keeps_its_public_names(engine: sa.Engine) -> None:
    take(engine, LINES[0], LINES[2])
    before = everybody(engine)
    done = take(engine, LINES[1], line("Wind Band of Hull", discipline="Music"))
    assert numbers(done) == (1, 1, 0, 0)
    after = everybody(engine)
    assert after["Paper Lantern Theatre Ltd"].key == before["Paper Lantern Theatre Ltd"].key
    assert after["Rope Walk Museum"] == before["Rope Walk Museum"]
    assert len(after) == 3


def test_a_later_edition_of_a_list_says_more(engine: sa.Engine) -> None:
    take(engine, *LINES)
    done = take(engine, {**LINES[0], "website": "https://new.example"})
    assert numbers(done) == (0, 1, 0, 0)
    assert everybody(engine)["Paper Lantern Theatre Ltd"].website == "https://new.example"


def test_a_body_that_two_entries_turn_out_to_be_is_one(engine: sa.Engine) -> None:
    take(engine, line("Paper Lantern Arts Centre", la_gss="", itl1_code="TLE"))
    take(engine, line("Lantern Studio", source="other", la_gss=LEEDS))
    both = line(
        "Paper Lantern Arts Centre", source="third", alt_name="Lantern Studio", la_gss=LEEDS
    )
    take(engine, both)
    assert len(everybody(engine)) == 1


def test_broken_lines_are_named_and_the_rest_goes_in(engine: sa.Engine) -> None:
    lines = (
        line(""),
        line("Good One"),
        line("No Region", itl1_code="TLZ"),
        line("No Authority", la_gss="E99999999"),
        line("x" * 301),
        line("Half \udce9 Letters"),
        line("Good Two", la_gss="", itl1_code="", website="none", postcode="nowhere"),
    )
    done = take(engine, *lines)
    before = everybody(engine)
    assert sorted(before) == ["Good One", "Good Two", "No Authority", "No Region"]
    assert [(bad.line, bad.reason.split(" ")[0]) for bad in done.refused] == [
        (2, "it"), (6, "name"), (7, "it"),
    ]  # fmt: skip
    assert [(bad.line, bad.field, bad.value) for bad in done.left_out] == [
        (4, "itl1_code", "TLZ"),
        (5, "la_gss", "E99999999"),
        (8, "postcode", "nowhere"),
        (8, "website", "none"),
    ]
    assert (before["No Authority"].region, before["No Authority"].authority) == ("TLE", None)
    assert before["Good Two"].website is None
    again = take(engine, *lines)
    assert numbers(again) == (0, 0, 4, 3)
    assert again.left_out == done.left_out
    assert everybody(engine) == before
    with pytest.raises(UsageError, match="lacks the columns name, source"):
        jobs.take(engine, io.StringIO("nome,fonte\na,b\n"))


def test_hostile_names_are_kept_as_they_are_and_found(engine: sa.Engine) -> None:
    hostile = "<script>alert(1)</script> 100%_'; DROP TABLE organisations;--"
    take(engine, line(hostile), line("Ninety nine"))
    assert look(engine, words="100%").total == 1
    assert look(engine, words="%").total == 2  # no words at all
    assert look(engine, words="' OR 7=7").total == 0
    assert look(engine, words="drop TABLE").items[0].name == hostile


def test_places_follow_from_postcodes_and_former_codes(engine: sa.Engine) -> None:
    take(
        engine,
        line("By Postcode", la_gss="", itl1_code="", postcode="HU1 1AA"),
        line("By Authority", la_gss=LEEDS, itl1_code=""),
    )
    found = everybody(engine)
    assert (found["By Postcode"].authority, found["By Postcode"].region) == (HULL, "TLE")
    assert found["By Authority"].region == "TLE"


def test_searching_counts_what_else_there_is(engine: sa.Engine) -> None:
    take(engine, *LINES)
    found = look(engine, region="TLE")
    assert found.total == 2
    assert dict(found.by_region) == {"TLE": 2, "TLJ": 1}
    assert found.by_art_form["music"] == 1
    assert look(engine, words="rope walk", art_form="museums_heritage").total == 1
    assert look(engine, words="walk", limit=1).total == 2
    assert look(engine, words="nobody").items == ()


def test_the_commands_keep_their_contract(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(text_of(*LINES, line("")), encoding="utf-8")
    first = tenders(tmp_path, "organisations", "import", str(file), "--json")
    assert first.returncode == 1
    assert json.loads(first.stdout.splitlines()[-1]) == {
        "new": 3, "changed": 0, "same": 0, "refused": 1,
    }  # fmt: skip
    assert "list.csv, line 6: it has no name" in first.stderr
    file.write_text(text_of(*LINES), encoding="utf-8")
    again = tenders(tmp_path, "organisations", "import", str(file), "--json")
    assert again.returncode == 0
    assert json.loads(again.stdout) == {"new": 0, "changed": 0, "same": 3, "refused": 0}
    listed = tenders(tmp_path, "organisations", "list", "lantern", "--json")
    assert [json.loads(one)["name"] for one in listed.stdout.splitlines()] == [
        "Paper Lantern Theatre Ltd"
    ]
    (body,) = (json.loads(one)["id"] for one in listed.stdout.splitlines())
    out = tenders(tmp_path, "organisations", "remove", body, "--yes")
    assert (out.returncode, out.stdout) == (
        0, "Paper Lantern Theatre Ltd is out, and stays out.\n",
    )  # fmt: skip
    tenders(tmp_path, "organisations", "import", str(file))
    assert tenders(tmp_path, "organisations", "list", "lantern", "--json").stdout == ""
    absent = tenders(tmp_path, "organisations", "import", str(tmp_path / "no.csv"))
    assert absent.returncode == 1
    assert "no.csv cannot be read" in absent.stderr
    assert "Traceback" not in absent.stderr


def test_the_command_says_what_it_left_out(tmp_path: pathlib.Path) -> None:
    home = environment(tmp_path)
    file, report = tmp_path / "list.csv", tmp_path / "report.csv"
    broken = [line(f"Band {number}", website=f"=none{number}") for number in range(13)]
    file.write_text(text_of(*LINES, *broken, line("Odd", discipline="Weaving")), encoding="utf-8")
    arguments = ("organisations", "import", str(file), "--report", str(report))
    done = run([sys.executable, "-m", "crawler.cli", *arguments], home)
    assert done.returncode == 0
    assert "14 cells left out of lines that went in: 1 discipline and 13 website." in done.stdout
    assert "list.csv, line 6, website ‘=none0’: it is no web address" in done.stderr
    assert "and 3 more website: --report" in done.stderr
    assert "=none11" not in done.stderr
    with report.open(encoding="utf-8", newline="") as written:
        rows = list(csv.DictReader(written))
    assert [row["line"] for row in rows] == [str(number) for number in range(6, 20)]
    assert rows[0]["value"] == "'=none0"  # no formula
    arguments = ("organisations", "import", str(file), "--json")
    done = run([sys.executable, "-m", "crawler.cli", *arguments], home)
    *each, last = map(json.loads, done.stdout.splitlines())
    assert last == {"new": 0, "changed": 0, "same": 17, "refused": 0}
    assert [one["value"] for one in each] == [f"=none{number}" for number in range(13)] + [
        "Weaving"
    ]
    itself = tenders(tmp_path, "organisations", "import", str(file), "--report", str(file))
    assert itself.returncode == 1
    assert "is the list itself" in itself.stderr
    assert file.read_text(encoding="utf-8").startswith("name,")


def test_the_whole_list_goes_in_once(engine: sa.Engine, shared: pathlib.Path) -> None:
    with (shared / "partners/partner_orgs.csv").open(encoding="utf-8", newline="") as file:
        done = jobs.take(engine, file)
    assert 7600 <= done.new <= 7900
    with (shared / "partners/partner_orgs.csv").open(encoding="utf-8", newline="") as file:
        again = jobs.take(engine, file)
    assert numbers(again) == (0, 0, done.new, 0)


def award(
    engine: sa.Engine, number: int, *suppliers: str, identifiers: tuple[str, ...] = (), **more: Any
) -> Opportunity:
    """A relevant contract that was awarded."""
    given: dict[str, Any] = {"stage": "award", "status": "awarded", "deadline": None}
    won = Award(id="a", suppliers=suppliers, supplier_ids=identifiers, status=more.pop("won", None))
    one = samples.opportunity(number, awards=(won,), **(given | more))
    with database.writing(engine) as connection:
        opportunities.save(connection, [opportunities.Entry(None, one)], samples.NOW)
    return one


def test_suppliers_are_joined_to_the_bodies_that_lists_name(engine: sa.Engine) -> None:
    take(
        engine,
        *LINES,
        line("Rope Trust", extra="GB-CHC-123456"),
        line("Side Room", alt_name="Hull City Council"),
    )
    award(engine, 1, "PAPER LANTERN THEATRE LIMITED", "Kite Productions Ltd", "Jane Reed")
    award(engine, 2, "The Rope Trust (Hull)", identifiers=("GB-CHC-123456",))
    award(engine, 3, "Kite Productions Limited", judgement=samples.judged("none"))
    award(engine, 4, "Paper Lantern Theatre", won="cancelled")
    award(engine, 5, "Hull City Council")
    done = suppliers.refresh(engine)
    assert done.winners == 4
    found = everybody(engine)
    assert found["Paper Lantern Theatre Ltd"].kinds == ("imported", "supplier")
    assert found["Paper Lantern Theatre Ltd"].wins == 1
    assert found["Rope Trust"].wins == 1
    assert found["Kite Productions Ltd"].kinds == ("supplier",)
    assert found["Kite Productions Ltd"].wins == 1
    assert found["Hull City Council"].sources == ()  # not the room that it runs
    assert "Jane Reed" not in found
    with engine.connect() as connection:
        stamp = stamps.of(connection, "organisations")
        assert suppliers.refresh(engine).changed == 0
        assert stamps.of(connection, "organisations") == stamp
    assert everybody(engine) == found
    award(engine, 6, "Kite Productions Ltd")
    suppliers.refresh(engine)
    with engine.connect() as connection:
        assert stamps.of(connection, "organisations") != stamp


def test_winners_of_such_work_are_found_the_newest_first(engine: sa.Engine) -> None:
    music, visual = (samples.judged(art_forms=(form,)) for form in ("music", "visual"))
    days = [samples.NOW - timedelta(days=ago) for ago in (30, 20, 10)]
    award(engine, 1, "Kite Productions Ltd", judgement=music, published=days[0])
    award(engine, 2, "Tin Drum Theatre Ltd", judgement=music, published=days[2])
    award(engine, 3, "Blue Door Studio Ltd", judgement=visual, published=days[1])
    suppliers.refresh(engine)

    def found(form: str, *regions: str) -> list[str]:
        with engine.connect() as connection:
            chosen = directory.read(connection).winners(tags((form,)), regions, 10)
        assert all(one.candidate.won for one in chosen)
        return [one.organisation.name for one in chosen]

    assert found("music") == ["Tin Drum Theatre Ltd", "Kite Productions Ltd"]
    assert found("music", "TLE") == found("music")
    assert found("music", "TLI") == []
    assert found("visual") == ["Blue Door Studio Ltd"]
    # Work that is judged anew is sought by what it is now.
    with database.writing(engine) as connection:
        connection.execute(
            sa.update(tables.listings)
            .where(tables.listings.c.opportunity_id == 3)
            .values(
                card=sa.select(tables.listings.c.card)
                .where(tables.listings.c.opportunity_id == 1)
                .scalar_subquery()
            )
        )
    assert found("visual") == []
    assert found("music")[1] == "Blue Door Studio Ltd"


def test_a_supplier_that_a_list_names_later_is_one_entry(engine: sa.Engine) -> None:
    award(engine, 1, "Paper Lantern Theatre Ltd")
    suppliers.refresh(engine)
    assert len(everybody(engine)) == 1
    take(engine, LINES[0])
    suppliers.refresh(engine)
    (only,) = everybody(engine).values()
    assert only.kinds == ("imported", "supplier")
    take(engine, LINES[0])
    assert everybody(engine)[only.name] == only
    with database.writing(engine) as connection:
        connection.execute(sa.delete(tables.awards))
    suppliers.refresh(engine)
    assert everybody(engine)[only.name].kinds == ("imported",)


@pytest.mark.parametrize(
    ("name", "identifier", "expected"),
    [
        ("Paper Lantern Ltd", "", True),
        ("Paper Lantern", "GB-COH-01234567", True),
        ("Jane Reed", "", False),
        ("Jane Reed", "GB-PPON-PXYZ-1234-ABCD", False),
        ("Mr J. Reed trading as Reed", "", False),
        ("Reed Dance", "", True),
        ("jane@reed.example Ltd", "", False),
        ("", "", False),
        ("x" * 300 + " Ltd", "", False),
        ("University of Hull", "", True),
    ],
)
def test_what_counts_as_a_body(name: str, identifier: str, expected: bool) -> None:
    assert is_body(name, identifier) is expected


def _partners(connection: sa.Connection, one: Opportunity) -> tuple[suggesting.Partner, ...]:
    return suggesting.partners(connection, directory.read(connection), one)


def test_who_could_deliver_this_with_you(engine: sa.Engine) -> None:
    take(engine, *LINES)
    music = samples.judged(art_forms=("music",))
    award(engine, 1, "Kite Productions Ltd", judgement=music)
    suppliers.refresh(engine)
    one = samples.opportunity(9, judgement=music)
    with engine.connect() as connection:
        found = _partners(connection, one)
    reasons = {partner.organisation.name: partner.reasons for partner in found}
    assert reasons == {
        "Paper Lantern Theatre Ltd": ("in Kingston upon Hull itself", "works in music"),
        "Kite Productions Ltd": ("works in music", "won ‘Riverside public art’ for this buyer"),
    }
    with engine.connect() as connection:
        assert (
            suggesting.partners(
                connection, directory.read(connection), replace(one, judgement=None)
            )
            == ()
        )
    # What a reviewer said of it counts more than what the classifier thought.
    with database.writing(engine) as connection:
        (pk,) = opportunities.save(connection, [opportunities.Entry(None, one)], samples.NOW)
        said = {"by": "reviewer", "reviewer": "Robin", "decision": "label", "relevance": "arts"}
        connection.execute(
            tables.reviews.insert().values(
                opportunity_id=pk, art_forms=["visual"], decided_at=samples.NOW, **said
            )
        )
        asked = suggesting.work_of(one, ruling=rulings(connection, [pk])[pk])
        assert asked.art_forms == ("visual",)
        # Nobody near works in that: who is near may still come along.
        (other,) = _partners(connection, one)
    assert other.organisation.name == "Paper Lantern Theatre Ltd"
    assert other.reasons[1].startswith("could bring ")


def test_who_asked_not_to_be_listed_stays_out(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    key, ledger, now = b"k" * 32, tmp_path / "forgotten", samples.NOW

    def names() -> set[str]:
        return set(everybody(engine))

    def again(*lines: dict[str, str]) -> None:
        jobs.take(engine, io.StringIO(text_of(*lines), newline=""), key)
        suppliers.refresh(engine, key)

    again(*LINES)
    award(engine, 1, "Paper Lantern Theatre Ltd", "Kite Productions Ltd")
    suppliers.refresh(engine, key)
    found = everybody(engine)
    for name in ("Paper Lantern Theatre Ltd", "Kite Productions Ltd"):
        assert unlisting.unlist(engine, key, found[name].key, now, ledger) == name
    left = {"Rope Walk Museum"}
    assert names() == left
    again(*LINES)
    assert names() == left
    assert "lantern" not in ledger.read_text("ascii").lower()
    # A database from before the request forgets again by the ledger's hashes.
    with database.writing(engine) as connection:
        connection.execute(sa.delete(tables.forgotten))
        organisations.add(connection, [found["Paper Lantern Theatre Ltd"]])
        forgetting.write_down(connection, ledger)
    suppliers.refresh(engine, key)
    assert names() == left
    # A namesake elsewhere is another body.
    again(line("Paper Lantern Theatre", itl1_code="TLJ", la_gss=HASTINGS))
    assert "Paper Lantern Theatre" in names()
    with pytest.raises(UsageError, match="no organisation"):
        unlisting.unlist(engine, key, found["Kite Productions Ltd"].key, now, ledger)
