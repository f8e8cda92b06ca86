"""What other programs get: every field in its order, safe in a spreadsheet, valid as OCDS."""

from __future__ import annotations

import csv
import io
import json
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from crawling import environment, run
from hypothesis import given
from hypothesis import strategies as st
from release_samples import CF, FTS, NOW, amended, keep, raw, release

from crawler.jobs import export
from crawler.store import database

FIELDS = (
    "id", "ocids", "sources", "title", "description", "buyer", "relevance", "scores", "art_forms",
    "outcomes", "reasons", "regions", "authority", "stage", "status", "published", "deadline",
    "value_min", "value_max", "currency", "cpv", "urls", "version", "changes",
)  # fmt: skip
"""The contract of DESIGN.md, written out once more: a change there must be meant."""


@pytest.fixture
def lite(tmp_path: pathlib.Path) -> Iterator[sa.Engine]:
    made = database.engine(f"sqlite:///{tmp_path / 'tenders.sqlite'}")
    yield made
    made.dispose()


def written(engine: sa.Engine, form: str, query: str | None = None) -> str:
    return "".join(export.lines(engine, form, query, NOW))


def records(engine: sa.Engine, query: str | None = None) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written(engine, "jsonl", query).splitlines()]


def table(engine: sa.Engine) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written(engine, "csv"), newline="")))


def test_each_line_has_every_field_in_its_order(engine: sa.Engine) -> None:
    keep(engine, FTS, release(1), amended(release(1, id="2"), title="Harbour sound"))
    (one,) = records(engine)
    assert tuple(one) == FIELDS
    assert one["ocids"] == ["ocds-test01-000001"]
    assert (one["title"], one["buyer"]) == ("Harbour sound", "Saltmarsh Borough Council")
    assert (one["published"], one["deadline"]) == ("2026-03-02T09:00:00Z", "2026-04-20T12:00:00Z")
    assert (one["value_min"], one["value_max"], one["currency"]) == (40000, 40000, "GBP")
    assert (one["stage"], one["status"], one["version"]) == ("tender", "open", 2)
    (change,) = one["changes"]
    assert list(change) == ["version", "at", "field", "old", "new", "material", "source"]
    assert (change["old"], change["new"]) == ("Harbour light festival", "Harbour sound")


def test_what_is_not_known_is_null_or_empty_and_never_left_out(lite: sa.Engine) -> None:
    keep(lite, FTS, {"ocid": "ocds-bare", "id": "1", "date": "2026-03-02T09:00:00Z"})
    (one,) = records(lite)
    assert tuple(one) == FIELDS
    assert one["deadline"] is None
    assert one["value_max"] is None
    assert one["buyer"] is None
    assert one["cpv"] == []


def test_an_open_tender_is_closed_once_its_deadline_has_passed(lite: sa.Engine) -> None:
    over = amended(release(1), tenderPeriod={"endDate": "2026-03-31T12:00:00Z"})
    keep(lite, FTS, over, release(2, buyer={"name": "Fen"}))
    assert sorted(one["status"] for one in records(lite)) == ["closed", "open"]


def test_only_what_the_words_ask_for_is_written(engine: sa.Engine) -> None:
    keep(engine, FTS, release(1), amended(release(2), title="Pottery", description="Clay"))
    assert [one["title"] for one in records(engine, "pottery")] == ["Pottery"]
    assert records(engine, "circus") == []
    assert len(records(engine)) == 2
    package = json.loads(written(engine, "ocds", "pottery"))
    assert [one["ocid"] for one in package["releases"]] == ["ocds-test01-000002"]


def test_a_csv_has_the_same_fields_and_one_row_each(engine: sa.Engine) -> None:
    keep(
        engine, FTS, release(1), amended(release(2), title='A "quoted", title', description="a\nb")
    )
    rows = table(engine)
    assert tuple(rows[0]) == FIELDS
    assert [row["title"] for row in rows] == ["Harbour light festival", 'A "quoted", title']
    assert rows[1]["description"] == "a\nb"
    assert rows[0]["value_max"] == "40000.0"


def test_an_empty_store_is_a_header_or_nothing_or_an_empty_package(lite: sa.Engine) -> None:
    assert written(lite, "jsonl") == ""
    assert next(csv.reader(io.StringIO(written(lite, "csv")))) == list(FIELDS)
    assert json.loads(written(lite, "ocds"))["releases"] == []


@pytest.mark.parametrize("mark", ["=", "+", "-", "@"])
def test_no_text_is_run_by_a_spreadsheet(lite: sa.Engine, mark: str) -> None:
    evil = f'{mark}HYPERLINK("https://evil.example","click")'
    keep(lite, FTS, amended(release(1, buyer={"name": evil}, parties=[]), title=evil))
    (row,) = table(lite)
    assert row["title"] == f"'{evil}"
    assert row["buyer"] == f"'{evil}"


@given(st.text(max_size=20), st.lists(st.text(max_size=8), max_size=3))
def test_no_cell_begins_as_a_formula(text: str, several: list[str]) -> None:
    for value in (text, several, {"a": text}, [{"a": text}]):
        assert export.cell(value)[:1] not in tuple("=+-@\t\r")


@pytest.mark.parametrize("value", ["", []])
def test_what_is_empty_is_an_empty_cell(value: Any) -> None:
    assert export.cell(value) == ""


def test_what_is_not_known_is_an_empty_cell() -> None:
    assert export.cell(None) == ""


def test_numbers_below_nothing_stay_numbers() -> None:
    assert export.cell(-5) == "-5"


def test_the_ocds_package_is_valid_and_holds_the_releases_as_published(engine: sa.Engine) -> None:
    first, second = release(1), amended(release(1, id="2", date="2026-03-09T09:00:00Z"), title="X")
    odd = raw(release(3, buyer={"name": "Fen"})).replace(b"40000", b"1e9999")
    keep(engine, FTS, second, first, odd, b'{"broken": true}')
    keep(engine, CF, release(4, ocid="ocds-b5fd17-4", title="Caf\u00e9", buyer={"name": "Fen"}))
    package = json.loads(written(engine, "ocds"))
    assert package["version"] == "1.1"
    assert package["uri"]
    assert package["publisher"]["name"]
    assert package["publishedDate"] == "2026-04-01T09:00:00Z"
    assert "open-government-licence" in package["license"]
    assert package["releases"][:2] == [first, second], "oldest first, exactly as published"
    assert len(package["releases"]) == 4, "what could not be read belongs to no opportunity"


def test_a_release_that_is_not_utf8_leaves_the_package_valid(lite: sa.Engine) -> None:
    keep(lite, FTS, raw(release(1)).replace(b"Harbour", b"Caf\xe9"))
    assert len(json.loads(written(lite, "ocds"))["releases"]) == 1
    assert len(records(lite)) == 1


def test_a_file_is_written_whole_or_not_at_all(tmp_path: pathlib.Path) -> None:
    env = environment(tmp_path)
    made = database.engine(f"sqlite:///{tmp_path / 'var' / 'tenders.sqlite'}")
    keep(made, FTS, release(1))
    made.dispose()
    target = tmp_path / "out.csv"
    command = [sys.executable, "-m", "crawler.cli", "export"]
    done = run([*command, "--format", "csv", "--output", str(target)], env)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert len(list(csv.DictReader(target.read_text().splitlines()))) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "var"]
    refused = run([*command, "--format", "xlsx"], env)
    assert refused.returncode == 2
    assert "xlsx" in refused.stderr
