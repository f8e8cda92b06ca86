"""Signing in by a mailed link: once, for a quarter of an hour, in the browser that asked."""

from __future__ import annotations

import pathlib
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
import web_app
from flask import Flask
from typer.testing import CliRunner
from web_app import NOW, queued, send, signed_in, token, user

from crawler.cli.app import app as commands
from crawler.errors import UsageError
from crawler.jobs import signing_in
from crawler.store import audit, database, users
from crawler.store.tables import outbox, sessions, sign_ins
from crawler.web import create_app
from crawler.web.signing_in import own_path

LINK = re.compile(r"http://localhost(/sign-in/\S+)")


@pytest.fixture
def app(engine: sa.Engine, tmp_path: pathlib.Path) -> Flask:
    return web_app.app(engine, tmp_path)


def asked(client: object, engine: sa.Engine, email: str = "reviewer@desk.example") -> str:
    """The path of the link that somebody gets who asks in this browser."""
    assert send(client, "/sign-in", email=email).location == "/sign-in/sent"  # type: ignore[arg-type]
    found = LINK.search(queued(engine, "sign-in")[-1])
    assert found
    return found[1]


def test_a_link_signs_in_once_and_only_when_pressed(app: Flask, engine: sa.Engine) -> None:
    user(engine)
    client = app.test_client()
    link = asked(client, engine)
    page = client.get(link)
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    assert client.get("/review").location == "/sign-in?next=/review"
    assert send(client, link).location == "/review"
    assert client.get("/review").status_code == 200
    again = client.get(link)
    assert again.status_code == 404
    assert "has been used" in again.get_data(as_text=True)
    with engine.connect() as connection:
        deeds = [one.what for one in audit.latest(connection, 10)]
    assert deeds == ["signed in", "asked to sign in"]


def test_an_answer_that_changes_nothing_of_the_session_sets_no_cookie(
    app: Flask, engine: sa.Engine
) -> None:
    """A slow picture's answer would else bring back the session of before the last click."""
    client = signed_in(app, engine)
    client.get("/review/history")
    for path in ("/static/favicon.svg", "/static/style.css", "/review/history", "/"):
        with client.get(path) as answer:
            assert answer.status_code == 200
            assert "Set-Cookie" not in answer.headers, path


def test_a_link_works_in_the_browser_that_asked_only(app: Flask, engine: sa.Engine) -> None:
    user(engine)
    link = asked(app.test_client(), engine)
    thief = app.test_client()
    assert "where you asked" in thief.get(link).get_data(as_text=True)
    page = thief.get("/sign-in").get_data(as_text=True)
    answer = thief.post(link, data={"csrf_token": token(page)})
    assert answer.status_code == 404
    assert thief.get("/review").status_code == 303


