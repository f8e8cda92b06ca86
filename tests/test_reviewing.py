"""Reviewers at work: decisions, undo, two at once, pairs, second opinions, figures."""

from __future__ import annotations

import pathlib
import re
from datetime import timedelta
from html import unescape
from typing import Any

import desk_samples
import pytest
import sqlalchemy as sa
import web_app
from desk_samples import unsure
from flask import Flask
from flask.testing import FlaskClient
from release_samples import read
from web_app import NOW, send, signed_in, token

from crawler.digest import wording
from crawler.relevance.agreement import Agreement, agreements
from crawler.store import audit, database, duplicates, opportunities, releases
from crawler.store.tables import processes, reviews
from crawler.web import contrast


@pytest.fixture
def app(engine: sa.Engine, tmp_path: pathlib.Path) -> Flask:
    return web_app.app(engine, tmp_path)


@pytest.fixture
def ada(app: Flask, engine: sa.Engine) -> FlaskClient:
    return signed_in(app, engine, "reviewer", "Ada")


@pytest.fixture
def bea(app: Flask, engine: sa.Engine) -> FlaskClient:
    return signed_in(app, engine, "reviewer", "Bea")


def shown(client: FlaskClient, address: str = "/review") -> tuple[str, dict[str, str]]:
    """The id of the opportunity on a page, and what its form carries."""
    page = client.get(address).get_data(as_text=True)
    found = re.search(r'action="/review/(\w{12})"', page)
    assert found, page[-3000:]
    hidden = {
        name: re.search(rf'name="{name}" value="([^"]*)"', page)[1]  # type: ignore[index]
        for name in ("mark", "queue")
    }
    return found[1], {"csrf_token": token(page), **hidden}


def decided(engine: sa.Engine) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        columns = (reviews.c.reviewer, reviews.c.decision, reviews.c.relevance)
        return [
            tuple(row) for row in connection.execute(sa.select(*columns).order_by(reviews.c.id))
        ]


def test_decisions_are_kept_and_the_next_one_comes(ada: FlaskClient, engine: sa.Engine) -> None:
    keys = {unsure(engine, number) for number in (1, 2, 3)}
    seen = []
    for fields in (
        {"do": "accept", "note": "  plainly \x00 so "},
        {"do": "reject"},
        {"do": "label", "relevance": "arts", "art_form": ["performing", "music"]},
    ):
        key, form = shown(ada)
        seen.append(key)
        assert ada.post(f"/review/{key}", data=form | fields).location == "/review"
    assert set(seen) == keys
    assert decided(engine) == [
        ("Ada", "accept", "commissionable"),
        ("Ada", "reject", "none"),
        ("Ada", "label", "arts"),
    ]
    with engine.connect() as connection:
        row = connection.execute(sa.select(reviews).where(reviews.c.decision == "label")).one()
        note = (
            connection.execute(sa.select(reviews.c.note).order_by(reviews.c.id)).scalars().first()
        )
        deeds = [one.what for one in audit.latest(connection, 3)]
    assert (row.art_forms, row.outcomes) == (["performing", "music"], [])
    assert note == "plainly so"
    assert deeds == ["relabelled a judgement", "rejected a judgement", "confirmed a judgement"]
    assert "Nothing waits for review" in ada.get("/review").get_data(as_text=True)


def test_what_speaks_is_marked_in_the_text(ada: FlaskClient, engine: sa.Engine) -> None:
    unsure(engine)
    page = ada.get("/review").get_data(as_text=True)
    assert "<mark>festival of light</mark>" in page
    assert "old harbour" in page


def test_several_steps_are_undone_one_by_one(ada: FlaskClient, engine: sa.Engine) -> None:
    for number in (1, 2):
        unsure(engine, number)
    first, form = shown(ada)
    ada.post(f"/review/{first}", data=form | {"do": "skip"})
    second, form = shown(ada)
    assert second != first
    ada.post(f"/review/{second}", data=form | {"do": "reject"})
    page = ada.get("/review").get_data(as_text=True)
    assert "Nothing waits" in page
    back = ada.post("/review/undo", data={"csrf_token": token(page)})
    assert back.location in (f"/review/{second}", f"/review/{first}")
    ada.post("/review/undo", data={"csrf_token": token(page)})
    assert decided(engine) == []
    assert {shown(ada)[0]} <= {first, second}
    again = ada.post("/review/undo", data={"csrf_token": token(page)}, follow_redirects=True)
    assert "nothing of the last day to undo" in again.get_data(as_text=True)


