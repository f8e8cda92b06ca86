"""What holds for every page: headers, cookies, sizes, origins, roles, errors without a trace."""

from __future__ import annotations

import logging
import pathlib
from typing import get_args

import pytest
import sqlalchemy as sa
import web_app
from flask import Flask, g

from crawler.errors import ConfigError
from crawler.web.access import Role, allowed
from crawler.web.app import routes


@pytest.fixture
def app(engine: sa.Engine, tmp_path: pathlib.Path) -> Flask:
    web_app.fill(engine)
    return web_app.app(engine, tmp_path)


def test_every_rule_has_a_role_from_the_table(app: Flask) -> None:
    named = {route.name for route in routes()}
    assert {rule.endpoint for rule in app.url_map.iter_rules()} - {"static"} == named
    assert len(named) == len(routes())
    assert all(route.role in get_args(Role) for route in routes())


def test_who_opens_a_link_is_asked_for_a_token() -> None:
    for route in routes():
        assert (route.role == "holder") == ("<token>" in route.path), route.path


@pytest.mark.parametrize("has", get_args(Role))
@pytest.mark.parametrize("needed", get_args(Role))
def test_roles_rise(needed: Role, has: Role) -> None:
    order = get_args(Role)
    public = needed in ("anyone", "holder")
    assert allowed(needed, has) == (public or order.index(has) >= order.index(needed))


def test_a_route_for_staff_refuses_everybody_else(app: Flask) -> None:
    from crawler.web.access import Route, guarded

    view = guarded(Route(path="/x", name="x", view=lambda: "secret", role="staff"))
    app.add_url_rule("/x", "x", view)
    asked = app.test_client().get("/x?y=1")
    assert (asked.status_code, asked.location) == (303, "/sign-in?next=/x%3Fy%3D1")
    app.before_request_funcs.setdefault(None, []).insert(0, lambda: setattr(g, "role", "reviewer"))
    assert app.test_client().get("/x").status_code == 403
    app.before_request_funcs.setdefault(None, []).append(lambda: setattr(g, "role", "staff"))
    assert app.test_client().get("/x").data == b"secret"


def test_headers_of_every_page(app: Flask) -> None:
    client = app.test_client()
    for address in ("/", "/opportunities", "/nope", "/api/v1/opportunities", "/static/style.css"):
        answer = client.get(address)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "camera=()" in answer.headers["Permissions-Policy"]
        assert "Strict-Transport-Security" not in answer.headers
        assert "Set-Cookie" not in answer.headers
        answer.close()  # files are open until then


def test_behind_tls_cookies_and_hsts(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    app = web_app.app(engine, tmp_path, base_url="https://tenders.example")
    answer = app.test_client().get("/sign-up", base_url="https://tenders.example")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-tenders=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


def test_forms_need_their_own_token(app: Flask) -> None:
    client = app.test_client()
    for address in ("/sign-up", "/sign-up/preview", "/remove-my-details"):
        assert client.post(address, data={"email": "a@b.example"}).status_code == 400
        forged = client.post(address, data={"email": "a@b.example", "csrf_token": "forged"})
        assert forged.status_code == 400
        assert "gone stale" in forged.get_data(as_text=True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_foreign_origins_are_refused(app: Flask, headers: dict[str, str]) -> None:
    client = app.test_client()
    right = web_app.token(client.get("/sign-up").get_data(as_text=True))
    answer = client.post("/sign-up", data={"csrf_token": right}, headers=headers)
    assert answer.status_code == 403
    same = client.post(
        "/sign-up", data={"csrf_token": right}, headers={"Origin": "http://localhost"}
    )
    assert same.status_code == 200


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/opportunities?q=" + "a" * 1_000_000, 414),
        ("/" + "a" * 5_000, 414),
        ("/api/v1/opportunities?q=" + "a" * 1_000_000, 414),
        ("/opportunities?q=%00%ff%fe\ud83d".encode("utf-8", "replace").decode(), 200),
    ],
)
def test_huge_and_broken_addresses(app: Flask, address: str, status: int) -> None:
    answer = app.test_client().get(address)
    assert answer.status_code == status
    assert b"Traceback" not in answer.data


def test_a_huge_body_is_refused(app: Flask) -> None:
    answer = app.test_client().post("/sign-up", data=b"a" * 1_000_000)
    assert answer.status_code == 413


def test_an_error_shows_a_reference_and_no_trace(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> str:
        raise ValueError("hello@theatre.example typed this")

    app.add_url_rule("/broken", "broken", broken)
    with caplog.at_level(logging.ERROR):
        answer = app.test_client().get("/broken?q=secret")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert "Traceback" not in text
    assert "ValueError" not in text
    assert "theatre.example" not in caplog.text
    assert "secret" not in caplog.text
    assert "ValueError at GET /broken" in caplog.text
    reference = caplog.text.split("reference ")[1][:8]
    assert reference in text


def test_too_many_requests(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    client = web_app.app(engine, tmp_path, rate_limit=3).test_client()
    codes = [client.get("/about").status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    refused = client.get("/about")
    assert int(refused.headers["Retry-After"]) > 0
    assert "slow down" in refused.get_data(as_text=True)
    assert client.get("/healthz").status_code == 200
    with client.get("/static/style.css") as sheet:
        assert sheet.status_code == 200


def test_only_trusted_proxies_name_the_visitor(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    lone = web_app.app(engine, tmp_path, rate_limit=1).test_client()
    codes = [
        lone.get("/about", headers={"X-Forwarded-For": f"10.0.0.{n}"}).status_code for n in (1, 2)
    ]
    assert codes == [200, 429]
    behind = web_app.app(engine, tmp_path, rate_limit=1, proxies=1).test_client()
    codes = [
        behind.get("/about", headers={"X-Forwarded-For": f"9.9.9.9, 10.0.0.{n}"}).status_code
        for n in (1, 2, 2)
    ]
    assert codes == [200, 200, 429]


def test_weak_and_missing_secrets_are_refused(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    from crawler.cli import serving

    with pytest.raises(ConfigError, match="32 random characters"):
        web_app.app(engine, tmp_path, secret_key="short")
    local = web_app.settings(tmp_path, secret_key="", base_url="http://127.0.0.1:8000")
    serving.check(local, "127.0.0.1")
    for settings, host in (
        (local, "0.0.0.0"),
        (web_app.settings(tmp_path, secret_key="", base_url="https://a.example"), "127.0.0.1"),
    ):
        with pytest.raises(ConfigError, match="TENDERS_SECRET_KEY is not set"):
            serving.check(settings, host)


def test_health(app: Flask, engine: sa.Engine) -> None:
    assert app.test_client().get("/healthz").data == b"ok\n"
