"""Staff at work: sources, requests, pauses, the log, the post, people and the classifier."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
import web_app
from desk_samples import ran
from flask import Flask
from flask.testing import FlaskClient
from web_app import NOW, send, signed_in

from crawler.jobs import ailments, crawl, overseeing, teaching
from crawler.jobs.train import HISTORY
from crawler.keys import suppression_key
from crawler.relevance import shipped
from crawler.relevance.model import Numbers
from crawler.relevance.shipped import load
from crawler.store import audit, database, leases, outbox, requests, roster, suppressions
from crawler.store.outbox import Origin
from crawler.store.tables import job_requests
from crawler.store.tables import outbox as mails
from crawler.web.sparkline import sparkline

FTS = "find-a-tender"


@pytest.fixture
def app(engine: sa.Engine, tmp_path: pathlib.Path) -> Flask:
    return web_app.app(engine, tmp_path)


@pytest.fixture
def staff(app: Flask, engine: sa.Engine) -> FlaskClient:
    return signed_in(app, engine, "staff", "Sam")


def text(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def deeds(engine: sa.Engine, count: int = 1) -> list[tuple[str, str, str]]:
    with engine.connect() as connection:
        return [(one.who, one.what, one.about) for one in audit.latest(connection, count)]


def test_a_broken_source_says_what_is_wrong_and_can_be_asked_for(
    staff: FlaskClient, engine: sa.Engine
) -> None:
    day = timedelta(days=1)
    ran(engine, FTS, NOW - 3 * day, new=40)
    ran(engine, FTS, NOW - day, "failed", new=0, reason="<b>no answer</b>", errors=["503 at /api"])
    page = text(staff, "/staff")
    assert "1 source of" in page
    assert "&lt;b&gt;no answer&lt;/b&gt;" in page
    assert "503 at /api" in page
    assert "What to do:" in page
    assert "40 in all" in page
    send(staff, f"/staff/sources/{FTS}", "/staff", do="run")
    again = send(staff, f"/staff/sources/{FTS}", "/staff", do="run")
    assert again.location == f"/staff#{FTS}"
    with engine.connect() as connection:
        (one,) = requests.newest(connection).values()
    assert (one.source, one.requested_by, one.waits) == (FTS, "Sam", True)
    page = text(staff, "/staff")
    assert "asked for already" in page
    assert "waits to be taken up: no scheduler is running" in page
    assert deeds(engine) == [("Sam", "asked for a crawl", FTS)]
    log = text(staff, f"/staff/runs?source={FTS}")
    assert "503 at /api" in log
    assert log.count("<tr><td>") == 2


def living(engine: sa.Engine, at: datetime = NOW) -> None:
    """A scheduler on another machine that has just shown a sign of life."""
    with database.writing(engine) as connection:
        until = at + timedelta(seconds=90)
        assert leases.take(connection, leases.SCHEDULER, "elsewhere:1:x:y", at, until) is None


def test_whoever_asks_for_a_run_hears_whether_anybody_will_take_it_up(
    staff: FlaskClient, engine: sa.Engine
) -> None:
    living(engine, NOW - timedelta(seconds=91))
    page = text(staff, "/staff")
    assert "No scheduler is running" in page
    assert "Once a scheduler runs" in page
    send(staff, f"/staff/sources/{FTS}", "/staff", do="run")
    assert "it will be taken up once `tenders schedule` runs" in text(staff, "/staff")
    living(engine)
    page = text(staff, "/staff")
    assert "No scheduler is running" not in page
    assert "Once a scheduler runs" not in page
    assert "waits to be taken up" in page
    send(staff, "/staff/sources/sell2wales", "/staff", do="run")
    assert "No scheduler is running" not in text(staff, "/staff")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            "DownloadConnectionRefusedError: Connection was refused by other side: 111.",
            "Find a Tender did not answer (connection refused).",
        ),
        (
            "CannotResolveHostError: DNS lookup failed: no results for hostname lookup",
            "Find a Tender could not be found (its name leads to no address).",
        ),
        (
            "DownloadTimeoutError: Getting http://x/ took longer than 30.0 seconds.",
            "Find a Tender did not answer in time.",
        ),
        (
            "DownloadFailedError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
            "Find a Tender did not answer over a safe connection"
            " (its TLS certificate or ours was refused).",
        ),
        ("status 503: b'oops'", "answered that something is wrong on its side (503)."),
    ],
)
def test_what_went_wrong_is_a_sentence_and_the_technical_words_lie_beneath_once(
    staff: FlaskClient, engine: sa.Engine, error: str, words: str
) -> None:
    said = f"https://portal.example/api: {error}"
    ran(engine, FTS, NOW, "failed", reason=f"no window could be read: {said}", errors=[said])
    page = unescape(text(staff, "/staff"))
    assert words in page
    assert page.count(error) == 1
    assert page.index("asks it again") < page.index("<code>tenders crawl find-a-tender --verbose")
    log = unescape(text(staff, "/staff/runs"))
    assert words in log
    assert log.count(error) == 1


def test_a_part_that_failed_says_how_much_and_why() -> None:
    refused = "https://x.example/: status 403: b''"
    one = ailments.told("Sell2Wales", "partial", "2 of 9 windows could not be read", [refused] * 2)
    assert one.words == "2 of 9 windows could not be read. Sell2Wales refused to answer (403)."
    assert one.technical == (refused,)
    short = ailments.told("Sell2Wales", "short", "3 releases, at least 9 expected", ["a timeout"])
    assert short.words == "3 releases, at least 9 expected."
    assert ailments.told("Sell2Wales", "ok", "", ["a note"]).words == ""


def test_an_unknown_source_cannot_be_asked_for(staff: FlaskClient, engine: sa.Engine) -> None:
    for key in ("nope", "artsjobs"):
        assert send(staff, f"/staff/sources/{key}", "/staff", do="run").status_code == 404
    assert send(staff, f"/staff/sources/{FTS}", "/staff", do="drop").status_code == 400
    with engine.connect() as connection:
        assert requests.newest(connection) == {}


def test_the_timetable_is_told_where_it_is_known(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    from crawler.web import create_app

    at = datetime(2027, 3, 4, 5, 10, tzinfo=UTC)
    app = create_app(
        web_app.settings(tmp_path),
        engine,
        clock=lambda: NOW,
        deliver=lambda *_: None,
        timetable=lambda _: {"crawl": at, "contacts:councils": at.replace(month=5)},
    )
    with engine.connect() as connection, app.app_context():
        found = overseeing.sources(connection, app.extensions["tenders"].timetable(NOW), NOW)
    by_key = {one.key: one.next_run for one in found}
    assert by_key[FTS] == at
    assert by_key["councils"] == at.replace(month=5)
    assert by_key["moderngov"] is None
    client = signed_in(app, engine, "staff")
    assert "4 March 2027" not in text(client, "/staff")
    living(engine)
    assert "4 March 2027" in text(client, "/staff")


def test_a_paused_source_is_left_out_when_everything_is_read(
    staff: FlaskClient, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[list[str]] = []

    def crawled(_: str, wanted: Any, *__: Any) -> list[crawl.Result]:
        read.append([one.key for one in wanted])
        return []

    monkeypatch.setattr(crawl, "crawl_rows", crawled)
    url = engine.url.render_as_string(hide_password=False)
    send(staff, f"/staff/sources/{FTS}", "/staff", do="pause", why="their maintenance")
    send(staff, "/staff/sources/moderngov", "/staff", do="pause")
    crawl.crawl(url, [], crawl.Options(), NOW)
    crawl.crawl(url, [FTS], crawl.Options(), NOW)
    crawl.crawl(url, ["councils"], crawl.Options(), NOW)
    assert FTS not in read[0]
    assert "sell2wales" in read[0]
    assert read[1:] == [[FTS], ["councils"]]
    page = text(staff, "/staff")
    assert "Paused by Sam" in page
    assert "their maintenance" in page
    send(staff, f"/staff/sources/{FTS}", "/staff", do="resume")
    crawl.crawl(url, [], crawl.Options(), NOW)
    assert FTS in read[-1]


def test_an_address_is_shown_on_demand_and_every_look_is_logged(
    staff: FlaskClient, engine: sa.Engine
) -> None:
    person = web_app.person(engine)
    page = text(staff, "/staff/subscribers")
    assert "theatre.example" not in page
    assert "h•••@t•••.example" in page
    assert "theatre.example" not in text(staff, "/staff/subscribers?state=active")
    shown = send(staff, f"/staff/subscribers/{person.id}/address", "/staff/subscribers")
    assert "hello@theatre.example" in shown.get_data(as_text=True)
    assert shown.headers["Cache-Control"] == "no-store"
    assert deeds(engine) == [("Sam", "looked at an address", f"subscriber {person.id}")]
    assert staff.get(f"/staff/subscribers/{person.id}/address").status_code == 405
    assert "hello@theatre.example" not in text(staff, "/staff/audit")


def test_a_subscriber_is_looked_up_by_address_or_organisation_and_the_look_is_logged(
    staff: FlaskClient, engine: sa.Engine
) -> None:
    person = web_app.person(engine, organisation="Tidewater Arts & Co 100%")
    web_app.person(engine, email="other@choir.example", organisation="Moor Choir")
    address = "/staff/subscribers"
    for asked in (" Hello@Theatre.EXAMPLE ", "arts TIDE", "100%"):
        page = send(staff, address, q=asked).get_data(as_text=True)
        assert f'href="/staff/subscribers/{person.id}"' in page
        assert "1 subscriber found" in page
        assert "Moor Choir" not in page
        assert "theatre.example" not in page.lower()
    nobody = send(staff, address, q="hello@theatre.exampl").get_data(as_text=True)
    assert "Nobody has exactly that address" in nobody
    assert "theatre" not in nobody
    assert "has all of these words" in send(staff, address, q="arts_").get_data(as_text=True)
    assert "write an address" in send(staff, address, q=" ").get_data(as_text=True)
    with engine.connect() as connection:
        told = [(one.about, one.detail) for one in audit.latest(connection, 9)]
    assert told[:5] == [
        ("", "by organisation: arts_"),
        ("", "by address: nobody"),
        ("", "by organisation: 100%"),
        ("", "by organisation: arts TIDE"),
        (f"subscriber {person.id}", "by address"),
    ]


def test_a_subscribers_page_tells_wishes_mails_and_bounces_without_the_address(
    staff: FlaskClient, engine: sa.Engine, app: Flask
) -> None:
    person = web_app.person(engine)
    key = suppression_key(app.extensions["tenders"].settings)
    with database.writing(engine) as connection:
        outbox.broken(
            connection,
            about="digest 1",
            kind="digest",
            subscriber_id=person.id,
            recipient=person.email,
            words="550 <HELLO@theatre.example>: no such user; not other@choir.example.",
            now=NOW,
        )
        mail = connection.execute(sa.select(mails).where(mails.c.kind == "digest")).mappings().one()
        origin = Origin(
            id=mail["id"],
            message_id=mail["message_id"],
            recipient=person.email,
            subscriber_id=person.id,
            sent_at=NOW,
        )
        bounce = suppressions.Bounce(
            report="r", kind="hard", at=NOW, words="no hello@theatre.example here", status="5.1.1"
        )
        suppressions.record(connection, key, bounce, origin)
    page = text(staff, f"/staff/subscribers/{person.id}")
    for words in (
        "Gets the digest", "arts and culture", "Not delivered", "no such user", "(5.1.1)",
        "We do not write to this address any more", "every Monday at 7am",
    ):  # fmt: skip
        assert words.lower() in page.lower(), words
    assert "theatre.example" not in page.lower()
    assert "choir.example" not in page
    assert "H•••@t•••.example" in page
    for number in (person.id + 1, 2**62, 10**30):
        assert staff.get(f"/staff/subscribers/{number}").status_code == 404


def test_deliveries_hold_no_address(staff: FlaskClient, engine: sa.Engine) -> None:
    person = web_app.person(engine)
    with database.writing(engine) as connection:
        outbox.broken(
            connection,
            about="digest 1",
            kind="digest",
            subscriber_id=person.id,
            recipient=person.email,
            words=f"550 no such user {person.email}",
            now=NOW,
        )
        mail = connection.execute(sa.select(mails).where(mails.c.kind == "digest")).mappings().one()
        origin = Origin(
            id=mail["id"],
            message_id=mail["message_id"],
            recipient=person.email,
            subscriber_id=person.id,
            sent_at=NOW,
        )
        bounce = suppressions.Bounce(report="r", kind="hard", at=NOW, words="x", status="5.1.1")
        suppressions.record(connection, b"k" * 32, bounce, origin)
    page = text(staff, "/staff/deliveries")
    assert "hello@theatre.example" not in page
    assert "550 no such user h•••@t•••.example" in page
    with engine.connect() as connection:
        post = roster.post(connection, NOW)
    assert dict(post.bounces) == {"hard": 1}
    assert sum(post.suppressed.values()) == 1


def test_the_log_is_filtered_and_paged(staff: FlaskClient, engine: sa.Engine) -> None:
    with database.writing(engine) as connection:
        for number in range(60):
            audit.record(connection, who="Eve", what="looked", about=f"k{number}", at=NOW)
    page = text(staff, "/staff/audit?who=Eve")
    assert page.count("<tr><td>") == 50
    earlier = re.search(r'href="(/staff/audit\?before=[^"]+)"', page)
    assert earlier
    assert text(staff, earlier[1].replace("&amp;", "&")).count("<tr><td>") == 10
    assert "Nothing of that kind" in text(staff, "/staff/audit?who=%00%27--")
    assert staff.get("/staff/audit?before=" + "9" * 40).status_code == 200


def test_the_log_names_what_keys_stand_for(staff: FlaskClient, engine: sa.Engine) -> None:
    web_app.fill(engine)
    with database.writing(engine) as connection:
        for what, about, detail in (
            ("relabelled a judgement", web_app.CARE, "commissionable"),
            ("undid a pair", f"{web_app.CARE} {web_app.EVIL}", "same buyer"),
            ("asked for a crawl", FTS, ""),
            ("looked at an address", "subscriber 7", ""),
            ("added a user", "abcdefghijkl", ""),
            ("merged a pair", f"{web_app.CARE} zzzzzzzzzzzz", ""),
        ):
            audit.record(connection, who="Sam", what=what, about=about, at=NOW, detail=detail)
    page = unescape(text(staff, "/staff/audit"))
    care = f'<a href="/opportunities/{web_app.CARE}">Creative days for older people</a>'
    assert page.count(care) == 2
    assert f'{care} and <a href="/opportunities/{web_app.EVIL}">' in page
    assert "Outcomes you could deliver" in page
    assert f'<a href="/staff#{FTS}">Find a Tender</a>' in page
    assert '<a href="/staff/subscribers/7">Subscriber 7</a>' in page
    assert ">abcdefghijkl<" in page
    assert f"{web_app.CARE} zzzzzzzzzzzz" in page
    assert re.search(r"\d{4}, \d{1,2}:\d\d(am|pm)", page)


def test_somebody_is_removed_only_after_a_question(app: Flask, engine: sa.Engine) -> None:
    admin = signed_in(app, engine, "admin", "Ann")
    person = web_app.user(engine, "reviewer", "Bo")
    page = text(admin, "/staff/people")
    assert 'value="remove"' not in page
    assert f'href="/staff/people/{person.id}/remove"' in page
    question = text(admin, f"/staff/people/{person.id}/remove")
    assert "Remove Bo?" in question
    assert 'value="remove"' in question
    gone = send(
        admin, f"/staff/people/{person.id}", f"/staff/people/{person.id}/remove", do="remove"
    )
    assert gone.status_code == 303
    assert "can no longer sign in" in text(admin, "/staff/people")
    assert admin.get(f"/staff/people/{person.id}/remove").status_code == 404
    assert admin.get(f"/staff/people/{10**30}/remove").status_code == 404


def test_a_job_under_way_is_told_from_one_that_was_broken_off(
    staff: FlaskClient, engine: sa.Engine, app: Flask
) -> None:
    model = app.extensions["tenders"].settings.model
    with database.writing(engine) as connection:
        requests.ask_job(connection, "train", "Sam", NOW - timedelta(hours=1), teaching.PATIENCE)
    page = text(staff, "/staff/classifier")
    assert "Broken off" in page
    assert 'value="train"' in page
    with database.writing(engine) as connection:
        number = requests.ask_job(connection, "train", "Sam", NOW, teaching.PATIENCE)
    page = text(staff, "/staff/classifier")
    assert "Training is under way" in page
    assert 'value="train"' not in page
    with database.writing(engine) as connection:
        requests.job_done(connection, number or 0, "The model was replaced", NOW)
    _trained(model)
    page = text(staff, "/staff/classifier")
    assert "It learnt from 12 decisions" in page
    assert "<strong>0.913</strong>" in page
    assert 'value="rollback"' in page


def _trained(folder: pathlib.Path) -> None:
    """A model of this installation's own, and the record of its training."""
    folder.mkdir(parents=True, exist_ok=True)
    ships = Numbers.from_bytes(shipped.MODEL.read_bytes(), "the one that ships")
    own = replace(ships, about=json.dumps({"decisions": 12, "origin": "trained"}))
    (folder / shipped.TRAINED).write_bytes(own.to_bytes())
    version = shipped.in_force(folder).version
    rounds = [
        {"replaced": True, "version": "older", "before": 0.5, "after": 0.6, "decisions": 9},
        {"replaced": True, "version": version, "before": 0.9, "after": 0.9131, "decisions": 12},
        {"replaced": False, "version": None, "before": 0.9, "after": 0.2, "decisions": 13},
    ]
    lines = "".join(json.dumps({"at": NOW.isoformat()} | one) + "\n" for one in rounds)
    (folder / HISTORY).write_text(lines, encoding="utf-8")