def test_what_is_undone_is_named_and_given_back(ada: FlaskClient, engine: sa.Engine) -> None:
    unsure(engine, 7, title="Harbour programme")
    desk_samples.doubtful(engine)
    key, form = shown(ada)
    fields = {"do": "label", "relevance": "adjacent", "art_form": "music", "note": "a <stage> only"}
    ada.post(f"/review/{key}", data=form | fields)
    with engine.begin() as connection:
        connection.execute(sa.update(reviews).values(decided_at=NOW - timedelta(minutes=1)))
    page = unescape(ada.get("/review/pairs").get_data(as_text=True))
    assert "Your last step: said that “Harbour programme” is “Work around the arts”." in page
    stale = {"csrf_token": token(page), "step": step(page)}
    send(ada, f"/review/pairs/{pair_of(engine).id}", "/review/pairs", do="apart")
    page = unescape(ada.get("/review").get_data(as_text=True))
    named = "kept apart “Harbour light festival” and “Harbour light festival”"
    assert f"Your last step: {named}." in page
    late = ada.post("/review/undo", data=stale, follow_redirects=True).get_data(as_text=True)
    assert "Nothing was undone" in late
    assert len(decided(engine)) == 1
    fresh = {"csrf_token": token(page), "step": step(page)}
    done = ada.post("/review/undo", data=fresh, follow_redirects=True).get_data(as_text=True)
    assert f"Undone: {named}" in unescape(done)
    again = {"csrf_token": token(page), "step": stale["step"]}
    page = ada.post("/review/undo", data=again, follow_redirects=True).get_data(as_text=True)
    assert decided(engine) == []
    assert ">a &lt;stage&gt; only</textarea>" in page
    assert re.search(r'id="relevance-adjacent"[^>]* checked', page)
    assert re.search(r'id="art-music"[^>]* checked', page)
    assert "a &lt;stage&gt; only" not in ada.get(f"/review/{key}").get_data(as_text=True)


def step(page: str) -> str:
    found = re.search(r'name="step" value="([^"]+)"', page)
    assert found
    return found[1]


def test_nobody_undoes_what_another_decided(
    ada: FlaskClient, bea: FlaskClient, engine: sa.Engine
) -> None:
    unsure(engine)
    key, form = shown(ada)
    ada.post(f"/review/{key}", data=form | {"do": "accept"})
    page = bea.get("/review").get_data(as_text=True)
    bea.post("/review/undo", data={"csrf_token": token(page)})
    assert len(decided(engine)) == 1


def test_two_reviewers_never_overwrite_each_other(
    ada: FlaskClient, bea: FlaskClient, engine: sa.Engine
) -> None:
    unsure(engine)
    key, hers = shown(ada)
    _, theirs = shown(bea)
    ada.post(f"/review/{key}", data=hers | {"do": "reject"})
    late = bea.post(f"/review/{key}", data=theirs | {"do": "accept", "note": "mine"})
    assert late.status_code == 409
    page = late.get_data(as_text=True)
    assert "Ada" in page
    assert "Your note was: mine" in page
    assert decided(engine) == [("Ada", "reject", "none")]
    _, again = shown(bea, f"/review/{key}")
    assert bea.post(f"/review/{key}", data=again | {"do": "accept"}).status_code == 303
    assert len(decided(engine)) == 2


def test_undone_and_decided_anew_is_another_state(
    ada: FlaskClient, bea: FlaskClient, engine: sa.Engine
) -> None:
    unsure(engine)
    key, form = shown(ada)
    ada.post(f"/review/{key}", data=form | {"do": "reject"})
    _, theirs = shown(bea, f"/review/{key}")
    ada.post("/review/undo", data={"csrf_token": form["csrf_token"]})
    # Without a decision the first form is right again; the one that saw a decision is not.
    assert bea.post(f"/review/{key}", data=theirs | {"do": "accept"}).status_code == 409
    assert ada.post(f"/review/{key}", data=form | {"do": "accept"}).status_code == 303


