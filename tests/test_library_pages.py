"""The library's pages: browsing, what stands beside an opportunity, and staff's desk."""

from __future__ import annotations

import pathlib
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
import web_app
from test_shelf import GOOD
from test_web_pages import strict
from web_app import ART, CARE, HOSTILE, NOW

from crawler.jobs import library
from crawler.library import Link
from crawler.partners import shelf
from crawler.store import audit, database, resources

WEMWBS = next(one for one in shelf.shipped() if one.key == "wemwbs")


def shelved(engine: sa.Engine) -> None:
    library.refresh(engine, NOW)


def dead(engine: sa.Engine, key: str, days: int = 0) -> None:
    with database.writing(engine) as connection:
        found = resources.get(connection, key)
        assert found
        for back in (days, 0):
            link = Link(state="dead", checked_at=NOW - timedelta(days=back), status=404, words="x")
            resources.checked(connection, key, found.resource.url, link)


def titles(page: str) -> list[str]:
    return re.findall(r'<li id="([a-z0-9-]+)"><h3>', page)


def test_everything_a_page_at_a_time(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    shelved(engine)
    client = web_app.app(engine, tmp_path).test_client()
    seen: list[str] = []
    for number in range(1, 6):
        answer = client.get(f"/resources?page={number}")
        page = answer.get_data(as_text=True)
        strict(page)
        seen += titles(page)
    assert len(seen) == len(set(seen)) == len(shelf.shipped())
    for nonsense in ("6", "0", "x", "99999999"):
        answer = client.get(f"/resources?page={nonsense}")
        assert answer.status_code == 404
        assert "first page" in answer.get_data(as_text=True)


def test_filters_count_what_they_would_find(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    shelved(engine)
    client = web_app.app(engine, tmp_path).test_client()
    page = client.get("/resources?kind=toolkit").get_data(as_text=True)
    for value, number in re.findall(
        r'for="outcome-(\w+)">[^<]+<span class="count">\((\d+)\)', page
    ):
        found = client.get(f"/resources?kind=toolkit&outcome={value}").get_data(as_text=True)
        assert re.search(rf">{number} resources?<", found), value
    both = client.get("/resources?nation=Wales&nation=Scotland&outcome=health_wellbeing")
    keys = titles(both.get_data(as_text=True))
    wanted = [
        one.key
        for one in shelf.shipped()
        if one.nation in ("Wales", "Scotland") and "health_wellbeing" in one.outcomes
    ]
    assert sorted(keys) == sorted(wanted)


def test_words_find_measures_and_nothing_is_said_helpfully(
    engine: sa.Engine, tmp_path: pathlib.Path
) -> None:
    shelved(engine)
    client = web_app.app(engine, tmp_path).test_client()
    assert "wemwbs" in titles(client.get("/resources?q=SWEMWBS").get_data(as_text=True))
    nothing = client.get("/resources", query_string={"q": HOSTILE, "kind": "policy"})
    page = nothing.get_data(as_text=True)
    strict(page)
    assert nothing.status_code == 200
    assert "Nothing found" in page
    assert "see the whole library" in page
    assert "<script>alert" not in page
    assert client.get("/resources?outcome=nonsense&kind=%00").status_code == 200


def test_a_dead_link_is_marked_and_stays(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    shelved(engine)
    dead(engine, "wemwbs")
    dead(engine, "ons4", days=40)
    client = web_app.app(engine, tmp_path).test_client()
    page = client.get("/resources?q=WEMWBS").get_data(as_text=True)
    assert "This link did not answer on" in page
    assert WEMWBS.url in page
    assert "nor since" in client.get("/resources?q=ONS4").get_data(as_text=True)
    no_address = client.get("/resources?q=UCL+museum").get_data(as_text=True)
    assert "We know of no address" in no_address


def test_three_stand_beside_an_opportunity(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    web_app.fill(engine)
    shelved(engine)
    client = web_app.app(engine, tmp_path).test_client()
    page = client.get(f"/opportunities/{CARE}").get_data(as_text=True)
    strict(page)
    part = page[page.index('id="evidence"') : page.index('id="history"')]
    assert [*re.findall(r"<h3>([^<]+)</h3>", part)] == [
        "Evidence you can cite",
        "How to measure it",
        "Policy to refer to",
    ]
    assert "Measures:" in part
    assert "older people" in part
    assert 'href="/resources?outcome=older_people&amp;outcome=health_wellbeing"' in part
    assert 'id="evidence"' in client.get(f"/opportunities/{ART}").get_data(as_text=True)


def test_without_a_library_the_page_is_as_before(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    web_app.fill(engine)
    client = web_app.app(engine, tmp_path).test_client()
    assert 'id="evidence"' not in client.get(f"/opportunities/{CARE}").get_data(as_text=True)
    assert "Nothing found" in client.get("/resources").get_data(as_text=True)


def form(**more: str) -> dict[str, str | list[str]]:
    said: dict[str, str | list[str]] = {**GOOD, **more}
    said["outcomes"] = GOOD["outcomes"].split(";")
    said["art_forms"] = ["music"]
    return said


def test_staff_add_change_retire_and_it_is_written_down(
    engine: sa.Engine, tmp_path: pathlib.Path
) -> None:
    shelved(engine)
    app = web_app.app(engine, tmp_path)
    staff, anyone = web_app.signed_in(app, engine, "staff"), app.test_client()
    new = "/staff/resources/new"
    wrong = web_app.send(staff, new, title="", url="javascript:alert(1)", summary=HOSTILE)
    page = wrong.get_data(as_text=True)
    strict(page)
    assert "Please check these" in page
    assert "Short name is missing" in page
    assert "no web address" in page
    assert "<script>alert" not in page
    assert web_app.send(staff, new, **form()).status_code == 303
    assert "choirs-2024" in titles(anyone.get("/resources?q=choirs").get_data(as_text=True))
    taken = web_app.send(staff, new, **form()).get_data(as_text=True)
    assert "already" in taken
    one = "/staff/resources/of/choirs-2024"
    web_app.send(staff, one, **form(title=HOSTILE), do="change")
    page = anyone.get("/resources?q=lungs").get_data(as_text=True)
    strict(page)
    assert "<script>alert" not in page
    strict(staff.get("/staff/resources").get_data(as_text=True))
    web_app.send(staff, one, do="retire", why="too old")
    assert titles(anyone.get("/resources?q=lungs").get_data(as_text=True)) == []
    assert "Retired" in staff.get("/staff/resources").get_data(as_text=True)
    web_app.send(staff, one, do="back")
    assert titles(anyone.get("/resources?q=lungs").get_data(as_text=True)) == ["choirs-2024"]
    with engine.connect() as connection:
        deeds = [one.what for one in audit.latest(connection, 9, about="choirs-2024")]
    assert deeds == [
        "brought a resource back",
        "retired a resource",
        "changed a resource",
        "added a resource",
    ]


def test_what_staff_changed_is_kept_from_the_next_library(
    engine: sa.Engine, tmp_path: pathlib.Path
) -> None:
    shelved(engine)
    staff = web_app.signed_in(web_app.app(engine, tmp_path), engine, "staff")
    said = shelf.cells(WEMWBS) | {"title": "Our title"}
    said |= {"outcomes": "health_wellbeing", "art_forms": ""}
    web_app.send(staff, "/staff/resources/of/wemwbs", **said, do="change")
    library.refresh(engine, NOW)
    with engine.connect() as connection:
        found = resources.get(connection, "wemwbs")
    assert found
    assert (found.resource.title, found.origin, found.edited_by) == (
        "Our title",
        "library",
        "Staff",
    )


@pytest.mark.parametrize("deed", ["", "drop"])
def test_an_unknown_deed_does_nothing(engine: sa.Engine, tmp_path: pathlib.Path, deed: str) -> None:
    shelved(engine)
    staff = web_app.signed_in(web_app.app(engine, tmp_path), engine, "staff")
    address = "/staff/resources/of/wemwbs"
    assert web_app.send(staff, address, do=deed).status_code == 400
    assert staff.get("/staff/resources/of/nothing").status_code == 404
