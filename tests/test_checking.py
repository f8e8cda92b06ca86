"""Drafts that commissioners check: judged by the real model, counted in fives, never kept."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
import release_samples
import sqlalchemy as sa
import web_app
from flask.testing import FlaskClient
from web_app import NOW, send, signed_in

from crawler.items import Notice
from crawler.jobs import checking, trying
from crawler.jobs.unpublished import Draft
from crawler.relevance.leaning import lean
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
HIDDEN = Draft(
    title="Lunch club catering",
    description="Hot meals and social time for older residents, with some music.",
    cpv=("55500000",),
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
        assert one.chance - one.before >= trying.MOVES
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


SINGING = "We want weekly singing and painting sessions for isolated older people in day centres."
FACILITIES = "79993000 (Building and facilities management services)"


@pytest.mark.parametrize(
    "code", [FACILITIES, "90910000 (Cleaning services)", "45000000 (Construction work)"]
)
def test_a_code_that_does_not_fit_is_named_and_others_offered(
    people: checking.Audience, code: str
) -> None:
    draft = Draft(
        title="Creative sessions for isolated older people", description=SINGING, cpv=(code[:8],)
    )
    found = checking.check(draft, load(), people, NOW)
    assert [one.what for one in found.misfits] == [code]
    assert "85312100 (Daycare services)" in [one.what for one in found.codes]
    assert all(one.kind == "swap_code" for one in found.codes)
    for one in (*found.misfits, *found.codes):
        assert one.chance > one.before
    # The same beside a second that does not fit, where leaving one out changes little.
    both = checking.check(replace(draft, cpv=(code[:8], "72000000")), load(), people, NOW)
    assert len(both.misfits) == 2
    fitting = checking.check(replace(draft, cpv=("85312100",)), load(), people, NOW)
    assert fitting.misfits == ()


def test_what_the_words_suggest_is_told_whatever_the_code_makes_of_it() -> None:
    notice = Notice(
        title="Work with isolated older people",
        description="Cleaning and a singing group for isolated older people who are lonely.",
        cpv=("90910000",),
    )
    (judged,) = load().judge([notice])
    assert judged.relevance == "none"
    assert judged.outcomes == ()
    assert "older_people" in lean(load(), notice).outcomes
    assert lean(load(), notice).art_forms == ("music",)


def test_arts_words_never_speak_against_whatever_class_is_likeliest() -> None:
    for code in ("79993000", "90910000", "92312000", "85312100"):
        notice = Notice(title="Singing and painting", description=SINGING, cpv=(code,))
        found = lean(load(), notice)
        away = " ".join(one.text for one in found.away).lower()
        assert not any(word in away for word in ("singing", "painting", "creative", "sessions"))
        assert "singing" in " ".join(one.text for one in found.towards).lower()


@pytest.mark.parametrize(
    ("title", "description", "code"),
    [
        ("Road resurfacing", "Resurfacing of carriageways and traffic management.", "45233142"),
        ("Office cleaning", "Daily cleaning of council offices.", "90910000"),
        ("Supply of laptops", "500 laptops for council staff.", "30213100"),
        ("Museum roof repair", "Re-roofing of the town museum.", "45261900"),
    ],
)
def test_what_is_plainly_other_work_is_offered_nothing(
    engine: sa.Engine, tmp_path: pathlib.Path, title: str, description: str, code: str
) -> None:
    client = signed_in(web_app.app(engine, tmp_path), engine, "reviewer")
    page = send(client, "/check", title=title, description=description, cpv=code).get_data(True)
    assert "It does not look like work that arts organisations deliver" in page
    for words in ("With the sentence", "as the main code", "creative workshops", "leaves out"):
        assert words not in page


def test_where_no_single_change_is_enough_several_are_tried(people: checking.Audience) -> None:
    found = checking.check(HIDDEN, load(), people, NOW)
    assert found.band != "shown"
    assert not found.enough
    assert found.together is not None
    assert 2 <= len(found.together.changes) <= trying.TOGETHER
    singles = (*found.misfits, *found.codes, *found.hides, *found.helps)
    assert found.together.chance > max(one.chance for one in singles)
    assert sum(kind.endswith("_code") for kind, _ in found.together.changes) <= 1


def test_what_no_list_knows_is_named(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    client = signed_in(web_app.app(engine, tmp_path), engine, "reviewer")
    page = send(
        client,
        "/check",
        title=MURAL.title,
        description=MURAL.description,
        cpv="12345678, 92312000-1, 9231",
        postcode="QQ9 9QQ",
    ).get_data(as_text=True)
    assert "12345678 is no CPV code that we know" in page
    assert "“9231” is no code of eight digits" in page
    assert "QQ9 9QQ is no postcode that we know" in page
    assert "92312000 is no" not in page


def test_fewer_than_five_is_said_once(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    for number, regions in enumerate((("TLJ",), ("TLC", "TLD", "TLE", "TLJ"), ())):
        wish = Subscription(regions=regions)
        web_app.person(engine, email=f"few{number}@arts.example", subscription=wish)
    client = signed_in(web_app.app(engine, tmp_path), engine, "reviewer")
    fields = {"title": MURAL.title, "description": MURAL.description, "postcode": "TN34 3UY"}
    page = send(client, "/check", **fields).get_data(as_text=True)
    assert page.count("fewer than five") == 1
    for number in range(6):
        wish = Subscription(regions=("TLC", "TLJ"))
        web_app.person(engine, email=f"more{number}@arts.example", subscription=wish)
    other = signed_in(web_app.app(engine, tmp_path), engine, "staff")
    page = send(other, "/check", **fields).get_data(as_text=True)
    assert "Those who asked for all of the UK, or for several regions, count in each" in page
