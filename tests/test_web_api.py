"""The open API and the searches to take away: what they hold, and what they refuse."""

from __future__ import annotations

import csv
import io
import json
import pathlib

import pytest
import schemathesis
import sqlalchemy as sa
import web_app
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from icalendar import Calendar
from lxml import etree
from schemathesis import GenerationMode
from web_app import ART, CARE, EVIL, GONE

from crawler.jobs.export import FIELDS
from crawler.store import database


@pytest.fixture
def app(engine: sa.Engine, tmp_path: pathlib.Path) -> Flask:
    web_app.fill(engine)
    return web_app.app(engine, tmp_path)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_cursors_lead_through_everything_once(client: FlaskClient) -> None:
    address, seen = "/api/v1/opportunities?status=any&limit=1&sort=newest", []
    while address:
        answer = client.get(address)
        page = answer.get_json()
        seen += [one["id"] for one in page["items"]]
        assert page["total"] == 6
        address = web_app.path(page["next"]) if page["next"] else ""
        assert ("next" in answer.headers.get("Link", "")) == bool(address)
    assert len(seen) == len(set(seen)) == 6


@pytest.mark.parametrize(
    "query",
    ["cursor=xx", "cursor=" + "a" * 400, "cursor=%00", "limit=0", "limit=101", "limit=x", "limit=",
     "region=XX", "foo=1", "min=", "min=-1", "closing_to=2026", "authority=x", "sort=x", "status="],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/v1/opportunities?{query}")
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    told = answer.get_json()
    assert told["status"] == 400
    assert told["detail"]
    assert "Traceback" not in answer.get_data(as_text=True)


def test_a_cursor_of_another_search_is_refused(client: FlaskClient) -> None:
    page = client.get("/api/v1/opportunities?status=any&limit=1").get_json()
    answer = client.get(f"/api/v1/opportunities?limit=1&cursor={page['next_cursor']}")
    assert answer.status_code == 400
    assert "another search" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    "address",
    [f"/api/v1/opportunities/{ART}", "/api/v1/opportunities", "/api/v1/authorities",
     "/api/v1/openapi.json", "/opportunities.json", "/opportunities.csv", "/opportunities.ics"],
)  # fmt: skip
def test_what_somebody_has_is_not_sent_again(client: FlaskClient, address: str) -> None:
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert again.data == b""
    other = client.get(address, headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


def test_one_opportunity(client: FlaskClient) -> None:
    told = client.get(f"/api/v1/opportunities/{CARE}").get_json()
    assert tuple(told) == FIELDS
    assert told["relevance"] == "commissionable"
    assert client.get(f"/opportunities/{CARE}.json").get_json() == told
    moved = client.get("/api/v1/opportunities/mergedaway22")
    assert moved.headers["Location"] == f"/api/v1/opportunities/{ART}"
    missing = client.get("/api/v1/opportunities/nosuchthing1")
    assert missing.status_code == 404
    assert missing.mimetype == "application/problem+json"


def test_authorities_of_a_region(client: FlaskClient) -> None:
    found = client.get("/api/v1/authorities?region=TLI").get_json()["items"]
    assert {"London" in one["name"] or "TLI" in one["regions"] for one in found} == {True}
    assert len(found) >= 33
    assert client.get("/api/v1/authorities?region=XX").status_code == 400


def test_the_open_api_may_be_read_from_anywhere_and_carries_no_cookie(client: FlaskClient) -> None:
    answer = client.get("/api/v1/opportunities", headers={"Origin": "https://other.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in answer.headers
    assert "Access-Control-Allow-Origin" not in client.get("/sign-up").headers
    assert client.post("/api/v1/opportunities").status_code == 405


def test_atom_of_a_search(client: FlaskClient) -> None:
    answer = client.get("/opportunities.atom?q=artists&status=any")
    assert answer.mimetype == "application/atom+xml"
    feed = etree.fromstring(answer.data)
    titles = feed.xpath("//a:entry/a:title/text()", namespaces={"a": "http://www.w3.org/2005/Atom"})
    assert titles == ["Creative days for older people"]
    hostile = client.get("/opportunities.atom?q=%3Cscript%3E%00%26")
    etree.fromstring(hostile.data)


def test_calendar_of_a_search(client: FlaskClient) -> None:
    found = Calendar.from_ical(client.get("/opportunities.ics?status=any").data)
    uids = {str(one["UID"]).split(".")[0] for one in found.walk("VEVENT")}
    assert {ART, CARE, EVIL, GONE} <= uids
    one = Calendar.from_ical(client.get(f"/opportunities/{ART}/deadline.ics").data)
    assert len(one.walk("VEVENT")) == 1


def test_csv_of_a_search_runs_no_formula(client: FlaskClient, engine: sa.Engine) -> None:
    answer = client.get("/opportunities.csv?status=any")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 6
    assert not [v for row in rows for v in row.values() if v.startswith(("=", "+", "@"))]


def test_json_of_a_search_says_what_it_left_out(client: FlaskClient) -> None:
    told = json.loads(client.get("/opportunities.json?region=XX&stage=planning").data)
    assert told["search"] == {"stage": ["planning"]}
    assert "XX" in told["left_out"][0]
    assert [one["stage"] for one in told["items"]] == ["planning"]


def test_the_releases_behind_it(client: FlaskClient) -> None:
    package = json.loads(client.get(f"/opportunities/{ART}/ocds.json").data)
    assert {one["id"] for one in package["releases"]} == {ART, "mergedaway22"}
    assert package["version"] == "1.1"


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_the_api_does_what_its_description_says(
    tmp_path: pathlib.Path, mode: GenerationMode
) -> None:
    engine = database.engine(f"sqlite:///{tmp_path / 'api.sqlite'}")
    web_app.fill(engine)
    app = web_app.app(engine, tmp_path, rate_limit=1_000_000)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    tried = []
    for result in schema.get_all_operations():
        operation = result.ok()
        tried.append(operation.label)

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def every(case: schemathesis.Case) -> None:
            case.call_and_validate()

        every()
    assert len(tried) == 3
    engine.dispose()
