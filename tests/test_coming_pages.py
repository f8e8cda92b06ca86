"""What is coming on the web: the view, its filters, its files, and hostile words in all of them."""

from __future__ import annotations

import csv
import io
import pathlib
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import digest_samples as samples
import pytest
import sqlalchemy as sa
import web_app
from flask.testing import FlaskClient
from icalendar import Calendar
from lxml import etree
from test_web_pages import read, strict
from web_app import HOSTILE, NOW

from crawler import dates
from crawler.items import Award, Buyer, Lot, Place
from crawler.opportunity import Opportunity
from crawler.partners.signs import signs
from crawler.store import coming, database, opportunities
from crawler.store.tables import processes

DAY = timedelta(days=1)
MEETING = (NOW + 20 * DAY).astimezone(dates.LONDON).replace(hour=10, minute=30)


def spoken(moment=MEETING) -> str:  # type: ignore[no-untyped-def]
    return f"{moment:%A} {moment.day} {moment:%B %Y}"


def some() -> list[Opportunity]:
    """One of each kind of thing that is coming."""
    early = {"stage": "planning", "status": "unknown", "published": NOW - DAY, "updated": NOW}
    webinar = f"A supplier webinar will be held on {spoken()} at 10:30am via Microsoft Teams."
    held = Award(
        id="a",
        suppliers=("Anchor Theatre",),
        value=Decimal(420_000),
        currency="GBP",
        start=NOW - 800 * DAY,
        end=NOW + 300 * DAY,
        extension="Option to extend by 12 months",
    )
    return [
        samples.opportunity(11, title="Youth arts: talks", description=webinar,
                            deadline=NOW + 30 * DAY, **early),
        samples.opportunity(12, title="Library review", deadline=NOW + 9 * DAY,
                            sources=("moderngov",), notice_type="forward plan", **early),
        samples.opportunity(13, title="Choirs for wellbeing", stage="award", status="awarded",
                            published=NOW - 800 * DAY, awards=(held,)),
        samples.opportunity(14, title="Undated plan", deadline=None, **early),
    ]  # fmt: skip


def hostile() -> list[Opportunity]:
    early = {"stage": "planning", "status": "unknown", "published": NOW - DAY, "updated": NOW}
    held = Award(id="a", suppliers=(HOSTILE,), start=NOW - 800 * DAY, end=NOW + 300 * DAY)
    words = f"{HOSTILE} webinar on {spoken()} at Town{HOSTILE} {HOSTILE}"
    return [
        samples.opportunity(21, title=HOSTILE, description=words, buyer=Buyer(name=HOSTILE),
                            deadline=None, **early),
        samples.opportunity(22, title=HOSTILE, stage="award", status="awarded", awards=(held,),
                            description=f"Option to extend the contract by 12 months {HOSTILE}",
                            lots=(Lot(id="1", title=HOSTILE, description=HOSTILE),)),
    ]  # fmt: skip


def fill(engine: sa.Engine, found: list[Opportunity]) -> None:
    with database.writing(engine) as connection:
        ids = opportunities.save(connection, [opportunities.Entry(None, one) for one in found], NOW)
        coming.remember(connection, dict(zip(ids, found, strict=True)), signs)
        rows = [
            {"source": one.sources[0], "ocid": one.ocids[0], "key": one.id,
             "first_date": one.published, "title_key": one.title[:40], "opportunity_id": pk}
            for pk, one in zip(ids, found, strict=True)
        ]  # fmt: skip
        connection.execute(sa.insert(processes), rows)


@pytest.fixture
def client(engine: sa.Engine, tmp_path: pathlib.Path) -> FlaskClient:
    fill(engine, some())
    return web_app.app(engine, tmp_path).test_client()


def test_everything_that_is_coming_is_on_one_page(client: FlaskClient) -> None:
    page = read(client, "/coming")
    strict(page)
    places = [page.index(words) for words in ("Library review", "Youth arts: talks", "Choirs")]
    assert places == sorted(places)
    assert page.index("Undated plan") > places[-1]
    assert f"Webinar on {spoken()}, 10:30am, online (Microsoft Teams)" in page
    assert "Expected again" in page
    assert "Now with Anchor Theatre; £420,000" in page
    assert "it may be extended by 1 year" in page
    assert "No day named yet" in page
    assert "(5)" in page


