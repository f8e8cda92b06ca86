"""Drafts that commissioners check: judged by the real model, counted in fives, never kept."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from decimal import Decimal

import pytest
import release_samples
import sqlalchemy as sa
import web_app
from flask.testing import FlaskClient
from web_app import NOW, send, signed_in

from crawler.jobs import checking
from crawler.jobs.checking import Draft
from crawler.relevance.shipped import load
from crawler.store.subscribers import Subscription

MURAL = Draft(
    title="A mural for the seafront underpass",
    description="We are looking for an artist to design and paint a mural with local schools.",
    cpv=("92312000",),
    buyer="Hastings Borough Council",
    postcode="TN34 3UY",
    value=Decimal(18_000),
)
PIPES = Draft(title="Replacement of sewage pipes", description="Civil works.", cpv=("45231300",))


@pytest.fixture
def people(engine: sa.Engine) -> Iterator[checking.Audience]:
    for number in range(12):
        regions = ("TLJ",) if number < 9 else ("TLM",) if number < 11 else ()
        wish = Subscription(regions=regions)
        web_app.person(engine, email=f"p{number}@arts.example", subscription=wish)
    web_app.person(engine, email="quiet@arts.example", state="stopped")
    with engine.connect() as connection:
        yield checking.audience(connection, NOW)


def test_whom_it_would_reach_is_counted_in_fives(people: checking.Audience) -> None:
    found = checking.check(MURAL, load(), people, NOW)
    assert found.band == "shown"
    assert found.place.regions == ("TLJ",)
    # Nine in its region and one who takes any place; nobody in Scotland.
    assert (found.reach.people, found.reach.anybody) == (10, True)
    assert found.reach.regions == {"": 0, "TLJ": 5}


def test_what_is_not_for_the_arts_reaches_nobody(people: checking.Audience) -> None:
    found = checking.check(PIPES, load(), people, NOW)
    assert found.band == "hidden"
    assert (found.reach.people, found.reach.anybody) == (0, False)


def test_a_wrong_code_is_found_to_hide_it(people: checking.Audience) -> None:
    wrong = Draft(
        title="Delivery partner for activities",
        description="Sessions for residents in the town.",
        cpv=("45231300",),
    )
    found = checking.check(wrong, load(), people, NOW)
    assert found.helps
    for one in (*found.hides, *found.helps):
        assert one.chance - one.before >= checking.MOVES
    chances = [one.chance for one in found.helps]
    assert chances == sorted(chances, reverse=True)
    best = found.helps[0]
    # What is promised is what comes: the changed draft, judged by itself, has that chance.
    if best.kind == "add_words":
        changed = Draft(
            title=wrong.title, description=f"{wrong.description}\n\n{best.what}", cpv=wrong.cpv
        )
    else:
        changed = Draft(
            title=wrong.title, description=wrong.description, cpv=(best.what[:8], *wrong.cpv)
        )
    then = checking.check(changed, load(), people, NOW).judgement.scores
    assert then["arts"] + then["commissionable"] == pytest.approx(best.chance)


def test_the_page_shows_it_and_keeps_nothing(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    client = signed_in(web_app.app(engine, tmp_path), engine, "reviewer")
    before = release_samples.dump(engine)
    answer = send(
        client,
        "/check",
        title=MURAL.title,
        description=MURAL.description + " <script>alert(1)</script>",
        cpv="92312000-1, 45000000",
        value="£18,000",
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "Arts organisations would be shown this" in page
    assert "<mark>mural</mark>" in page.lower()
    assert "<script>alert" not in page
    assert "of our subscribers" in page
    assert release_samples.dump(engine) == before
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Write the title"),
        ({"title": "x" * 501}, "Shorten the title"),
        ({"title": "x", "description": "y" * 20_001}, "at most 20,000"),
        ({"title": "x", "cpv": "arts"}, "eight digits"),
        ({"title": "x", "value": "lots"}, "in pounds"),
    ],
)
def test_what_cannot_be_read_is_said(
    engine: sa.Engine, tmp_path: pathlib.Path, fields: dict[str, str], words: str
) -> None:
    client: FlaskClient = signed_in(web_app.app(engine, tmp_path), engine, "reviewer")
    page = send(client, "/check", **fields).get_data(as_text=True)
    assert words in page
    assert "Please check" in page


def test_odd_drafts_are_judged_all_the_same(people: checking.Audience) -> None:
    for odd in ("\u202e\ud7ff", "a" * 20_000, "artist " * 3_000, "(((", "%s{{7*7}}"):
        found = checking.check(Draft(title=odd, description=odd), load(), people, NOW)
        assert sum(found.judgement.scores.values()) == pytest.approx(1)