def test_a_notice_that_changed_meanwhile_is_looked_at_again(
    ada: FlaskClient, engine: sa.Engine
) -> None:
    key = unsure(engine)
    _, form = shown(ada)
    with engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE opportunities SET version = version + 1 WHERE key = :key"), {"key": key}
        )
    assert ada.post(f"/review/{key}", data=form | {"do": "accept"}).status_code == 409
    assert decided(engine) == []


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"do": "label", "relevance": "splendid"}, 200),
        ({"do": "label"}, 200),
        ({"do": "label", "relevance": "arts", "art_form": "<script>"}, 200),
        ({"do": "delete"}, 400),
        ({}, 400),
    ],
)
def test_what_cannot_be_meant_is_said_and_not_kept(
    ada: FlaskClient, engine: sa.Engine, fields: dict[str, str], status: int
) -> None:
    unsure(engine)
    key, form = shown(ada)
    answer = ada.post(f"/review/{key}", data=form | fields)
    assert answer.status_code == status
    assert "<script>" not in re.sub(r"<script src=", "", answer.get_data(as_text=True))
    assert decided(engine) == []
    if status == 200:
        assert "Please check" in answer.get_data(as_text=True)


def test_what_is_none_keeps_no_tags(ada: FlaskClient, engine: sa.Engine) -> None:
    unsure(engine)
    key, form = shown(ada)
    fields = {"do": "label", "relevance": "none", "art_form": "music"}
    assert ada.post(f"/review/{key}", data=form | fields).status_code == 303
    assert decided(engine) == [("Ada", "label", "none")]


def test_a_second_opinion_is_asked_for_blindly(
    ada: FlaskClient, bea: FlaskClient, engine: sa.Engine
) -> None:
    unsure(engine)
    key, form = shown(ada)
    ada.post(f"/review/{key}", data=form | {"do": "reject", "note": "a secret"})
    assert "No second opinions" in ada.get("/review?queue=second").get_data(as_text=True)
    page = bea.get("/review?queue=second").get_data(as_text=True)
    assert "a secret" not in page
    key, form = shown(bea, "/review?queue=second")
    answer = bea.post(f"/review/{key}", data=form | {"do": "accept"})
    assert answer.location == "/review?queue=second"
    history = bea.get("/review/history").get_data(as_text=True)
    assert "Ada and Bea" in history
    assert "0%" in history
    assert "a secret" in history


def test_the_history_tells_tags_times_and_pairs_and_counts_a_notice_once(
    ada: FlaskClient, engine: sa.Engine
) -> None:
    unsure(engine, 7, title="Harbour programme")
    desk_samples.doubtful(engine)
    for fields in (
        {"do": "label", "relevance": "commissionable", "outcome": "older_people"},
        {"do": "label", "relevance": "arts", "art_form": ["music", "performing"]},
    ):
        key, form = shown(ada, f"/review/{public(engine)}")
        assert ada.post(f"/review/{key}", data=form | fields).status_code == 303
    send(ada, f"/review/pairs/{pair_of(engine).id}", "/review/pairs", do="merge")
    page = unescape(ada.get("/review/history").get_data(as_text=True))
    assert "Older people" in page
    both = (wording.ART_FORMS["music"], wording.ART_FORMS["performing"])
    assert wording.sentence(", ".join(both)) in page
    assert re.search(r"labelling, \d+ \w+ \d{4}, \d+:\d\d(am|pm)", page)
    assert re.search(
        r"<strong>Merged</strong> into <a [^>]+>Harbour light festival</a> – Ada", page
    )
    (row,) = re.findall(r"<th scope=\"row\">.*?</tr>", page)
    assert re.findall(r"<td class=\"number\">(\d+)</td>", row) == ["1"] * 4
    assert "None." in ada.get("/review/history?by=Bea").get_data(as_text=True)


def public(engine: sa.Engine) -> str:
    """The id of the one opportunity called Harbour programme."""
    with engine.connect() as connection:
        return next(
            one.id
            for _, one in opportunities.iterate(connection)
            if one.title == "Harbour programme"
        )


def test_agreement_is_cohens() -> None:
    said = [{"A": "arts", "B": "arts"}] * 20 + [{"A": "none", "B": "none"}] * 15
    said += [{"A": "arts", "B": "none"}] * 5 + [{"A": "none", "B": "arts"}] * 10
    said += [{"A": "arts"}, {"C": "none"}]
    (one,) = agreements(said)
    assert (one.items, one.share) == (50, 0.7)
    assert one.kappa == pytest.approx(0.4)
    same = [{"A": "arts", "B": "arts"}] * 3
    assert agreements(same) == [Agreement(first="A", second="B", items=3, share=1.0, kappa=None)]


