"""When each job runs, over both clock changes; one job's fault is nobody else's."""

from __future__ import annotations

import ast
import pathlib
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger

import scheduler
from crawler import config
from crawler.errors import StoreError
from scheduler import JOBS, Job, plan

LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def settings(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> config.Settings:
    for name in config.Settings.model_fields:
        monkeypatch.delenv(f"TENDERS_{name.upper()}", raising=False)
    monkeypatch.setenv("TENDERS_HOME", str(tmp_path))
    return config.load()


def runs(settings: config.Settings, start: datetime, days: int) -> Iterator[tuple[str, datetime]]:
    """Every run in the days after `start`, as London counts days."""
    end = start.astimezone(LONDON) + timedelta(days=days)
    zone = ZoneInfo(settings.timezone)
    for job in JOBS:
        if job.when.split()[1] == "*":
            continue  # every hour or more often: nothing depends on which hour it is
        now = start
        trigger = CronTrigger.from_crontab(job.when, timezone=zone)
        while True:
            at = trigger.get_next_fire_time(None, now)
            if at > end:
                break
            yield job.name, at
            now = at + timedelta(seconds=1)


def test_the_jobs_of_the_main_way_are_there() -> None:
    assert {"crawl", "match", "digest"} <= {job.name for job in JOBS}
    assert len({job.name for job in JOBS}) == len(JOBS)


def test_the_plan_names_every_job_soonest_first(settings: config.Settings) -> None:
    now = datetime(2026, 6, 3, 12, tzinfo=UTC)
    found = plan(settings, now)
    assert sorted(name for name, _ in found) == sorted(job.name for job in JOBS)
    assert [at for _, at in found] == sorted(at for _, at in found)
    assert all(at >= now for _, at in found)


def test_times_are_londons_in_summer_and_in_winter(settings: config.Settings) -> None:
    for month, hour in ((1, 6), (7, 5)):
        now = datetime(2026, month, 7, tzinfo=UTC)
        assert dict(plan(settings, now))["match"].astimezone(UTC).hour == hour


def test_digests_are_looked_at_every_hour_and_matched_before(settings: config.Settings) -> None:
    on_monday = dict(plan(settings, datetime(2026, 6, 8, 0, 30, tzinfo=UTC)))
    assert on_monday["crawl"] < on_monday["match"]
    assert on_monday["match"].astimezone(LONDON).hour < 7, "most digests are due at seven"
    assert on_monday["digest"] == datetime(2026, 6, 8, 1, tzinfo=UTC)
    assert on_monday["deliver"] == datetime(2026, 6, 8, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "change", [datetime(2026, 3, 29, tzinfo=LONDON), datetime(2026, 10, 25, tzinfo=LONDON)]
)
def test_every_job_runs_as_often_as_ever_when_clocks_change(
    settings: config.Settings, change: datetime
) -> None:
    start = change - timedelta(days=3)
    usual = Counter(name for name, _ in runs(settings, start - timedelta(days=14), 7))
    around = list(runs(settings, start, 7))
    monthly = {job.name for job in JOBS if job.when.split()[2] != "*"}
    weekly = Counter(name for name, _ in around if name not in monthly)
    assert weekly == Counter({name: n for name, n in usual.items() if name not in monthly})
    assert len(set(around)) == len(around), "nothing runs twice"
    for name, at in around:
        assert at.astimezone(LONDON).hour != 1, f"{name} runs in the hour that comes twice or never"
        assert at.astimezone(UTC).astimezone(LONDON).hour == at.hour


def test_another_zone_moves_every_job(
    settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENDERS_TIMEZONE", "America/New_York")
    now = datetime(2026, 6, 3, 12, tzinfo=UTC)
    there = dict(plan(config.load(), now))
    assert there["match"].astimezone(ZoneInfo("America/New_York")).hour == 6


def test_a_scheduler_holds_every_job_once_and_alone(settings: config.Settings) -> None:
    made = scheduler.schedule(settings)
    assert {job.id for job in made.get_jobs()} == {job.name for job in JOBS}
    for job in made.get_jobs():
        assert job.max_instances == 1
        assert job.coalesce


def test_a_fault_in_a_job_is_logged_and_goes_no_further(
    settings: config.Settings, caplog: pytest.LogCaptureFixture
) -> None:
    def unforeseen(_: config.Settings) -> object:
        raise KeyError("nobody thought of it")

    def foreseen(_: config.Settings) -> object:
        raise StoreError("the database is newer")

    scheduler._guarded(Job("crawl", "0 6 * * *", unforeseen), settings)
    scheduler._guarded(Job("match", "0 6 * * *", foreseen), settings)
    unforeseen_record, foreseen_record = caplog.records
    assert unforeseen_record.exc_info
    assert "crawl" in unforeseen_record.getMessage()
    assert foreseen_record.getMessage() == "match: the database is newer"
    assert not foreseen_record.exc_info


def test_the_list_is_printed_for_people(
    settings: config.Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scheduler.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(JOBS)
    assert all(re.fullmatch(r"\w{3} \d{2} \w{3} \d{4} \d\d:\d\d \w+  \w+", line) for line in lines)
    assert not settings.var.exists(), "looking changes nothing"


@pytest.mark.parametrize(("name", "near"), [("crwal", "crawl"), ("digets", "digest")])
def test_an_unknown_job_names_the_nearest(
    settings: config.Settings, capsys: pytest.CaptureFixture[str], name: str, near: str
) -> None:
    assert scheduler.main(["--now", name]) == 1
    assert f"no job '{name}'; did you mean {near}?" in capsys.readouterr().err


def test_a_job_like_none_names_them_all(
    settings: config.Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scheduler.main(["--now", "§§§"]) == 1
    said = capsys.readouterr().err
    assert all(job.name in said for job in JOBS)


def test_one_job_can_be_run_at_once(settings: config.Settings) -> None:
    assert scheduler.main(["--now", "backup"]) == 0
    assert len(list((settings.var / "backups").iterdir())) == 1


def test_a_job_that_cannot_run_now_says_so_in_words(
    settings: config.Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.var.write_text("a file in the way")
    assert scheduler.main(["--now", "match"]) == 1
    assert "scheduler: " in capsys.readouterr().err


def test_the_scheduler_knows_only_when() -> None:
    tree = ast.parse(pathlib.Path(scheduler.__file__).read_text(encoding="utf-8"))
    known = {"jobs", "config", "store", "errors", "logs"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            assert parts[0] not in ("spiders", "pipelines", "scrapy", "sqlalchemy"), name
            if parts[0] == "crawler":
                assert parts[1] in known, name
