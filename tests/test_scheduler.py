"""When each job runs, over both clock changes; what was missed; that faults go no further."""

from __future__ import annotations

import ast
import logging
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

import scheduler
from crawler import config
from crawler.errors import ConfigError, StoreError, UsageError
from crawler.jobs import errands, running, supervising
from crawler.jobs.errands import Job
from crawler.jobs.supervising import Desk
from crawler.jobs.timetable import Times
from crawler.store import database, jobs, leases, requests
from scheduler import plan, upcoming

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CHANGES = [datetime(2026, 3, 29, tzinfo=LONDON), datetime(2026, 10, 25, tzinfo=LONDON)]


@pytest.fixture
def settings(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> config.Settings:
    for name in config.Settings.model_fields:
        monkeypatch.delenv(f"TENDERS_{name.upper()}", raising=False)
    monkeypatch.setenv("TENDERS_HOME", str(tmp_path))
    return config.load()


def job(name: str, when: str = "0 6 * * *", **how: object) -> Job:
    return Job(name, when, lambda _: f"{name} done", HOUR, **how)  # type: ignore[arg-type]


def between(line: str, start: datetime, days: int) -> Iterator[datetime]:
    times = Times(line=line, zone=LONDON)
    at = times.after(start)
    while at <= start + timedelta(days=days):
        yield at
        at = times.after(at)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("line", ["30 1 * * *", "0 1 * * *", "59 1 * * *", "0 2 * * *"])
def test_a_time_in_the_hour_that_comes_twice_or_never_falls_due_once(
    change: datetime, line: str
) -> None:
    found = list(between(line, change - timedelta(days=2), 4))
    days = Counter(at.astimezone(LONDON).date() for at in found)
    assert set(days.values()) == {1}, "once a day, on the day of the change too"
    assert len(days) == 4


def test_half_past_one_is_the_first_of_two_and_comes_when_the_clocks_have_jumped() -> None:
    times = Times(line="30 1 * * *", zone=LONDON)
    october = times.after(datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert october == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert times.after(october) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
    march = times.after(datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert march == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert march.astimezone(LONDON).hour == 2
    assert times.after(march) == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("line", ["0 * * * *", "*/5 * * * *", "50 * * * *"])
def test_what_runs_every_hour_knows_no_change(change: datetime, line: str) -> None:
    found = list(between(line, change - timedelta(hours=12), 1))
    gaps = {later - sooner for sooner, later in pairwise(found)}
    assert len(gaps) == 1


@given(
    st.integers(0, 1100 * 86400),
    st.sampled_from(["30 1 * * *", "20 2 1 * *", "*/5 * * * *", "10 5,11,17,23 * * *"]),
    st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe"]),
)
def test_the_last_time_is_the_one_after_which_there_is_none(
    seconds: int, line: str, zone: str
) -> None:
    now = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    times = Times(line=line, zone=ZoneInfo(zone))
    last = times.last(now)
    assert last is not None
    assert last <= now < times.after(last)
    assert times.after(now) > now


@pytest.mark.parametrize("line", ["61 * * * *", "0 0 30 2 *", "every day"])
def test_a_line_that_never_falls_due_is_said(line: str) -> None:
    with pytest.raises(ConfigError, match="crontab line"):
        Times(line=line, zone=LONDON).after(NOW)


@pytest.mark.parametrize("change", CHANGES)
def test_every_job_runs_as_often_as_ever_when_clocks_change(
    settings: config.Settings, change: datetime
) -> None:
    for one in plan(settings):
        if one.when.split()[2] != "*" or one.when.split()[1] == "*":
            continue  # monthly ones; and hourly ones, of which above
        usual = len(list(between(one.when, change - timedelta(days=21), 7)))
        around = list(between(one.when, change - timedelta(days=3), 7))
        assert len(around) == usual, one.name


def test_the_list_names_every_job_soonest_first(settings: config.Settings) -> None:
    found = upcoming(settings, NOW)
    names = {name for name, _ in found}
    assert {"crawl:find-a-tender", "contacts:councils", "match", "digest", "deliver"} <= names
    assert "bounces" not in names, "no folder is set"
    assert "stalled" not in names, "there are no workers on SQLite"
    assert [at for _, at in found] == sorted(at for _, at in found)
    assert all(at > NOW for _, at in found)
    assert len(names) == len(found)


def test_times_are_londons_in_summer_and_in_winter(settings: config.Settings) -> None:
    for month, hour in ((1, 6), (7, 5)):
        now = datetime(2026, month, 7, tzinfo=UTC)
        assert dict(upcoming(settings, now))["match"].astimezone(UTC).hour == hour


def test_another_zone_moves_every_job(
    settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENDERS_TIMEZONE", "America/New_York")
    there = dict(upcoming(config.load(), NOW))
    assert there["match"].astimezone(ZoneInfo("America/New_York")).hour == 6


def test_digests_are_looked_at_every_hour_and_matched_before(settings: config.Settings) -> None:
    on_monday = dict(upcoming(settings, datetime(2026, 6, 8, 0, 30, tzinfo=UTC)))
    assert on_monday["crawl:find-a-tender"] < on_monday["match"]
    assert on_monday["match"].astimezone(LONDON).hour < 7, "most digests are due at seven"
    assert on_monday["digest"] == datetime(2026, 6, 8, 1, tzinfo=UTC)


def test_a_source_runs_as_its_row_says(settings: config.Settings) -> None:
    (settings.home / "sources.toml").write_text(
        """[find-a-tender]\nwhen = "7 3 * * mon"\n""", encoding="utf-8"
    )
    env = os.environ | {"TENDERS_HOME": str(settings.home)}
    done = subprocess.run(
        [sys.executable, "-m", "scheduler", "--list"], env=env, capture_output=True, text=True
    )
    line = next(one for one in done.stdout.splitlines() if one.endswith("crawl:find-a-tender"))
    assert re.match(r"Mon .* 03:07 ", line), done.stdout + done.stderr


class Started:
    """Processes that were begun, and end when the test says so."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, datetime]] = []
        self.status: int | None = None

    def __call__(self, job: Job, at: datetime) -> Started:
        self.begun.append((job.name, at))
        return self

    pid = 2**22 + 1  # no process has it

    def poll(self) -> int | None:
        return self.status


def idle(desk: Desk) -> None:
    until = time.monotonic() + 5
    while desk.at_work and time.monotonic() < until:
        time.sleep(0.01)
    assert not desk.at_work


@pytest.fixture
def at(engine: sa.Engine, settings: config.Settings) -> config.Settings:
    """Settings with the database of the test."""
    return settings.model_copy(
        update={"database_url": engine.url.render_as_string(hide_password=False)}
    )


def ran(engine: sa.Engine, name: str, due: datetime, *, finished: bool = True) -> None:
    with database.writing(engine) as connection:
        assert jobs.claim(connection, name, due, "somewhere:1:1:1", due)
        if finished:
            jobs.finish(connection, name, due, due, well=True, words="done")


def test_what_was_missed_runs_once(engine: sa.Engine, at: config.Settings) -> None:
    start = Started()
    start.status = 0
    desk = Desk(at, lambda: [job("match"), job("prune", "30 3 * * sun")], start=start)
    assert desk.tick(NOW) == [], "a job that nobody knew is not late"
    late = NOW + timedelta(days=9)
    assert sorted(desk.tick(late)) == ["match", "prune"]
    idle(desk)
    assert dict(start.begun) == {
        "match": datetime(2026, 6, 12, 5, tzinfo=UTC),
        "prune": datetime(2026, 6, 7, 2, 30, tzinfo=UTC),
    }
    for name, due in start.begun:
        ran(engine, name, due)
    assert desk.tick(late + MINUTE) == []


def test_a_run_that_was_broken_off_is_begun_again_but_not_for_ever(
    engine: sa.Engine, at: config.Settings
) -> None:
    start = Started()
    start.status = -9
    desk = Desk(at, lambda: [job("match")], start=start)
    ran(engine, "match", NOW, finished=False)
    for attempt in range(1, 6):
        assert desk.tick(NOW + attempt * MINUTE) == (["match"] if attempt < jobs.TRIES else [])
        idle(desk)
        with database.writing(engine) as connection:
            jobs.claim(connection, "match", NOW, "somewhere:1:1:1", NOW)


def test_a_job_that_somebody_runs_elsewhere_is_left_alone(
    engine: sa.Engine, at: config.Settings
) -> None:
    start = Started()
    desk = Desk(at, lambda: [job("match")], start=start)
    ran(engine, "match", NOW - timedelta(days=3), finished=False)
    with database.writing(engine) as connection:
        leases.take(connection, "job:match", "elsewhere:1:1:1", NOW, NOW + MINUTE)
    assert desk.tick(NOW) == []
    assert desk.tick(NOW + 2 * MINUTE) == ["match"], "its holder is dead"
    start.status = 0
    idle(desk)


def test_digests_wait_for_the_matching_of_the_day(engine: sa.Engine, at: config.Settings) -> None:
    start = Started()
    both = [job("digest", "0 * * * *", behind=frozenset({"match"})), job("match")]
    desk = Desk(at, lambda: both, start=start)
    desk.tick(NOW)
    assert desk.tick(NOW + timedelta(days=1)) == ["match"]
    assert desk.tick(NOW + timedelta(days=1, seconds=30)) == []
    ran(engine, "match", start.begun[0][1])
    start.status = 0
    idle(desk)
    assert desk.tick(NOW + timedelta(days=1, seconds=60)) == ["digest"]
    idle(desk)


def test_a_clock_that_was_wrong_once_stops_nothing(engine: sa.Engine, at: config.Settings) -> None:
    start = Started()
    start.status = 0
    desk = Desk(at, lambda: [job("match")], start=start)
    ran(engine, "match", NOW + timedelta(days=3650))
    for minutes in range(2):
        desk.tick(NOW + minutes * MINUTE)
    assert desk.tick(NOW + timedelta(days=1)) == ["match"]
    idle(desk)


def test_a_crawl_that_somebody_asked_for_runs_and_is_answered(
    engine: sa.Engine, at: config.Settings
) -> None:
    with database.writing(engine) as connection:
        assert requests.ask(connection, "find-a-tender", "pat", NOW)
        assert not requests.ask(connection, "find-a-tender", "sam", NOW), "one wish is enough"
        assert requests.ask(connection, "nowhere", "pat", NOW)
    start = Started()
    desk = Desk(at, lambda: [job("crawl:find-a-tender")], start=start)
    assert desk.tick(NOW + MINUTE) == ["crawl:find-a-tender"]
    assert desk.tick(NOW + 2 * MINUTE) == []
    ran(engine, *start.begun[0])
    start.status = 0
    idle(desk)
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT source, result FROM crawl_requests")).all()
    assert dict(map(tuple, rows)) == {
        "find-a-tender": "done",
        "nowhere": "nowhere is no source that is enabled",
    }


def test_a_paused_source_is_read_only_where_somebody_asks(
    engine: sa.Engine, at: config.Settings
) -> None:
    start = Started()
    desk = Desk(at, lambda: [job("crawl:find-a-tender")], start=start)
    desk.tick(NOW)
    with database.writing(engine) as connection:
        assert requests.pause(connection, "find-a-tender", "pat", "", NOW)
    assert desk.tick(NOW + 2 * DAY) == []
    with database.writing(engine) as connection:
        assert requests.ask(connection, "find-a-tender", "pat", NOW)
    assert desk.tick(NOW + 2 * DAY) == ["crawl:find-a-tender"]
    start.status = 0
    idle(desk)
    with database.writing(engine) as connection:
        assert requests.resume(connection, "find-a-tender")
    assert desk.tick(NOW + 4 * DAY) == ["crawl:find-a-tender"]
    idle(desk)


def test_what_hangs_is_stopped_for_good_and_recorded(
    engine: sa.Engine, at: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(99)"
    )
    made: list[subprocess.Popen[bytes]] = []

    def start(_: Job, due: datetime) -> subprocess.Popen[bytes]:
        made.append(subprocess.Popen([sys.executable, "-c", body], stdout=subprocess.PIPE))
        assert made[0].stdout is not None
        made[0].stdout.readline()
        made[0].stdout.close()
        ran(engine, "match", due, finished=False)
        return made[0]

    monkeypatch.setattr(supervising.stop, "__defaults__", (timedelta(seconds=0.3),))
    hung = Job("match", "0 6 * * *", lambda _: "", timedelta(seconds=0.2))
    desk = Desk(at, lambda: [hung], start=start)
    desk.tick(NOW)
    assert desk.tick(NOW + timedelta(days=1)) == ["match"]
    idle(desk)
    assert made[0].returncode == -signal.SIGKILL, "it did not hear SIGTERM"
    with engine.connect() as connection:
        run = jobs.latest(connection)["match"]
    assert run.well is False
    assert "its limit" in (run.words or "")
    assert desk.tick(NOW + timedelta(days=1, minutes=1)) == []


def test_a_stop_waits_for_what_runs_and_begins_nothing(
    engine: sa.Engine, at: config.Settings
) -> None:
    start = Started()
    desk = Desk(at, lambda: [job("match")], start=start)
    desk.tick(NOW)
    desk.tick(NOW + timedelta(days=1))
    threading.Timer(0.3, lambda: setattr(start, "status", 0)).start()
    began = time.monotonic()
    desk.close(timedelta(seconds=20))
    assert 0.2 < time.monotonic() - began < 10
    assert desk.at_work == []
    assert desk.tick(NOW + timedelta(days=3)) == []


def test_a_scheduler_shows_that_it_lives_until_it_stops(
    engine: sa.Engine, at: config.Settings
) -> None:
    def lives(now: datetime) -> bool:
        with engine.connect() as connection:
            return leases.SCHEDULER in leases.all_held(connection, now)

    desk, other = (Desk(at, lambda: [job("match")]) for _ in range(2))
    assert not lives(NOW)
    desk.tick(NOW)
    other.tick(NOW)
    assert lives(NOW + MINUTE)
    assert not lives(NOW + 2 * MINUTE), "a tick each 15 s renews it"
    other.close()
    assert lives(NOW + MINUTE)
    desk.close()
    assert not lives(NOW + MINUTE)


def test_trouble_is_said_once_waited_for_and_nothing_is_missed(
    engine: sa.Engine, at: config.Settings, caplog: pytest.LogCaptureFixture
) -> None:
    trouble: list[Exception] = []

    def read() -> list[Job]:
        if trouble:
            raise trouble[0]
        return [job("match")]

    start = Started()
    start.status = 0
    desk = Desk(at, read, start=start)
    desk.tick(NOW)
    caplog.set_level(logging.INFO)
    trouble.append(ConfigError("sources.toml is not valid TOML: line 3"))
    for minutes in range(5):
        assert desk.tick(NOW + timedelta(days=1, minutes=minutes)) == []
    trouble.clear()
    assert desk.tick(NOW + timedelta(days=1, minutes=9)) == ["match"]
    idle(desk)
    said = [record.getMessage() for record in caplog.records]
    assert [one for one in said if "sources.toml" in one] == said[:1]
    assert "put right" in said[1]


def test_an_older_schema_is_said_once_and_waited_for(
    engine: sa.Engine, at: config.Settings, caplog: pytest.LogCaptureFixture
) -> None:
    start = Started()
    desk = Desk(at, lambda: [job("match")], start=start)
    with database.writing(engine) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0008'"))
    for minutes in range(3):
        assert desk.tick(NOW + minutes * MINUTE) == []
    (record,) = caplog.records
    assert "tenders db upgrade" in record.getMessage()
    with database.writing(engine) as connection:
        connection.execute(
            sa.text("UPDATE alembic_version SET version_num = :head"), {"head": database.HEAD}
        )
    desk.tick(NOW)
    assert desk.tick(NOW + timedelta(days=1)) == ["match"]
    start.status = 0
    idle(desk)


def outcome(engine: sa.Engine, name: str) -> jobs.JobRun:
    with engine.connect() as connection:
        return jobs.latest(connection)[name]


def test_a_run_is_done_once_however_many_ask(engine: sa.Engine, at: config.Settings) -> None:
    done: list[float] = []

    def slow(_: config.Settings) -> str:
        done.append(time.monotonic())
        time.sleep(0.3)
        return "done"

    one = Job("match", "0 6 * * *", slow, HOUR)
    results: list[tuple[int, str]] = []
    threads = [
        threading.Thread(target=lambda: results.append(running.run(one, at, NOW))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    assert Counter(status for status, _ in results)[running.DONE] >= 1
    assert running.run(one, at, NOW)[1].endswith("was run before")
    assert running.run(one, at, NOW + HOUR) == (running.DONE, "done")
    assert len(done) == 2


def test_a_fault_in_a_job_is_recorded_and_goes_no_further(
    engine: sa.Engine, at: config.Settings, caplog: pytest.LogCaptureFixture
) -> None:
    faults = {
        "unforeseen": KeyError("nobody thought of it"),
        "foreseen": StoreError("the database is newer"),
        "full": OSError(28, "No space left on device"),
    }
    for name, fault in faults.items():

        def errand(_: config.Settings, fault: Exception = fault) -> str:
            raise fault

        status, _ = running.run(Job(name, "0 6 * * *", errand, HOUR), at, NOW)
        assert status == running.WRONG
        assert outcome(engine, name).well is False
    assert "KeyError" in (outcome(engine, "unforeseen").words or "")
    assert outcome(engine, "foreseen").words == "the database is newer"
    assert "No space left on device; free" in (outcome(engine, "full").words or "")
    assert [bool(one.exc_info) for one in caplog.records] == [True, False, False, False]


def test_a_failed_run_is_tried_again_only_if_somebody_means_to(
    engine: sa.Engine, at: config.Settings
) -> None:
    answers = iter([StoreError("no"), "yes"])

    def errand(_: config.Settings) -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    one = Job("match", "0 6 * * *", errand, HOUR)
    assert running.run(one, at, NOW) == (running.WRONG, "no")
    assert running.run(one, at, NOW)[0] == running.DONE
    assert running.run(one, at, NOW, again=True) == (running.DONE, "yes")
    assert outcome(engine, "match").attempts == 2


def test_the_database_is_waited_for_and_that_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    calls = iter([sa.exc.OperationalError("", {}, Exception("gone"))] * 4 + ["there"])
    slept: list[float] = []

    def call() -> str:
        answer = next(calls)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    assert running.patiently(call, slept.append) == "there"
    assert len(slept) == 4
    assert len(caplog.records) == 2
    with pytest.raises(sa.exc.OperationalError):
        running.patiently(
            lambda: (_ for _ in ()).throw(sa.exc.OperationalError("", {}, Exception("gone"))),
            slept.append,
            timedelta(seconds=3),
        )


def test_a_job_ends_with_the_process_that_began_it(settings: config.Settings) -> None:
    env = os.environ | {"TENDERS_HOME": str(settings.home)}
    body = (
        "import time; from crawler.jobs import running; running.end_with_parent(); time.sleep(99)"
    )
    process = subprocess.Popen([sys.executable, "-c", body], stdin=subprocess.PIPE, env=env)
    assert process.stdin is not None
    assert process.poll() is None
    process.stdin.close()
    assert process.wait(20) == running.ORPHANED


def test_two_schedulers_started_together_run_each_job_once(
    engine: sa.Engine, at: config.Settings
) -> None:
    names = ["health", "prune", "retrain"]
    for name in ("match", "backup", "digest", "deliver", *names):
        ran(engine, name, datetime.now(UTC) - timedelta(days=8 if name in names else 0))
    env = os.environ | {"TENDERS_HOME": str(at.home), "TENDERS_DATABASE_URL": at.database}
    both = [
        subprocess.Popen(
            [sys.executable, "-P", "-m", "scheduler"], env=env, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with engine.connect() as connection:
                latest = jobs.latest(connection)
            if all(latest[name].well for name in names if latest[name].attempts) and all(
                latest[name].due > datetime.now(UTC) - timedelta(days=7, hours=1) for name in names
            ):
                break
            time.sleep(0.3)
    finally:
        for process in both:
            process.send_signal(signal.SIGTERM)
    ends = [process.communicate(timeout=90)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT job, attempts, well FROM job_runs WHERE job IN ('prune', 'retrain')")
        ).all()
    assert sorted(map(tuple, rows)) == sorted(
        (name, 1, True) for name in ("prune", "retrain") for _ in range(2)
    ), ends
    for words in ("prune: 0 raw releases", "retrain: nobody has decided"):
        assert sum(end.count(words) for end in ends) == 1, ends


def test_the_bounce_folder_is_emptied_and_what_is_no_report_is_left_for_a_person(
    engine: sa.Engine, at: config.Settings
) -> None:
    with_folder = at.model_copy(update={"bounce_folder": pathlib.Path("bounces")})
    assert "bounces" in {one.name for one in plan(with_folder)}
    with pytest.raises(UsageError, match="no Maildir"):
        errands.take_bounces(with_folder)
    new = at.home / "bounces" / "new"
    new.mkdir(parents=True)
    (new / "1.a.host").write_bytes(b"Subject: hello\r\n\r\nNo report.\r\n")
    assert errands.take_bounces(with_folder).startswith("0 reports taken in, 1 that are none")
    assert [path.name for path in (at.home / "bounces" / "cur").iterdir()] == ["1.a.host:2,FS"]
    assert errands.take_bounces(with_folder).startswith("0 reports taken in, 0 ")


def test_old_runs_are_forgotten_but_never_a_jobs_latest(engine: sa.Engine) -> None:
    for days in (200, 100, 1):
        ran(engine, "match", NOW - timedelta(days=days))
    ran(engine, "contacts:councils", NOW - timedelta(days=150))
    with database.writing(engine) as connection:
        assert jobs.prune(connection, NOW - timedelta(days=90)) == 2
        assert set(jobs.latest(connection)) == {"match", "contacts:councils"}


def test_the_list_is_printed_for_people(
    settings: config.Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scheduler.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(plan(settings))
    form = r"\w{3} \d{2} \w{3} \d{4} \d\d:\d\d \w+  [\w:-]+"
    assert all(re.fullmatch(form, line) for line in lines)
    assert not settings.var.exists(), "looking changes nothing"


@pytest.mark.parametrize(("name", "near"), [("macth", "match"), ("digets", "digest")])
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
    assert all(one.name in said for one in plan(settings))


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
