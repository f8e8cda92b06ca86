"""What comes at nearly the same time is written together, and stands as if it had come alone."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from release_samples import CF, FTS, NOW, amended, batch, facts_in, raw, read, release
from scrapy.settings import Settings
from scrapy.signalmanager import SignalManager
from scrapy.statscollectors import MemoryStatsCollector

from crawler import signals
from crawler.items import Batch, Window, WindowFailed, WindowRead
from crawler.pages import SiteRead
from crawler.store import database, releases, sources
from pipelines import keep as step
from pipelines.counting import tally
from pipelines.steps import Steps
from pipelines.unchanged import Unchanged

HOUR = timedelta(hours=1)


class Crawl:
    """A crawl's last step, with what it tells."""

    def __init__(self, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        url = engine.url.render_as_string(hide_password=False)
        self.crawler: Any = SimpleNamespace(
            settings=Settings({"DATABASE_URL": url}), signals=SignalManager()
        )
        self.crawler.stats = MemoryStatsCollector(self.crawler)
        self.lost: list[str] = []
        self.crawler.signals.connect(self._lost, signal=signals.window_lost)
        self.now = 100.0
        monkeypatch.setattr(step.time, "monotonic", lambda: self.now)
        self.keep = step.Keep(self.crawler, Steps(self.crawler, ()))
        self._engine = self.keep._engine

    def _lost(self, source: str) -> None:
        self.lost.append(source)

    def window(self, number: int, *found: Any, source: str = FTS, says: int | None = None) -> None:
        """A window of one hour with these releases in it, read to its end."""
        window = Window(start=NOW + number * HOUR, end=NOW + (number + 1) * HOUR)
        self.keep.process_item(dataclasses.replace(batch(source, *found), window=window))
        count = len(found) if says is None else says
        self.keep.process_item(WindowRead(source=source, window=window, releases=count))

    def watermark(self, source: str = FTS) -> float | None:
        """How many windows the watermark has passed."""
        with self._engine.connect() as connection:
            state = sources.states_of(connection).get(source, sources.State())
        return None if state.watermark is None else (state.watermark - NOW) / HOUR

    @contextmanager
    def commits(self) -> Iterator[list[int]]:
        """How many transactions wrote meanwhile."""
        counted = [0]

        def count(connection: sa.Connection) -> None:
            counted[0] += bool(connection.get_execution_options().get("writes"))

        sa.event.listen(self._engine, "commit", count)
        yield counted
        sa.event.remove(self._engine, "commit", count)


@pytest.fixture
def crawl(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Crawl:
    return Crawl(engine, monkeypatch)


def stored(engine: sa.Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(sa.text("SELECT ocid FROM releases")).scalars())


def test_a_source_that_answers_now_and_then_is_written_at_once(crawl: Crawl) -> None:
    for number in range(3):
        with crawl.commits() as made:
            crawl.window(number, release(number + 1))
        assert made == [1], "window and watermark are one transaction"
        assert crawl.watermark() == number + 1
        crawl.now += 5


def test_small_windows_that_come_quickly_are_written_together(
    crawl: Crawl, engine: sa.Engine
) -> None:
    crawl.window(0, release(1))
    with crawl.commits() as made:
        for number in range(1, 5):
            crawl.now += 1
            crawl.window(number, release(number + 1))
        assert (made, crawl.watermark()) == ([0], 1), "nothing is promised that is not stored"
        crawl.now += 1
        crawl.window(5, release(6))
        assert (made, crawl.watermark()) == ([1], 6)
    assert len(stored(engine)) == 6
    assert tally(crawl.crawler, FTS).new == 6


def test_what_waits_is_written_when_its_time_has_come_or_the_crawl_ends(crawl: Crawl) -> None:
    crawl.window(0, release(1))
    crawl.window(1, release(2))
    crawl.keep._look()
    assert crawl.watermark() == 1
    crawl.now += 5
    crawl.keep._look()
    assert crawl.watermark() == 2
    crawl.window(2, release(3))
    crawl.keep.close_spider()
    assert crawl.watermark() == 3


def test_much_does_not_wait(crawl: Crawl, engine: sa.Engine) -> None:
    crawl.window(0, release(1))
    crawl.keep.process_item(batch(FTS, *(release(number) for number in range(2, 102))))
    assert len(stored(engine)) == 101
    crawl.keep.process_item(batch(FTS, release(200, title="x" * 5_000_000)))
    assert len(stored(engine)) == 102


def test_nothing_overtakes_what_waits(crawl: Crawl) -> None:
    crawl.window(0, release(1))
    crawl.window(1, release(2))
    crawl.keep.process_item(SiteRead(source=FTS, authority="E06000010", finished=NOW, pages=1))
    assert crawl.watermark() == 2
    crawl.window(2, release(3))
    failed = Window(start=NOW + 3 * HOUR, end=NOW + 4 * HOUR)
    crawl.keep.process_item(WindowFailed(source=FTS, window=failed, reason="it is down"))
    assert crawl.watermark() == 3
    crawl.window(4, release(5))
    crawl.keep.close_spider()
    assert crawl.watermark() == 3, "not past the gap"


def test_one_that_cannot_be_stored_costs_only_its_own_window(
    crawl: Crawl, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = facts_in(release(3)).ocid
    whole = releases.keep_all

    def refusing(connection: sa.Connection, batches: list[Batch], reader: Any) -> Any:
        done = whole(connection, batches, reader)  # so that there is something to take back
        if any(one.facts and one.facts.ocid == bad for each in batches for one in each.releases):
            raise sa.exc.DataError("INSERT", {}, Exception("no such text"))
        return done

    monkeypatch.setattr(releases, "keep_all", refusing)
    crawl.window(0, release(1))
    for number in range(1, 5):
        crawl.window(number, release(number + 1))
    crawl.keep.close_spider()
    assert stored(engine) == {facts_in(release(number)).ocid for number in (1, 2, 4, 5)}
    assert crawl.watermark() == 2, "the window is asked for again"
    assert crawl.lost == [FTS]
    counted = tally(crawl.crawler, FTS)
    assert counted.new == 4
    assert counted.errors == 2
    assert "not stored" in counted.first_errors[0]
    assert "0 of 1 releases stored" in counted.first_errors[1]


def test_a_window_that_lacks_a_release_is_lost(crawl: Crawl) -> None:
    crawl.window(0, release(1), says=2)
    assert crawl.watermark() is None
    assert crawl.lost == [FTS]


def test_several_sources_are_kept_apart(crawl: Crawl) -> None:
    crawl.window(0, release(1))
    for number in range(1, 4):
        crawl.window(number, release(number + 1))
        crawl.window(number, release(number + 1), source=CF)
    crawl.keep.close_spider()
    assert (crawl.watermark(), crawl.watermark(CF)) == (4, 4)


def reordered(data: bytes) -> bytes:
    return json.dumps(dict(reversed(json.loads(data).items()))).encode()


TOLD = (
    "SELECT ocid, release_id, revision, content_hash, error FROM releases ORDER BY 1, 2, 3, 4",
    "SELECT key, title, status, version, ocids FROM opportunities ORDER BY 1",
    "SELECT c.field, c.old, c.new, o.key FROM changes c JOIN opportunities o"
    " ON o.id = c.opportunity_id ORDER BY 4, 1, 2, 3",
    "SELECT ocid, title_key, deadline, value, first_date FROM processes ORDER BY 1",
    "SELECT k.key, p.ocid FROM process_keys k JOIN processes p ON p.id = k.process_id"
    " ORDER BY 1, 2",
)


def test_batches_together_leave_what_they_leave_one_by_one(engine: sa.Engine) -> None:
    first = release(1)
    later = amended(first, title="Another title")
    came = [
        batch(FTS, first, release(2)),
        batch(FTS, first, release(3)),
        batch(FTS, later, reordered(raw(release(2)))),
        batch(FTS, first, b'{"ocid": "broken"}'),
        batch(FTS, release(4), amended(release(3), status="cancelled")),
    ]

    def kept(*groups: list[Batch]) -> tuple[list[Any], list[int]]:
        """What stands then, and what was counted; nothing stays."""
        with database.writing(engine) as connection, connection.begin_nested() as point:
            done = [releases.keep_all(connection, group, read) for group in groups]
            stands = [connection.execute(sa.text(query)).all() for query in TOLD]
            point.rollback()
        names = ("new", "changed", "same", "errors")
        return stands, [sum(getattr(one, name) for one in done) for name in names]

    together, one_by_one = kept(came), kept(*([one] for one in came))
    assert together == one_by_one
    stands, counted = together
    assert [len(rows) > 0 for rows in stands] == [True] * len(TOLD)
    assert counted == [4, 2, 3, 1]


class Noting:
    """A step that notes what it is given together; `fails` on releases of this hash."""

    def __init__(self, fails: str = "") -> None:
        self.fails = fails
        self.given: list[list[int]] = []

    def through(self, batches: Sequence[Batch]) -> list[Batch]:
        self.given.append([len(one.releases) for one in batches])
        if any(one.content_hash == self.fails for each in batches for one in each.releases):
            raise ValueError("no such notice")
        return list(batches)


def with_steps(crawl: Crawl, *steps: Any) -> None:
    crawl.keep = step.Keep(crawl.crawler, Steps(crawl.crawler, steps))


def test_small_windows_go_through_the_steps_together(crawl: Crawl) -> None:
    noting = Noting()
    with_steps(crawl, noting)
    crawl.window(0, release(1))
    for number in range(1, 5):
        crawl.window(number, release(number + 1))
    assert noting.given == [[1]], "the first alone, the others wait"
    crawl.now += 5
    crawl.keep._look()
    assert noting.given == [[1], [1] * 4]
    assert crawl.watermark() == 5


def test_what_waits_for_the_steps_is_bounded(crawl: Crawl, engine: sa.Engine) -> None:
    noting = Noting()
    with_steps(crawl, noting)
    crawl.window(0, release(1))
    for number in range(1, 251):
        crawl.window(number, release(number + 1))
        assert len(crawl.keep._came) < 2 * 100, "a batch and a window's end for each release"
        assert len(crawl.keep._waiting) < 2 * 100
    assert noting.given == [[1], [1] * 100, [1] * 100]
    crawl.keep.process_item(batch(FTS, release(300, title="x" * 5_000_000)))
    assert (crawl.keep._came, crawl.keep._waiting) == ([], []), "much is written at once"
    assert len(stored(engine)) == 252


def test_what_is_stored_already_waits_only_for_its_watermark(
    crawl: Crawl, engine: sa.Engine
) -> None:
    crawl.keep.process_item(batch(FTS, *(release(number) for number in range(1, 101))))
    assert len(stored(engine)) == 100
    with_steps(crawl, Unchanged(crawl.crawler))
    crawl.window(0, release(1))
    with crawl.commits() as made:
        for number in range(1, 4):
            crawl.window(number, *(release(at) for at in range(1, 101)))
        assert (made, crawl.watermark()) == ([0], 1)
        crawl.keep.close_spider()
        assert (made, crawl.watermark()) == ([1], 4)
    assert tally(crawl.crawler, FTS).same == 301
    assert tally(crawl.crawler, FTS).releases == 301


def test_a_kill_between_takes_back_nothing_and_promises_nothing(
    crawl: Crawl, engine: sa.Engine
) -> None:
    with_steps(crawl, Noting())
    crawl.window(0, release(1))
    for number in range(1, 5):
        crawl.window(number, release(number + 1))
    del crawl.keep  # as after kill -9: nobody closes anything
    assert (len(stored(engine)), crawl.watermark()) == (1, 1)
    with_steps(crawl, Unchanged(crawl.crawler))
    for number in range(5):  # the next crawl asks from the watermark on, or from before it
        crawl.window(number, release(number + 1))
    crawl.keep.close_spider()
    assert (len(stored(engine)), crawl.watermark()) == (5, 5)


def test_one_that_no_step_can_take_costs_only_its_own_window(
    crawl: Crawl, engine: sa.Engine
) -> None:
    bad = batch(FTS, release(3))
    with_steps(crawl, Noting(fails=bad.releases[0].content_hash))
    crawl.window(0, release(1))
    for number in range(1, 5):
        crawl.window(number, release(number + 1))
    crawl.keep.close_spider()
    assert stored(engine) == {facts_in(release(number)).ocid for number in (1, 2, 4, 5)}
    assert (crawl.watermark(), crawl.lost) == (2, [FTS])
    assert tally(crawl.crawler, FTS).first_errors[0] == "not made ready: no such notice"


on_postgresql = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
"""On SQLite whoever writes waits for the one file."""


@on_postgresql
def test_while_somebody_else_writes_a_crawl_reads_on(crawl: Crawl, engine: sa.Engine) -> None:
    with database.writing(engine):
        for number in range(4):
            crawl.window(number, release(number + 1))
            crawl.now += 5
        crawl.keep._look()
        assert (stored(engine), crawl.watermark()) == (set(), None)
    crawl.keep._look()
    assert crawl.watermark() is None, "it does not ask again at once"
    crawl.now += 1
    with crawl.commits() as made:
        crawl.keep._look()
    assert (made, len(stored(engine)), crawl.watermark()) == ([1], 4, 4)
    assert tally(crawl.crawler, FTS).new == 4
    assert (crawl.keep._came, crawl.keep._waiting) == ([], [])


@on_postgresql
@pytest.mark.parametrize("why", ["old", "much", "end", "overtaken"])
def test_a_crawl_waits_for_its_turn_at_last(
    crawl: Crawl, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    with database.writing(engine):
        crawl.window(0, release(1))
        crawl.now += 1
        crawl.window(1, release(2))
        assert crawl.watermark() is None
        # From here on it would wait for ever: so somebody lets go as soon as it does.
        asked: list[bool] = []
        real = database.writing

        def writing(on: sa.Engine, *, alone: bool = True, wait: bool = True) -> Any:
            asked.append(wait)
            return real(on, alone=False)

        monkeypatch.setattr(database, "writing", writing)
        if why == "old":
            crawl.now += 30
            crawl.keep._look()
        elif why == "much":
            monkeypatch.setattr(step, "_AGAIN", 1000.0)
            crawl.keep._again = crawl.now + 1000
            crawl.keep.process_item(batch(FTS, *(release(at) for at in range(10, 409))))
        elif why == "end":
            crawl.keep.close_spider()
        else:
            done = SiteRead(source=FTS, authority="E06000010", finished=NOW, pages=1)
            crawl.keep.process_item(done)
        assert asked == [True]
        assert crawl.watermark() == 2


@on_postgresql
def test_whoever_need_not_wait_is_told_that_somebody_writes(engine: sa.Engine) -> None:
    with database.writing(engine):
        with pytest.raises(database.Busy), database.writing(engine, wait=False):
            pytest.fail("two at once")
        with database.writing(engine, alone=False, wait=False) as connection:
            sources.remember(connection, FTS, "x")
    with database.writing(engine, wait=False) as connection:
        assert list(sources.states_of(connection)) == [FTS]
