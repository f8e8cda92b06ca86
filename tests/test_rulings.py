"""What a reviewer decides rules what everybody sees: at once, and after releases and mergers."""

from __future__ import annotations

import pathlib

import pytest
import sqlalchemy as sa
import web_app
from desk_samples import unsure
from flask.testing import FlaskClient
from release_samples import FTS, amended, keep, release
from web_app import NOW

from crawler.store import browse, database, opportunities, reviews, steps
from crawler.store.browse import Filters
from crawler.store.reviews import Said
from crawler.store.tables import processes
from crawler.store.tables import reviews as decisions
from crawler.store.users import User


@pytest.fixture
def key(engine: sa.Engine) -> str:
    return unsure(engine, 1)


@pytest.fixture
def visitor(engine: sa.Engine, tmp_path: pathlib.Path) -> FlaskClient:
    return web_app.app(engine, tmp_path).test_client()


def say(engine: sa.Engine, key: str, **said: object) -> None:
    with database.writing(engine) as connection:
        reviews.decide(connection, key, Said(**said), NOW)  # type: ignore[arg-type]


def listed(engine: sa.Engine, **asked: object) -> list[str]:
    with engine.connect() as connection:
        found = browse.find(connection, Filters(**asked), "newest", now=NOW)  # type: ignore[arg-type]
    return [one.id for one in found.items]


def test_what_is_rejected_leaves_the_list_at_once(
    engine: sa.Engine, key: str, visitor: FlaskClient
) -> None:
    assert listed(engine, relevance=["review"]) == [key]
    page = visitor.get(f"/opportunities/{key}").get_data(as_text=True)
    assert "Why it may belong here" in page
    assert "nobody has checked it yet" in page
    say(engine, key, decision="reject", reviewer="Ada")
    assert listed(engine, relevance=["review"]) == []
    assert listed(engine, relevance=["none"]) == [key]
    page = visitor.get(f"/opportunities/{key}").get_data(as_text=True)
    assert "Why it is not on the list" in page
    assert "A reviewer found that it is <strong>not for arts organisations</strong>" in page


def test_a_label_shows_it_under_what_it_says(
    engine: sa.Engine, key: str, visitor: FlaskClient
) -> None:
    said = {"relevance": "arts", "art_forms": ("music",), "outcomes": ("older_people",)}
    say(engine, key, decision="label", reviewer="Ada", **said)
    assert listed(engine) == [key]
    assert listed(engine, art_forms=["music"], outcomes=["older_people"]) == [key]
    assert listed(engine, outcomes=["health_wellbeing"]) == []
    page = visitor.get(f"/opportunities/{key}").get_data(as_text=True)
    assert "A reviewer found it to be <strong>arts and culture</strong>: music; for older" in page
    found = visitor.get("/opportunities").get_data(as_text=True)
    assert "Maybe: not reviewed yet" not in found


def test_a_new_release_leaves_it_as_decided_and_undoing_takes_it_back(
    engine: sa.Engine, key: str
) -> None:
    say(engine, key, decision="label", reviewer="Ada", relevance="adjacent")
    keep(engine, FTS, amended(release(1), id="later", date="2026-06-01T09:00:00Z", title="Changed"))
    assert listed(engine, relevance=["adjacent"]) == [key]
    with database.writing(engine) as connection:
        number = connection.execute(sa.select(decisions.c.id)).scalar_one()
        ada = User(id=1, email="a@b.example", name="Ada", role="reviewer", created=NOW)
        assert steps.take_back_decision(connection, ada, number)
        assert not steps.take_back_decision(connection, ada, number)
    assert listed(engine, relevance=["adjacent"]) == []


def test_a_subscribers_not_for_us_rules_nobody_else(engine: sa.Engine, key: str) -> None:
    person = web_app.person(engine)
    say(engine, key, decision="not_for_us", subscriber_id=person.id)
    assert listed(engine, relevance=["review"]) == [key]


def test_an_heir_takes_the_decision_over(engine: sa.Engine, key: str) -> None:
    heir = unsure(engine, 2)
    say(engine, key, decision="reject", reviewer="Ada")
    with database.writing(engine) as connection:
        loser, into = (opportunities.internal(connection, one) for one in (key, heir))
        assert loser is not None
        assert into is not None
        at = processes.c.opportunity_id
        connection.execute(sa.update(processes).where(at == loser).values(opportunity_id=into))
        opportunities.retire(connection, loser, into)
    assert listed(engine, relevance=["none"]) == [heir]
