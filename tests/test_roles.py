"""Who gets where: every address of the app, asked by everybody from a stranger to an admin."""

from __future__ import annotations

import pathlib
import re
from typing import get_args

import desk_samples
import pytest
import sqlalchemy as sa
import web_app
from flask import Flask
from flask.testing import FlaskClient
from test_web_pages import strict
from web_app import ART, token

from crawler.web.access import Role, Route, allowed
from crawler.web.app import routes

DESK = {
    "sign_out": ("reviewer", 303),
    "review": ("reviewer", 200),
    "review_undo": ("reviewer", 303),
    "review_one": ("reviewer", 200),
    "review_decide": ("reviewer", 303),
    "pairs": ("reviewer", 200),
    "pairs_decide": ("reviewer", 404),
    "decisions": ("reviewer", 200),
    "check": ("reviewer", 200),
    "check_send": ("reviewer", 200),
    "buyers": ("reviewer", 200),
    "staff": ("staff", 200),
    "staff_source": ("staff", 303),
    "staff_runs": ("staff", 200),
    "staff_audit": ("staff", 200),
    "staff_deliveries": ("staff", 200),
    "staff_subscribers": ("staff", 200),
    "staff_subscribers_find": ("staff", 200),
    "staff_subscriber": ("staff", 404),
    "staff_address": ("staff", 404),
    "staff_classifier": ("staff", 200),
    "staff_classifier_act": ("staff", 400),
    "staff_resources": ("staff", 200),
    "staff_resource_new": ("staff", 200),
    "staff_resource_add": ("staff", 200),
    "staff_resource": ("staff", 404),
    "staff_resource_act": ("staff", 404),
    "staff_impact": ("staff", 200),
    "staff_people": ("admin", 200),
    "staff_people_add": ("admin", 200),
    "staff_people_ask": ("admin", 404),
    "staff_people_change": ("admin", 404),
}
"""What whoever may gets from each address that is not everybody's."""

FIELDS = {
    "review_decide": {"do": "skip"},
    "pairs_decide": {"do": "apart"},
    "staff_source": {"do": "pause"},
    "staff_people_change": {"do": "remove"},
    "check_send": {"title": "A mural"},
}
WHO = ("anyone", "reviewer", "staff", "admin")


def filled(route: Route) -> str:
    """An address of the route."""
    path = route.path.replace("<id>", ART).replace("<key>", "find-a-tender")
    path = path.replace("<int:number>", "999").replace("<token>", "forged")
    return re.sub(r"<[^>]+>", "E06000010", path)


def test_the_table_names_every_address_that_is_not_everybodys() -> None:
    closed = {route.name: route.role for route in routes() if not allowed(route.role, "anyone")}
    assert closed == {name: role for name, (role, _) in DESK.items()}


def test_everybody_gets_what_is_theirs_and_nothing_else(
    engine: sa.Engine, tmp_path: pathlib.Path
) -> None:
    web_app.fill(engine)
    app = web_app.app(engine, tmp_path)
    wrong = []
    for who in WHO:
        client = _client(app, engine, who)
        form = token(client.get("/sign-up").get_data(as_text=True))
        for route in sorted(routes(), key=lambda one: one.name == "sign_out"):
            for method in route.methods:
                fields = {**FIELDS.get(route.name, {}), "csrf_token": form}
                answer = client.open(
                    filled(route), method=method, data=fields if method == "POST" else None
                )
                if not _as_expected(route, method, who, answer.status_code, answer.location):
                    wrong.append((who, method, route.path, answer.status_code, answer.location))
                answer.close()
    assert wrong == []


def _client(app: Flask, engine: sa.Engine, who: str) -> FlaskClient:
    return app.test_client() if who == "anyone" else web_app.signed_in(app, engine, who)


def _as_expected(route: Route, method: str, who: str, status: int, location: str | None) -> bool:
    if route.name not in DESK:
        return status not in (401, 403) and status < 500
    assert who in get_args(Role)
    if allowed(route.role, who):  # type: ignore[arg-type]
        return status == DESK[route.name][1]
    if who == "anyone" and method == "GET":
        return status == 303 and (location or "").startswith("/sign-in?next=/")
    return status == 403


