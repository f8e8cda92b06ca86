"""What the dashboard says of bids and wins, and what it keeps back."""

from __future__ import annotations

import csv
import io
import pathlib
import re
from decimal import Decimal

import pytest
import sqlalchemy as sa
import web_app
from outcome_samples import closed, key, said, someone
from test_web_pages import strict
from web_app import NOW

from crawler.items import Award, Place
from crawler.jobs import impact as figures
from crawler.store import database, marks
from crawler.store.subscribers import Subscriber
from crawler.store.tables import matches


def winners(engine: sa.Engine, number: int, count: int, first: int = 1) -> list[Subscriber]:
    """Organisations that won one opportunity, and were told of it."""
    found = [someone(engine, at) for at in range(first, first + count)]
    for person in found:
        said(engine, person, number)
    return found


def test_organisations_are_counted_once_and_values_once(engine: sa.Engine) -> None:
    closed(engine, 1, value_max=Decimal(50_000), place=Place(regions=("TLD", "TLE")))
    closed(
        engine,
        2,
        value_max=Decimal(99_000),
        awards=(Award(id="a", suppliers=("X",), value=Decimal(80_000), currency="GBP"),),
    )
    for number in (1, 2):
        person = someone(engine, number, "The  Paper-Lantern Theatre")
        said(engine, person, 1)
        said(engine, person, 2)
    web_app.person(engine, email="lost@x.example", organisation=None)
    with engine.connect() as connection:
        report = figures.exact(connection, NOW)
    assert report.total.counts == {"reached": 0, "bid": 1, "won": 1}
    assert report.total.value == Decimal(130_000), "the award's value, once"
    rows = {row.name: row for row in report.tables["regions"]}
    assert rows["North West"].counts["won"] == 1
    assert rows["North West"].value == Decimal(50_000)
    untagged = {row.name: row for row in report.tables["art_forms"]}["no art form named"]
    assert untagged.counts["won"] == 1
    assert rows["Yorkshire and The Humber"].value == Decimal(130_000)


def test_what_is_open_or_in_other_money_is_left_out(engine: sa.Engine) -> None:
    closed(engine, 1, days=-1)
    closed(engine, 2, value_max=Decimal(9_000), currency="EUR")
    person = someone(engine)
    said(engine, person, 2)
    with database.writing(engine) as connection:
        marks.outcome(connection, person.id, key(1), "bidding", NOW)
    with engine.connect() as connection:
        report = figures.exact(connection, NOW)
    assert report.total.counts["bid"] == 1
    assert report.total.value == 0


def test_small_numbers_are_kept_back_from_everybody(
    engine: sa.Engine, tmp_path: pathlib.Path
) -> None:
    closed(engine, 1, place=Place(regions=("TLD",)), value_max=Decimal(84_321))
    closed(engine, 2, place=Place(regions=("TLE",)), value_max=Decimal(10_000))
    winners(engine, 1, 6)
    winners(engine, 2, 2, first=7)
    app = web_app.app(engine, tmp_path)
    answer = app.test_client().get("/impact.csv")
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    named = {row["name"]: row for row in rows}
    # Two won in Yorkshire: with the six of the North West shown, the total would tell.
    assert named["Yorkshire and The Humber"]["won"] == ""
    assert named["North West"]["won"] == ""
    assert named["North West"]["value_won_gbp"] == ""
    assert named["London"]["won"] == "0"
    page = app.test_client().get("/impact").get_data(as_text=True)
    strict(page)
    assert "84" not in re.sub(r"<[^>]+>", " ", page[page.index("<main") : page.index("</main>")])
    staff = web_app.signed_in(app, engine, "staff")
    exact = staff.get("/staff/impact").get_data(as_text=True)
    strict(exact)
    assert "£84,321" in exact
    assert "Organisation 7" not in exact + page


@pytest.mark.parametrize(
    ("told", "words"), [(0, "nothing to count yet"), (3, "too few organisations"), (6, None)]
)
def test_the_page_says_why_it_shows_nothing(
    engine: sa.Engine, tmp_path: pathlib.Path, told: int, words: str | None
) -> None:
    (at,) = closed(engine, 1)
    for number in range(told):
        person = someone(engine, number)
        row = {
            "subscription_id": person.subscriptions[0].id, "opportunity_id": at, "reasons": [],
            "caveats": [], "matched_at": NOW, "told_at": NOW,
        }  # fmt: skip
        with database.writing(engine) as connection:
            connection.execute(matches.insert().values(**row))
    page = web_app.app(engine, tmp_path).test_client().get("/impact").get_data(as_text=True)
    strict(page)
    for one in ("nothing to count yet", "too few organisations"):
        assert (one in page) is (one == words), one


def test_reach_counts_what_digests_told(engine: sa.Engine) -> None:
    ids = closed(engine, 1, 2)
    people = [someone(engine, number) for number in range(1, 8)]
    with database.writing(engine) as connection:
        for person in people:
            for at in ids:
                row = {
                    "subscription_id": person.subscriptions[0].id,
                    "opportunity_id": at,
                    "reasons": [],
                    "caveats": [],
                    "matched_at": NOW,
                    "told_at": NOW if person is not people[0] else None,
                }
                connection.execute(matches.insert().values(**row))
    with engine.connect() as connection:
        exact = figures.exact(connection, NOW)
        safe = figures.safe(connection, NOW)
    assert (exact.total.counts["reached"], exact.items) == (6, 12)
    assert (safe.total.counts["reached"], safe.items) == (5, 10)
    assert safe.total.counts["won"] == 0