def test_it_is_narrowed_by_kind_and_place(client: FlaskClient) -> None:
    page = read(client, "/coming?kind=contract")
    assert "Choirs for wellbeing" in page
    assert "Library review" not in page
    assert "Nothing like that is coming" in read(client, "/coming?region=TLM")
    chips = read(client, "/coming?region=TLE&kind=contract&art_form=music")
    assert "Yorkshire and The Humber" in chips
    assert 'href="/coming?kind=contract&amp;region=TLE"' in chips


def test_what_does_not_apply_is_said(client: FlaskClient) -> None:
    page = read(client, "/coming?stage=award&kind=nonsense&shoe=9&relevance=none")
    assert "“stage” does not apply" in page
    assert "the kind “nonsense”" in page
    assert "“shoe”" in page
    assert "Library review" in page


def test_pages_end(client: FlaskClient) -> None:
    assert "no such page" in read(client, "/coming?page=2", 404)
    assert "no such page" in read(client, "/coming?page=-1", 404)


def test_the_calendar_holds_each_day(client: FlaskClient) -> None:
    made = Calendar.from_ical(client.get("/coming.ics").data)
    events = {str(one["SUMMARY"]): one for one in made.walk("VEVENT")}
    assert set(events) == {
        "Webinar: Youth arts: talks", "Have your say: Youth arts: talks",
        "Decision: Library review", "Contract ends: Choirs for wellbeing",
    }  # fmt: skip
    assert events["Webinar: Youth arts: talks"].start == MEETING.replace(second=0, microsecond=0)
    assert len({str(one["UID"]) for one in events.values()}) == 4


def test_a_meeting_is_added_to_a_calendar(client: FlaskClient) -> None:
    page = read(client, "/coming?kind=meeting")
    link = page.split('href="', 1)[1]
    link = next(part.split('"')[0] for part in page.split('href="') if "/meetings/" in part)
    answer = client.get(link)
    (event,) = Calendar.from_ical(answer.data).walk("VEVENT")
    assert event["LOCATION"] == "online (Microsoft Teams)"
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert client.get(link.replace(".ics", "9.ics")).status_code == 404
    assert client.get(link, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_feed_csv_and_json_say_the_same(client: FlaskClient) -> None:
    atom = etree.fromstring(client.get("/coming.atom").data)
    assert "nothing to bid for yet" in (atom.findtext("{*}subtitle") or "")
    ids = atom.findall("{*}entry/{*}id")
    assert len(ids) == len({one.text for one in ids}) == 5
    items = client.get("/coming.json?region=TLE").get_json()["items"]
    rows = list(csv.DictReader(io.StringIO(client.get("/coming.csv").data.decode("utf-8-sig"))))
    assert [one["kind"] for one in items] == [row["kind"] for row in rows]
    contract = next(one for one in items if one["kind"] == "contract")
    assert contract["incumbents"] == ["Anchor Theatre"]
    assert contract["ends_earliest"] < contract["ends_latest"]


def test_authorities_show_what_comes_there(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    hull = Place(regions=("TLE",), authority="E06000010")
    fill(engine, [replace(one, place=hull) for one in some()])
    client = web_app.app(engine, tmp_path).test_client()
    page = read(client, "/authorities/E06000010")
    strict(page)
    assert "Coming up" in page
    assert "Now with Anchor Theatre" in page
    assert "/coming?authority=E06000010&amp;relevance=arts" in page


def test_an_opportunity_shows_its_own(client: FlaskClient) -> None:
    page = read(client, "/opportunities/k00000000011")
    strict(page)
    assert f"Webinar on {spoken()}" in page
    assert "/meetings/" in page
    page = read(client, "/opportunities/k00000000013")
    strict(page)
    assert "Expected again" in page


@pytest.mark.parametrize("form", ["", ".atom", ".ics", ".csv", ".json"])
def test_hostile_words_stay_words(engine: sa.Engine, tmp_path: pathlib.Path, form: str) -> None:
    fill(engine, hostile())
    client = web_app.app(engine, tmp_path).test_client()
    answer = client.get(f"/coming{form}")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "49" not in text.replace("2049", "") or "{{7*7}}" in text
    if form == "":
        strict(text)
        assert "<script>alert" not in text
    if form == ".atom":
        etree.fromstring(answer.data)
    if form == ".ics":
        assert Calendar.from_ical(answer.data).walk("VEVENT")
    for address in ("/opportunities/k00000000021", "/opportunities/k00000000022"):
        strict(read(client, address))