def test_a_role_taken_away_is_gone_at_once(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    app = web_app.app(engine, tmp_path)
    admin = web_app.signed_in(app, engine, "admin")
    staff = web_app.signed_in(app, engine, "staff")
    person = web_app.user(engine, "staff")
    assert staff.get("/staff/audit").status_code == 200
    answer = web_app.send(
        admin, f"/staff/people/{person.id}", "/staff/people", do="role", role="reviewer"
    )
    assert answer.status_code == 303
    assert staff.get("/staff/audit").status_code == 403
    assert staff.get("/review").status_code == 200
    web_app.send(admin, f"/staff/people/{person.id}", "/staff/people", do="remove")
    assert staff.get("/review").status_code == 303


def test_a_role_that_is_too_low_is_said(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    app = web_app.app(engine, tmp_path)
    for role, address, words in (
        ("staff", "/staff/people", "This page is for admins; you are signed in as staff."),
        ("reviewer", "/staff", "This page is for staff; you are signed in as a reviewer."),
    ):
        answer = web_app.signed_in(app, engine, role).get(address)
        assert answer.status_code == 403
        assert words in answer.get_data(as_text=True)
    stranger = app.test_client()
    form = token(stranger.get("/sign-up").get_data(as_text=True))
    closed = stranger.post("/staff/people", data={"csrf_token": form})
    assert closed.status_code == 403
    assert "signed in as" not in closed.get_data(as_text=True)


def test_forms_of_the_desk_need_their_own_token(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    web_app.fill(engine)
    admin = web_app.signed_in(web_app.app(engine, tmp_path), engine, "admin")
    for route in routes():
        if route.name in DESK and "POST" in route.methods:
            answer = admin.post(filled(route), data=FIELDS.get(route.name, {}))
            assert answer.status_code == 400, route.path
            assert "gone stale" in answer.get_data(as_text=True)


@pytest.mark.parametrize("address", ["/review", "/staff", "/staff/people"])
def test_nothing_private_is_kept_by_browsers(
    engine: sa.Engine, tmp_path: pathlib.Path, address: str
) -> None:
    admin = web_app.signed_in(web_app.app(engine, tmp_path), engine, "admin")
    answer = admin.get(address)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "Cookie" in answer.headers["Vary"]


def test_pages_of_the_desk_are_valid_whatever_stands_in_them(
    engine: sa.Engine, tmp_path: pathlib.Path
) -> None:
    web_app.fill(engine)
    web_app.person(engine, organisation=web_app.HOSTILE)
    hostile = "<script>alert(1)</script>"
    key = desk_samples.unsure(engine, 7, title=hostile, description=hostile * 3)
    desk_samples.doubtful(engine)
    desk_samples.ran(
        engine, "find-a-tender", web_app.NOW, "failed", reason=hostile, errors=[hostile]
    )
    app = web_app.app(engine, tmp_path)
    admin = web_app.signed_in(app, engine, "admin")
    web_app.send(admin, f"/review/{key}", do="reject", note=hostile, **_mark(admin, key))
    for action in ("run", "pause"):
        web_app.send(
            admin, "/staff/sources/find-a-tender", "/staff", do=action, why=web_app.HOSTILE
        )
    pages = [filled(one) for one in routes() if one.name in DESK and "GET" in one.methods]
    for address in [*pages, f"/review/{key}", f"/review/{web_app.EVIL}"]:
        page = admin.get(address).get_data(as_text=True)
        strict(page)
        assert page.count("<h1") == 1, address
        assert hostile not in page, address
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), address


def _mark(client: FlaskClient, key: str) -> dict[str, str]:
    page = client.get(f"/review/{key}").get_data(as_text=True)
    found = re.search(r'name="mark" value="([^"]+)"', page)
    assert found
    return {"mark": found[1]}