def test_a_link_runs_out(app: Flask, engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    user(engine)
    client = app.test_client()
    link = asked(client, engine)
    page = client.get(link).get_data(as_text=True)
    with engine.begin() as connection:
        connection.execute(sa.update(sign_ins).values(asked_at=NOW - timedelta(minutes=16)))
    assert client.post(link, data={"csrf_token": token(page)}).status_code == 404
    assert "has run out" in client.get(link).get_data(as_text=True)


def test_strangers_and_users_get_the_same_answer(app: Flask, engine: sa.Engine) -> None:
    user(engine)
    stranger, known = app.test_client(), app.test_client()
    answers = [
        send(stranger, "/sign-in", email="nobody@desk.example"),
        send(known, "/sign-in", email="reviewer@desk.example"),
    ]
    assert len({(one.status_code, one.location, one.data) for one in answers}) == 1
    seen = [one.get("/sign-in/sent").data for one in (stranger, known)]
    assert seen[0] == seen[1]
    with engine.connect() as connection:
        written = connection.execute(sa.select(outbox.c.recipient)).scalars().all()
    assert written == ["reviewer@desk.example"]


def test_nobody_gets_more_than_three_links_at_once(app: Flask, engine: sa.Engine) -> None:
    user(engine)
    for _ in range(5):
        send(app.test_client(), "/sign-in", email="reviewer@desk.example")
    assert len(queued(engine, "sign-in")) == 3


def test_asking_is_limited_by_network(app: Flask) -> None:
    client = app.test_client()
    answers = [send(client, "/sign-in", email="nobody@desk.example").status_code for _ in range(11)]
    assert answers == [303] * 10 + [429]


def test_a_planted_session_is_worth_nothing_after(app: Flask, engine: sa.Engine) -> None:
    user(engine)
    client = app.test_client()
    link = asked(client, engine)
    with client.session_transaction() as before:
        planted = dict(before)
    send(client, link)
    with client.session_transaction() as after:
        assert after.get("browser") is None
        assert after["_user_id"] not in str(planted)
    other = app.test_client()
    with other.session_transaction() as session:
        session.update(planted)
    assert other.get("/review").status_code == 303
    with client.session_transaction() as session:
        first = session["_user_id"]
    again = signed_in(app, engine)
    with again.session_transaction() as session:
        assert session["_user_id"] != first


def test_signing_out_ends_the_session_itself(app: Flask, engine: sa.Engine) -> None:
    client = signed_in(app, engine)
    with client.session_transaction() as session:
        stolen = dict(session)
    assert send(client, "/sign-out", form_at="/review").location == "/"
    thief = app.test_client()
    with thief.session_transaction() as session:
        session.update(stolen)
    assert thief.get("/review").status_code == 303
    with engine.connect() as connection:
        assert connection.execute(sa.select(sessions)).all() == []


def test_sessions_end_by_themselves_and_with_their_user(
    engine: sa.Engine, tmp_path: pathlib.Path
) -> None:
    time = [NOW]
    app = create_app(
        web_app.settings(tmp_path), engine, clock=lambda: time[0], deliver=lambda *_: None
    )
    client = signed_in(app, engine)
    for _ in range(3):
        time[0] += timedelta(hours=11)
        assert client.get("/review").status_code == 200
    time[0] += timedelta(hours=13)
    assert client.get("/review").status_code == 303
    time[0] = NOW
    client, person = signed_in(app, engine), user(engine)
    with database.writing(engine) as connection:
        users.remove(connection, person)
    assert client.get("/review").status_code == 303


def test_the_database_holds_no_token(app: Flask, engine: sa.Engine) -> None:
    client = signed_in(app, engine)
    with client.session_transaction() as session:
        made = session["_user_id"]
    with engine.connect() as connection:
        kept = repr([connection.execute(sa.select(one)).all() for one in (sessions, sign_ins)])
    assert made not in kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("/review?queue=second", "/review?queue=second"),
        ("/staff/audit", "/staff/audit"),
        ("//evil.example", ""),
        ("/\\evil.example", ""),
        ("https://evil.example", ""),
        ("/%09/evil.example\n", ""),
        ("javascript:alert(1)", ""),
        ("/a\r\nSet-Cookie: x", ""),
        ("", ""),
    ],
)
def test_nobody_is_sent_elsewhere(given: str, kept: str) -> None:
    assert own_path(given) == kept


def test_after_signing_in_people_get_where_they_were_going(app: Flask, engine: sa.Engine) -> None:
    user(engine)
    client = app.test_client()
    place = client.get("/review/history").location
    page = client.get(place).get_data(as_text=True)
    assert 'name="next" value="/review/history"' in page
    fields = {"csrf_token": token(page), "email": "reviewer@desk.example"}
    client.post("/sign-in", data={**fields, "next": "//evil.example"})
    link = LINK.search(queued(engine, "sign-in")[-1])
    assert link
    assert send(client, link[1]).location == "/review"


def test_the_last_admin_stays(engine: sa.Engine) -> None:
    admin, other = user(engine, "admin"), user(engine, "staff")
    with database.writing(engine) as connection:
        with pytest.raises(UsageError, match="only admin"):
            users.remove(connection, admin)
        with pytest.raises(UsageError, match="only admin"):
            users.change_role(connection, admin, "staff")
        users.change_role(connection, other, "admin")
        users.remove(connection, admin)
        assert [one.role for one in users.everybody(connection)] == ["admin"]


def test_the_commands(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENDERS_HOME", str(tmp_path))
    run = CliRunner().invoke
    add = ["users", "add", "Ada@desk.example", "--name", "Ada", "--role"]
    assert run(commands, [*add, "reviewer"]).exit_code == 0
    assert "ada@desk.example" in run(commands, ["users", "list"]).stdout
    with pytest.raises(UsageError, match="address is there already"):
        run(commands, [*add, "staff"], catch_exceptions=False)
    with pytest.raises(UsageError, match="role 'boss' is not known"):
        run(commands, [*add, "boss"], catch_exceptions=False)
    assert run(commands, ["users", "remove", "ada@desk.example"]).exit_code == 0
    assert "Nobody may sign in" in run(commands, ["users", "list"]).stdout


def test_the_mail_leaves_at_once(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    user(engine)
    app = create_app(
        web_app.settings(tmp_path),
        engine,
        clock=lambda: NOW,
        deliver=lambda *given: signing_in.hand_over(*given).join(timeout=60),
    )
    send(app.test_client(), "/sign-in", email="reviewer@desk.example")
    (mail,) = (tmp_path / "var/outbox").glob("*.eml")
    assert b"/sign-in/" in mail.read_bytes()
    assert "-signing-" in mail.name
