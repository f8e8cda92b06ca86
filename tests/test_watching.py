"""What watches over the installation gets its figures, and strangers do not."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
import sqlalchemy as sa
import web_app
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from crawler import config
from crawler.errors import ConfigError
from crawler.jobs import metrics
from crawler.store import database, runs
from crawler.store.runs import Tally

TOKEN = "k7" * 16


@pytest.fixture
def client(engine: sa.Engine, tmp_path: pathlib.Path) -> FlaskClient:
    return web_app.app(engine, tmp_path).test_client()


def test_prometheus_reads_the_figures_on_this_machine(
    client: FlaskClient, engine: sa.Engine
) -> None:
    with database.writing(engine) as connection:
        at = web_app.NOW
        number = runs.begin(connection, "sell2wales", at)
        runs.finish(connection, number, Tally(releases=9, new=4), "ok", "", at)
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == metrics.CONTENT_TYPE
    families = text_string_to_metric_families(answer.get_data(as_text=True))
    samples = {one.name: one for family in families for one in family.samples}
    assert samples["tenders_runs_total"].labels == {"source": "sell2wales", "verdict": "ok"}
    assert samples["tenders_outbox_waiting"].value == 0


@pytest.mark.parametrize(
    "how",
    [
        {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}},
        {"environ_base": {"REMOTE_ADDR": "2001:db8::1"}},
        {"environ_base": {"REMOTE_ADDR": ""}},
        {"environ_base": {"REMOTE_ADDR": "localhost"}},
        {"headers": {"X-Forwarded-For": "192.0.2.7"}},
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"Forwarded": "for=127.0.0.1"}},
        {"headers": {"X-Real-IP": "127.0.0.1"}},
        {"headers": {"Authorization": "Bearer "}, "environ_base": {"REMOTE_ADDR": "192.0.2.7"}},
    ],
)
@pytest.mark.parametrize("proxies", [0, 1])
def test_others_get_no_figures(
    engine: sa.Engine, tmp_path: pathlib.Path, how: dict[str, Any], proxies: int
) -> None:
    answer = web_app.app(engine, tmp_path, proxies=proxies).test_client().get("/metrics", **how)
    assert answer.status_code == 403
    assert "tenders_" not in answer.get_data(as_text=True)


def test_a_token_opens_them_from_anywhere_and_nothing_else_does(
    engine: sa.Engine, tmp_path: pathlib.Path
) -> None:
    client = web_app.app(engine, tmp_path, metrics_token=TOKEN).test_client()
    far = {"REMOTE_ADDR": "192.0.2.7"}
    given = {"Authorization": f"Bearer {TOKEN}"}
    assert client.get("/metrics", environ_base=far, headers=given).status_code == 200
    for wrong in (None, f"Bearer {TOKEN}x", f"bearer{TOKEN}", f"Basic {TOKEN}", "Bearer ä\u20ac"):
        answer = client.get("/metrics", headers={"Authorization": wrong} if wrong else {})
        assert answer.status_code == 401, wrong
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert "tenders_" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("weak", ["short", "ä" * 40, "a" * 31])
def test_a_token_that_can_be_guessed_is_refused(
    weak: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENDERS_HOME", str(tmp_path))
    monkeypatch.setenv("TENDERS_METRICS_TOKEN", weak)
    with pytest.raises(ConfigError, match=r"TENDERS_METRICS_TOKEN.*32 random"):
        config.load()


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
def test_a_database_that_is_away_is_told(
    path: str, client: FlaskClient, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(type(engine), "connect", away)
    answer = client.get(path)
    assert answer.status_code == 503
    assert answer.get_data(as_text=True) == "the database does not answer\n"