def test_admins_add_people_and_hear_what_is_wrong(app: Flask, engine: sa.Engine) -> None:
    admin = signed_in(app, engine, "admin", "Ann")
    fields = {"email": "new@desk.example", "name": "New", "role": "reviewer"}
    assert send(admin, "/staff/people", **fields).status_code == 303
    twice = send(admin, "/staff/people", **fields)
    assert "that address is there already" in twice.get_data(as_text=True)
    bad = send(admin, "/staff/people", email="nope", name="X", role="reviewer")
    assert "is not an address" in bad.get_data(as_text=True)
    ann = web_app.user(engine, "admin", "Ann")
    alone = send(admin, f"/staff/people/{ann.id}", "/staff/people", do="remove")
    assert "only admin" in alone.get_data(as_text=True)
    assert deeds(engine) == [("Ann", "added a user", "New")]


def test_going_back_a_model_runs_beside_the_web_app(
    staff: FlaskClient, engine: sa.Engine, tmp_path: pathlib.Path
) -> None:
    assert load().version in text(staff, "/staff/classifier")
    send(staff, "/staff/classifier", do="rollback")
    busy = send(staff, "/staff/classifier", do="train")
    assert busy.status_code == 303
    for thread in teaching.threading.enumerate():
        if thread.name.startswith("classifier"):
            thread.join(timeout=120)
    with engine.connect() as connection:
        (one,) = requests.jobs(connection, 10)
    assert one.job == "rollback"
    assert "nothing to roll back" in (one.result or "")
    assert "nothing to roll back" in text(staff, "/staff/classifier")


def test_a_job_that_hangs_is_stopped(
    engine: sa.Engine, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(command: Any, **more: Any) -> Any:
        raise subprocess.TimeoutExpired(command, more["timeout"])

    monkeypatch.setattr(teaching.subprocess, "run", hangs)
    assert teaching.ask(web_app.settings(tmp_path), engine, "train", by="Sam", now=NOW)
    for thread in teaching.threading.enumerate():
        if thread.name.startswith("classifier"):
            thread.join(timeout=60)
    with engine.connect() as connection:
        result = connection.execute(sa.select(job_requests.c.result)).scalar_one()
    assert "stopped after 15 minutes" in result


def test_bars_stand_for_counts() -> None:
    made = sparkline([0, 1, 4], 'a "label"')
    assert made.count("<rect") == 3
    assert 'aria-label="a &#34;label&#34;"' in made
    assert sparkline([], "none").count("<rect") == 0
