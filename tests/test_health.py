"""Well or ill: from runs to words, from words to one mail."""

from __future__ import annotations

import pathlib
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import sqlalchemy as sa

from crawler import health as pure
from crawler.config import Settings
from crawler.digest.mail import Letterhead
from crawler.health import Health, Run, sparkline, spell
from crawler.jobs import health as job
from crawler.jobs.metrics import exposition
from crawler.sources import load
from crawler.store import database, figures, runs, sources
from crawler.store import health as store
from crawler.store.health import Told
from crawler.store.runs import Past, Tally
from pipelines.counting import DECODED
from pipelines.verdicts import Outcome, verdict

NOW = datetime(2026, 6, 12, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LETTERHEAD = Letterhead(sender="digest@tenders.example", contact="hello@tenders.example")


def run(verdict: str, hours_ago: float, **more: Any) -> Run:
    started = NOW - hours_ago * HOUR
    return Run(started=started, finished=started + HOUR / 2, verdict=verdict, **more)


def test_a_failed_run_makes_ill_and_a_good_one_makes_well() -> None:
    assert pure.of([], NOW).state == "new"
    good, failed = run("ok", 20), run("failed", 8, reason="no window could be read")
    ill = pure.of([good, failed, run("failed", 2, reason="still none")], NOW)
    assert (ill.state, ill.since, ill.failing_since) == ("ill", failed.started, failed.started)
    assert (ill.last_good, ill.reason) == (good.finished, "still none")
    well = pure.of([good, failed, run("ok", 1)], NOW)
    assert (well.state, well.failing_since) == ("well", None)
    assert well.since == NOW - HOUR


def test_parts_alone_make_ill_only_after_two_days() -> None:
    parts = [run("partial", hours) for hours in (47, 20, 10, 2)]
    assert pure.of([run("ok", 47.5), *parts], NOW).state == "well"
    assert pure.of([run("ok", 60), *parts], NOW).state == "ill"
    assert pure.of(parts[:1], NOW).state == "new"
    monthly = [run("partial", 24 * 31), run("partial", 2)]
    assert pure.of(monthly, NOW).state == "new", "of 382 sites some are always down"


def test_days_are_londons() -> None:
    late = Run(
        started=datetime(2026, 6, 10, 22, 40, tzinfo=UTC),
        finished=datetime(2026, 6, 10, 23, 10, tzinfo=UTC),
        verdict="ok",
        fresh=7,
    )
    assert pure.of([late], NOW).per_day[-3:] == (0, 7, 0)
    assert len(pure.of([late], NOW).per_day) == pure.DAYS


def test_a_sparkline_shows_nothing_little_and_most() -> None:
    assert sparkline([0, 1, 8, 0]) == "·▁█·"
    assert sparkline([]) == ""
    assert sparkline([5]) == "█"


@pytest.mark.parametrize(
    ("verdict", "hours", "words"),
    [
        ("failed", 5, "Sell2Wales could not be read today."),
        ("failed", 77, "Sell2Wales could not be read since Tuesday."),
        ("short", 77, "Sell2Wales has shown fewer notices than usual since Tuesday."),
        ("partial", 24 * 9, "Sell2Wales could not be read whole since 3 June 2026."),
    ],
)
def test_people_are_told_since_when(verdict: str, hours: float, words: str) -> None:
    bad = [run(verdict, hours), run(verdict, 2), run(verdict, 1)]
    assert spell("Sell2Wales", pure.of([run("ok", 24 * 20), *bad], NOW), NOW) == words
    assert spell("Sell2Wales", pure.of([run("ok", 1)], NOW), NOW) == ""


# Verdicts

PORTAL = load()["find-a-tender"]
FEED = load()["creative-scotland-opportunities"]


NOTHING = Past()


def judged(source: Any, past: Past = NOTHING, **outcome: Any) -> tuple[str, str]:
    tally = Tally(**{name: outcome.pop(name, 0) for name in ("releases", "new", "changed")})
    made = Outcome(tally=tally, **{"windows": 1, **outcome})
    return verdict(source, made, past, NOW)


WATCHED = {"watched": NOW - 60 * DAY, "newest": NOW - DAY}


def test_a_list_half_as_long_as_usual_is_short() -> None:
    past = Past(readings=(20, 22, 19), **WATCHED)
    assert judged(FEED, past, releases=10) == ("ok", "")
    word, why = judged(FEED, past, releases=9)
    assert (word, why) == ("short", "9 items, 20 is usual in the last four weeks")
    assert judged(FEED, past, releases=0, unmodified=True) == ("ok", "")
    assert judged(FEED, Past(readings=(20, 22), **WATCHED), releases=9) == ("ok", "")
    assert judged(FEED, releases=0)[1] == "0 releases, at least 1 expected"
    assert judged(FEED, past, releases=1, finish="limit") == ("ok", "")


def test_a_portal_that_brings_a_quarter_of_its_weeks_is_short() -> None:
    past = Past(weeks=(10, 400, 9000, 380), **WATCHED)
    word, why = judged(PORTAL, past, releases=50, new=5)
    assert (word, why) == ("short", "15 new or changed releases in a week, 400 is usual")
    assert judged(PORTAL, past, releases=50, new=90)[0] == "ok"
    unwatched = Past(weeks=(10, 400, None, None), **WATCHED)
    assert judged(PORTAL, unwatched, releases=50, new=5)[0] == "ok"
    small = Past(weeks=(0, 8, 9, 7), **WATCHED)
    assert judged(PORTAL, small, releases=50)[0] == "ok"


def test_a_source_whose_newest_release_is_old_is_short_once_it_is_watched() -> None:
    old = {"newest": NOW - 9 * DAY}
    word, why = judged(PORTAL, Past(watched=NOW - 60 * DAY, **old), releases=50)
    assert word == "short"
    assert why == "the newest release is of 3 June 2026, none older than 7 days expected"
    assert judged(PORTAL, Past(watched=NOW - DAY, **old), releases=50)[0] == "ok"
    fresh = judged(PORTAL, Past(watched=NOW - 60 * DAY, **old), releases=50, newest=NOW)
    assert fresh[0] == "ok"


def test_fields_that_stand_empty_are_short_and_the_older_rules_stay() -> None:
    assert judged(PORTAL, stand={DECODED: 100, "title": 50, "buyer": 99}) == (
        "short",
        "title stands in 50 of 100 releases only",
    )
    assert judged(PORTAL, span=timedelta(days=7), releases=9)[0] == "short"
    assert judged(PORTAL, windows=0, failed=2)[0] == "failed"
    assert judged(PORTAL, failed=2) == ("partial", "2 of 3 windows could not be read")
    assert judged(PORTAL, finish="shutdown")[0] == "partial"


# In the store


def record(
    connection: sa.Connection, source: str, verdict: Any, hours_ago: float, **more: Any
) -> None:
    started = NOW - hours_ago * HOUR
    newest = more.pop("newest", None)
    errors = ["a word"] if verdict != "ok" else []
    pk = runs.begin(connection, source, started)
    tally = Tally(**more, first_errors=errors)
    why = "" if verdict == "ok" else f"why {verdict}"
    runs.finish(connection, pk, tally, verdict, why, started + HOUR / 2, newest=newest)


def test_health_is_read_from_the_runs(engine: sa.Engine) -> None:
    with database.writing(engine) as connection:
        record(connection, "a", "ok", 24 * 90, new=500)
        record(connection, "a", "failed", 24 * 80)
        record(connection, "b", "ok", 30, new=3, changed=1)
        record(connection, "b", "short", 3)
        runs.begin(connection, "b", NOW - HOUR)
        found = store.health(connection, NOW)
    assert (found["a"].state, found["a"].verdict) == ("ill", "failed"), "a stopped long ago"
    assert found["a"].last_good == NOW - 24 * 90 * HOUR + HOUR / 2
    assert (found["b"].state, found["b"].reason) == ("ill", "why short")
    assert found["b"].per_day[-2:] == (4, 0)
    assert found["b"].first_errors == ("a word",)
    assert set(found) == {"a", "b"}


def test_the_past_is_what_the_source_did_in_four_weeks(engine: sa.Engine) -> None:
    with database.writing(engine) as connection:
        assert runs.past(connection, "a", NOW) == Past()
        for days, releases, new in ((40, 9, 9), (22, 8, 8), (15, 7, 7), (2, 0, 0), (1, 6, 5)):
            moment = NOW - days * DAY
            more = {"releases": releases, "new": new, "newest": moment if new else None}
            record(connection, "a", "ok", 24 * days, **more)
        record(connection, "a", "short", 10, releases=1, new=1)
        record(connection, "other", "ok", 10, releases=99, new=99)
        past = runs.past(connection, "a", NOW)
    assert past.readings == (8, 7, 6)
    assert past.weeks == (6, 0, 7, 8)
    assert past.watched == NOW - 40 * DAY
    assert past.newest == NOW - DAY


def test_validators_are_remembered_and_forgotten(engine: sa.Engine) -> None:
    for validators in ("", '{"etag": "1"}', "", '{"etag": "2"}'):
        with database.writing(engine) as connection:
            sources.remember(connection, "a", validators)
            assert sources.states_of(connection)["a"].validators == validators


# Mails


def test_each_turn_is_told_once_and_going_to_and_fro_is_no_flood() -> None:
    ill, well, new = Health(state="ill"), Health(state="well"), Health(state="new")
    keys = ["a", "b", "c"]
    first = job.decide({"a": ill, "b": well, "c": new}, {}, keys, NOW)
    assert first == job.Notice(ill=("a",)), "well from the start is no news"
    told = {"a": Told(state="ill", at=NOW)}
    assert not job.decide({"a": ill}, told, keys, NOW + DAY)
    assert job.decide({"a": well}, told, keys, NOW + HOUR) == job.Notice(well=("a",))
    told = {"a": Told(state="well", at=NOW)}
    assert not job.decide({"a": ill}, told, keys, NOW + 23 * HOUR)
    assert job.decide({"a": ill}, told, keys, NOW + 24 * HOUR) == job.Notice(ill=("a",))
    assert not job.decide({"z": ill}, {}, keys, NOW), "a source that is not watched any more"


class Outbox:
    def __init__(self) -> None:
        self.mails: list[tuple[str, str, EmailMessage]] = []

    def __call__(self, connection: sa.Connection, **mail: Any) -> bool:
        assert mail["subscriber_id"] is None
        self.mails.append((mail["recipient"], mail["about"], mail["message"]))
        return True


def test_staff_get_one_mail_when_a_source_turns_ill_and_one_when_it_is_well(
    engine: sa.Engine,
) -> None:
    outbox = Outbox()

    def tell(now: datetime, staff: tuple[str, ...] = ("me@tenders.example",)) -> job.Notice:
        return job.tell(engine, outbox, LETTERHEAD, staff, now)

    with database.writing(engine) as connection:
        record(connection, "sell2wales", "ok", 30)
        record(connection, "sell2wales", "failed", 3)
        record(connection, "contracts-finder", "failed", 3)
    assert not tell(NOW, ()), "nobody to tell, so nobody was told"
    assert tell(NOW).ill == ("contracts-finder", "sell2wales")
    assert not tell(NOW + HOUR)
    (recipient, _, message) = outbox.mails[0]
    assert len(outbox.mails) == 1
    assert recipient == "me@tenders.example"
    assert message["Subject"] == "Arts Tenders: 2 sources are ill"
    text = message.get_content()
    assert "Sell2Wales could not be read today." in text
    assert "What is wrong: why failed" in text
    assert "Last good run: 11 June 2026" in text
    assert "What to do: Open https://api.sell2wales.gov.wales." in text
    with database.writing(engine) as connection:
        record(connection, "sell2wales", "ok", -2)
    assert tell(NOW + 3 * HOUR).well == ("sell2wales",)
    assert outbox.mails[1][2]["Subject"] == "Arts Tenders: Sell2Wales is well again"
    assert not tell(NOW + 4 * HOUR)


def test_the_mail_waits_in_the_outbox(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    settings = Settings(home=tmp_path, staff=("me@tenders.example", "you@tenders.example"))
    with database.writing(engine) as connection:
        record(connection, "sell2wales", "failed", 3)
    assert job.inform(settings, engine, NOW) == "Sell2Wales is ill"
    assert job.inform(settings, engine, NOW + HOUR) == "nothing to tell"
    with engine.connect() as connection:
        assert figures.figures(connection).mails == {"queued": 2}
    assert "TENDERS_STAFF is empty" in job.inform(Settings(home=tmp_path), engine, NOW)


def test_a_queue_that_fails_leaves_staff_untold(engine: sa.Engine) -> None:
    def broken(connection: sa.Connection, **mail: Any) -> bool:
        raise RuntimeError("disk full")

    with database.writing(engine) as connection:
        record(connection, "sell2wales", "failed", 3)
    with pytest.raises(RuntimeError):
        job.tell(engine, broken, LETTERHEAD, ["me@tenders.example"], NOW)
    assert job.tell(engine, Outbox(), LETTERHEAD, ["me@tenders.example"], NOW).ill


@pytest.mark.parametrize(
    ("health", "words"),
    [
        (Health(state="new"), "reads it for the first time"),
        (Health(state="well", verdict="ok"), ""),
        (Health(state="ill", verdict="failed", reason="layout changed?"), "correct the selectors"),
        (Health(state="ill", verdict="failed", reason="by robots.txt"), "bars us now"),
        (Health(state="ill", verdict="failed", reason="x"), "--verbose"),
        (Health(state="ill", verdict="short"), "min_items"),
        (Health(state="well", verdict="partial"), "Nothing is lost"),
    ],
)
def test_each_state_says_what_to_do(health: Health, words: str) -> None:
    said = job.advice(PORTAL, health)
    assert words in said
    assert bool(said) == bool(words)
    assert job.advice(load()["artsjobs"], health) == ""


def test_metrics_are_what_stands_in_the_store(engine: sa.Engine) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    with database.writing(engine) as connection:
        record(connection, "sell2wales", "ok", 3, releases=9, new=4, changed=3, same=2)
        record(connection, "sell2wales", "failed", 1)
        assert not figures.figures(connection).jobs
    text = exposition(engine, NOW).decode()
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["tenders_runs_total", "ok", "sell2wales"] == 1
    assert found["tenders_runs_total", "failed", "sell2wales"] == 1
    assert found["tenders_releases_total", "changed", "sell2wales"] == 3
    assert found["tenders_last_good_run_age_seconds", "sell2wales"] == 2.5 * 3600
    assert found["tenders_source_ill", "sell2wales"] == 1
    assert found["tenders_outbox_mails", "queued"] == 0
    assert (("tenders_queue_depth",) in found) == (engine.dialect.name == "postgresql")


@pytest.mark.postgresql
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_depth_of_the_queue_is_told_where_there_is_one(engine: sa.Engine) -> None:
    row = sa.text(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status)"
        " VALUES ('jobs', 'match', CAST(:status AS procrastinate_job_status))"
    )
    with database.writing(engine) as connection:
        for status in ("todo", "todo", "doing"):
            connection.execute(row, {"status": status})
    text = exposition(engine, NOW).decode()
    assert "tenders_queue_depth 2.0" in text
    assert 'tenders_queue_jobs{status="doing"} 1.0' in text