def pair_of(engine: sa.Engine) -> duplicates.Pair:
    with engine.connect() as connection:
        pair, total = duplicates.waiting(connection)
    assert total == 1
    assert pair is not None
    return pair


def alive(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return len(list(opportunities.iterate(connection)))


def test_a_pair_is_merged_at_once_and_split_again(ada: FlaskClient, engine: sa.Engine) -> None:
    first, second = desk_samples.doubtful(engine)
    pair = pair_of(engine)
    page = ada.get("/review/pairs").get_data(as_text=True)
    assert page.count("Harbour light festival") >= 2
    form = {"csrf_token": token(page)}
    assert ada.post(f"/review/pairs/{pair.id}", data=form | {"do": "merge"}).status_code == 303
    assert alive(engine) == 1
    moved = {ada.get(f"/opportunities/{key}").status_code for key in (first, second)}
    assert moved == {200, 301}
    undone = ada.post("/review/undo", data=form)
    assert undone.location == "/review/pairs"
    assert alive(engine) == 2
    assert {ada.get(f"/opportunities/{key}").status_code for key in (first, second)} == {200}
    assert database.check(engine) == []
    with engine.connect() as connection:
        deeds = [one.what for one in audit.latest(connection, 2)]
    assert deeds == ["undid a pair", "merged a pair"]


def test_what_is_kept_apart_stays_apart(ada: FlaskClient, engine: sa.Engine) -> None:
    desk_samples.doubtful(engine)
    pair = pair_of(engine)
    form = {"csrf_token": token(ada.get("/review/pairs").get_data(as_text=True)), "do": "apart"}
    ada.post(f"/review/pairs/{pair.id}", data=form)
    assert "No pair waits" in ada.get("/review/pairs").get_data(as_text=True)
    with database.writing(engine) as connection:
        every = connection.execute(sa.select(processes.c.id)).scalars().all()
        releases.merge_again(connection, every, NOW, read)
    assert alive(engine) == 2


def test_a_pair_marks_what_only_one_of_the_two_says(ada: FlaskClient, engine: sa.Engine) -> None:
    desk_samples.doubtful(engine)
    page = ada.get("/review/pairs").get_data(as_text=True)
    marked = re.findall(r"<mark>([^<]+)</mark>", page)
    assert sum("April 2026" in one for one in marked) == 2, "the closing dates differ"
    assert page.count("(differs)") == len(marked) - 1
    assert "Harbour light festival" not in marked


def test_sentences_of_the_other_are_not_marked() -> None:
    (one,) = contrast.text("We want a mural. It is  50m long!", "It is 50M long. And more.")
    assert [part.text for part in one if part.marked] == ["We want a mural."]
    assert contrast.text("", "x") == []
    assert [part.marked for part in contrast.title("Mural, phase 2", "Mural phase 1")] == [
        False, False, False, False, True,
    ]  # fmt: skip


def test_only_reviewers_are_led_from_a_page_to_its_review(
    app: Flask, ada: FlaskClient, engine: sa.Engine
) -> None:
    key = unsure(engine)
    address = f"/opportunities/{key}"
    hers, anybodys = ada.get(address), app.test_client().get(address)
    assert f'href="/review/{key}"' in hers.get_data(as_text=True)
    assert "/review/" not in anybodys.get_data(as_text=True)
    assert hers.headers["Cache-Control"] == "no-store"
    for answer in (hers, anybodys):
        assert "Cookie" in answer.headers["Vary"]
        assert "ETag" not in answer.headers


def test_a_pair_is_decided_once(ada: FlaskClient, bea: FlaskClient, engine: sa.Engine) -> None:
    desk_samples.doubtful(engine)
    pair = pair_of(engine)
    form = {"csrf_token": token(bea.get("/review/pairs").get_data(as_text=True)), "do": "merge"}
    send(ada, f"/review/pairs/{pair.id}", "/review/pairs", do="apart")
    late = bea.post(f"/review/pairs/{pair.id}", data=form)
    assert late.status_code == 409
    assert "Ada has kept these two apart" in late.get_data(as_text=True)
    assert alive(engine) == 2
    for number in (999, 10**30):
        assert bea.post(f"/review/pairs/{number}", data=form).status_code in (400, 404)
