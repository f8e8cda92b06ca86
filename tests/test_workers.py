"""Workers on one PostgreSQL: one at a time to a domain, the dead replaced, nothing lost."""

from __future__ import annotations

import itertools
import json
import pathlib
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import fresh_database
from crawling import environment, run

from crawler import config
from crawler.jobs import work_queue
from crawler.jobs.errands import Job
from crawler.store import database, jobs
from crawler.store import work_queue as tables

DOMAINS = pathlib.Path(__file__).resolve().parents[1] / "benchmarks" / "domains.py"
TENDERS = [sys.executable, "-m", "crawler.cli"]
NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)

pytestmark = pytest.mark.postgresql


@pytest.fixture
def url(postgresql_server: str, postgresql_template: str) -> Iterator[str]:
    with fresh_database(postgresql_server, postgresql_template) as made:
        yield made


@pytest.fixture
def settings(url: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> config.Settings:
    for name in config.Settings.model_fields:
        monkeypatch.delenv(f"TENDERS_{name.upper()}", raising=False)
    monkeypatch.setenv("TENDERS_HOME", str(tmp_path))
    monkeypatch.setenv("TENDERS_DATABASE_URL", url)
    return config.load()


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Begins processes; whatever still runs at the end of the test is killed."""
    running: list[subprocess.Popen[str]] = []

    def start(command: list[str], **how: Any) -> subprocess.Popen[str]:
        running.append(subprocess.Popen(command, text=True, **how))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def job(number: int) -> Job:
    limit = timedelta(minutes=5)
    return Job(f"crawl:sim-{number}", "0 0 1 1 *", lambda _: "", limit, lock=f"domain:{number}")


def until(ready: Callable[[], object], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.2)


def states(engine: sa.Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        return sorted((row["job"], row["status"]) for row in tables.listed(connection, 100))


def test_a_job_waits_once_in_the_queue(settings: config.Settings, url: str) -> None:
    assert work_queue.defer(settings, job(1), NOW)
    assert not work_queue.defer(settings, job(1), NOW + timedelta(hours=6)), "no pile-up"
    assert work_queue.defer(settings, job(2), NOW)
    engine = database.engine(url)
    assert states(engine) == [("crawl:sim-1", "todo"), ("crawl:sim-2", "todo")]
    shown = run([*TENDERS, "jobs", "--json"], environment(settings.home, url))
    rows = [json.loads(line) for line in shown.stdout.splitlines()]
    assert {(row["job"], row["lock"]) for row in rows} == {
        ("crawl:sim-1", "domain:1"),
        ("crawl:sim-2", "domain:2"),
    }
    told = run([*TENDERS, "jobs"], environment(settings.home, url))
    assert "waits" in told.stdout
    assert "0 workers alive" in told.stdout


def test_nothing_is_handed_to_workers_that_are_not_there(settings: config.Settings) -> None:
    assert not work_queue.handing_on(settings)(job(1), NOW)


def test_sqlite_has_no_workers_and_says_so(tmp_path: pathlib.Path) -> None:
    done = run([*TENDERS, "worker"], environment(tmp_path))
    assert done.returncode == 1
    assert "workers need PostgreSQL" in done.stderr
    assert not work_queue.available(config.Settings(home=tmp_path, database_url="sqlite://"))


def test_an_upgrade_makes_the_queue_where_it_is_missing(url: str) -> None:
    engine = database.engine(url)
    names = ("jobs", "workers", "periodic_defers", "events")
    with engine.begin() as connection:
        assert tables.ready(connection)
        for name in names:
            connection.execute(sa.text(f"DROP TABLE {tables.PREFIX}{name} CASCADE"))
        for kind in ("TYPE", "FUNCTION"):
            query = (
                "SELECT oid::regtype::text FROM pg_type WHERE typname LIKE 'procrastinate%'"
                " AND typtype != 'b' AND typarray != 0"
                if kind == "TYPE"
                else "SELECT oid::regprocedure::text FROM pg_proc"
                " WHERE proname LIKE 'procrastinate%'"
            )
            for name in connection.execute(sa.text(query)).scalars().all():
                connection.execute(sa.text(f"DROP {kind} IF EXISTS {name} CASCADE"))
    database.upgrade(engine)
    database.upgrade(engine)
    with engine.connect() as connection:
        assert tables.ready(connection)
        asked = sa.text("SELECT obj_description('procrastinate_jobs'::regclass)")
        assert connection.execute(asked).scalar_one().startswith("3.")


def test_what_fails_is_tried_again_later_and_shown_as_failed(
    settings: config.Settings, url: str, started: Callable[..., subprocess.Popen[str]]
) -> None:
    work_queue.defer(settings, job(7), NOW)  # no row has that name: its process ends with 1
    env = environment(settings.home, url)
    worker = started([*TENDERS, "worker", "--concurrency", "2"], env=env, stderr=subprocess.PIPE)
    engine = database.engine(url)
    until(
        lambda: states(engine) == [("crawl:sim-7", "failed"), ("crawl:sim-7", "todo")],
        60,
        "the job failed and waits again",
    )
    with engine.connect() as connection:
        (waiting,) = (row for row in tables.listed(connection, 9) if row["status"] == "todo")
        assert tables.workers(connection, work_queue.SILENT) == 1
    assert waiting["tries"] == 1
    assert waiting["not_before"] > datetime.now(UTC) + timedelta(seconds=2)
    assert work_queue.handing_on(settings)(job(8), NOW), "now there is a worker"
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=60)
    assert worker.returncode == 0


def test_killed_workers_lose_no_window_and_store_none_twice(
    settings: config.Settings,
    url: str,
    started: Callable[..., subprocess.Popen[str]],
) -> None:
    env = environment(settings.home, url)
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    server = started([sys.executable, str(DOMAINS), "--domains", "3", "--latency", "0.1"], **pipes)
    assert server.stdout is not None
    port = int(server.stdout.readline())
    sys.path.insert(0, str(DOMAINS.parent))
    try:
        from domains import rows
    finally:
        sys.path.pop(0)
    (settings.home / "sources.toml").write_text(rows((1, 2, 3), port, 50), encoding="utf-8")

    def census() -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.1.1:{port}/_census") as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found

    engine = database.engine(url)
    for number in (1, 2, 3):
        work_queue.defer(settings, job(number), NOW)
    command = [*TENDERS, "worker", "--concurrency", "1"]
    workers = [started(command, env=env, stderr=subprocess.PIPE) for _ in range(3)]
    until(lambda: any(one["requests"] >= 15 for one in census().values()), 90, "a crawl half way")
    workers[0].kill()
    workers[1].kill()
    until(lambda: {state for _, state in states(engine)} == {"succeeded"}, 150, "all crawls done")
    workers[2].send_signal(signal.SIGTERM)
    said = workers[2].communicate(timeout=90)[1]
    assert workers[2].returncode == 0, said
    assert "was with a worker that died; queued again" in said
    seen = census()
    assert {number: one["most"] for number, one in seen.items()} == {"1": 1, "2": 1, "3": 1}
    with engine.connect() as connection:
        stored = connection.execute(sa.text("SELECT ocid, count(*) FROM releases GROUP BY ocid"))
        counts = dict(map(tuple, stored.all()))
        latest = jobs.latest(connection)
    assert all(latest[f"crawl:sim-{number}"].well for number in (1, 2, 3))
    assert set(counts.values()) == {1}
    for number in (1, 2, 3):
        mine = [ocid for ocid in counts if ocid.startswith(f"ocds-sim{number:03}-")]
        hours = sorted(
            datetime.fromisoformat(ocid.partition(f"sim{number:03}-")[2]) for ocid in mine
        )
        gaps = {later - sooner for sooner, later in itertools.pairwise(hours)}
        assert len(mine) >= 50
        assert max(gaps) <= timedelta(hours=1), "a window is missing"
