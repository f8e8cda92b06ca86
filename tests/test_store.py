"""What enters the store stays once, merges by the rules, and can be made anew, on any database."""

from __future__ import annotations

import json
import os
import pathlib
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from conftest import fresh_database
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from release_samples import (
    CF,
    FTS,
    JUDGEMENT,
    NOW,
    PCS,
    amended,
    batch,
    dump,
    keep,
    raw,
    read,
    release,
)

from crawler.errors import StoreError
from crawler.items import Judgement, Notice, Window
from crawler.jobs import export, keeping, reprocess
from crawler.opportunity import Opportunity
from crawler.store import (
    database,
    duplicates,
    opportunities,
    releases,
    search,
    sources,
    subscribers,
    tables,
)
from crawler.store.subscribers import Subscription
from pipelines.place import located
from pipelines.relevance import judged

HOUR = timedelta(hours=1)


class ByLength:
    """A model that needs no training and yet says different things of different notices."""

    def judge(self, notices: Sequence[Notice]) -> list[Judgement]:
        words = ("commissionable", "adjacent")
        return [
            replace(JUDGEMENT, relevance=words[len(notice.description) % 2], art_forms=("music",))
            for notice in notices
        ]


MODEL: Any = ByLength()


def copy(number: int = 1, **changed: Any) -> dict[str, Any]:
    """The sample procurement as Contracts Finder would publish it."""
    return release(number, ocid=f"ocds-b5fd17-{number:06}", id=f"c{number}") | changed


def edition(
    number: int, day: int, base: dict[str, Any] | None = None, **tender: Any
) -> dict[str, Any]:
    """A later release of a process, on a day of March, with another id."""
    return amended(
        (base or release(number)) | {"id": f"{day:06}-2026", "date": f"2026-03-{day:02}T09:00:00Z"},
        **tender,
    )


def stored(engine: sa.Engine) -> list[Opportunity]:
    with engine.connect() as connection:
        return [one for _, one in opportunities.iterate(connection)]


def exported(engine: sa.Engine) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in export.lines(engine, "jsonl", None, NOW)]
    return sorted(lines, key=lambda one: str(one["id"]))


def rows(engine: sa.Engine, table: sa.Table) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(table)).mappings())


def emptied(engine: sa.Engine) -> None:
    with database.writing(engine) as connection:
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(sa.delete(table))


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def ready(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.Engine]:
    """One database of each kind for this file: making one costs more than any test here."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'tenders.sqlite'}"
        else:
            server = request.getfixturevalue("postgresql_server")
            url = stack.enter_context(fresh_database(server))
        made = database.engine(url)
        yield made
        made.dispose()


@pytest.fixture
def engine(ready: sa.Engine) -> Iterator[sa.Engine]:
    """The database, empty."""
    yield ready
    emptied(ready)


def test_keeping_the_same_twice_writes_nothing(engine: sa.Engine) -> None:
    page = [release(1), release(2), copy(3), b"[]", edition(1, 9, title="Harbour sound")]
    first = keep(engine, FTS, *page)
    assert (first.new + first.changed, first.same, first.errors) == (4, 0, 1)
    before = dump(engine)
    again = keep(engine, FTS, *page, at=NOW + HOUR)
    assert (again.new, again.changed) == (0, 0)
    assert dump(engine) == before


def test_a_page_that_holds_a_release_twice_keeps_it_once(engine: sa.Engine) -> None:
    counts = keep(engine, FTS, release(1), release(1))
    assert (counts.new, counts.same) == (1, 1)
    assert len(rows(engine, tables.releases)) == 1


def test_the_same_release_with_its_fields_in_another_order_is_the_same(engine: sa.Engine) -> None:
    keep(engine, FTS, release(1))
    before = dump(engine)
    turned = dict(reversed(release(1).items()))
    assert raw(turned) != raw(release(1))
    assert keep(engine, FTS, turned).same == 1
    assert dump(engine) == before


def test_a_release_edited_under_its_id_is_a_further_revision(engine: sa.Engine) -> None:
    keep(engine, FTS, release(1))
    counts = keep(engine, FTS, amended(release(1), title="Harbour sound festival"))
    assert (counts.new, counts.changed) == (0, 1)
    assert sorted(row["revision"] for row in rows(engine, tables.releases)) == [1, 2]
    (one,) = stored(engine)
    assert (one.title, one.version) == ("Harbour sound festival", 2)
    before = dump(engine)
    keep(engine, FTS, amended(release(1), title="Harbour sound festival"))
    assert dump(engine) == before


def test_two_texts_that_a_portal_serves_under_one_id_settle(engine: sa.Engine) -> None:
    """An edit taken back to the letter goes unseen for it, as CONTRIBUTING.md says."""
    for title in ("Harbour light", "Harbour sound"):
        keep(engine, FTS, amended(release(1), title=title))
    before = dump(engine)
    for title in ("Harbour light", "Harbour sound"):
        keep(engine, FTS, amended(release(1), title=title))
    assert dump(engine) == before


def test_releases_without_an_id_are_told_apart_by_content(engine: sa.Engine) -> None:
    nameless = {name: value for name, value in release(1).items() if name != "id"}
    moved = amended(nameless | {"date": "2026-03-05T09:00:00Z"}, title="Harbour sound")
    keep(engine, PCS, nameless, moved)
    before = dump(engine)
    assert keep(engine, PCS, nameless, moved).same == 2
    assert dump(engine) == before
    (one,) = stored(engine)
    assert (one.title, one.version) == ("Harbour sound", 2)


def test_a_bad_release_is_kept_raw_with_its_reason_and_the_rest_goes_on(engine: sa.Engine) -> None:
    bad = raw(release(2, date="soon"))
    counts = keep(engine, FTS, release(1), bad, release(3))
    assert (counts.new, counts.errors) == (2, 1)
    assert len(stored(engine)) == 2
    (row,) = [row for row in rows(engine, tables.releases) if row["error"]]
    assert "'soon' is no date" in row["error"]
    with engine.connect() as connection:
        kept = {one.raw for one in releases.after(connection, 0, 10)}
    assert bad in kept


def test_every_release_is_kept_raw_with_source_time_and_address(engine: sa.Engine) -> None:
    keep(engine, FTS, release(1))
    (row,) = rows(engine, tables.releases)
    assert (row["source"], row["fetched_at"]) == (FTS, NOW)
    assert row["url"] == f"https://{FTS}.example/page"
    with engine.connect() as connection:
        (one,) = releases.after(connection, 0, 10)
    assert one.raw == raw(release(1))


LONG = " ".join(f"lantern{at:05}" for at in range(1500))
HOSTILE = {
    "a title of twenty thousand letters": raw(amended(release(9), title=LONG)),
    "an id of twenty thousand letters": raw(release(9, id=LONG)),
    "a nul in the buyer's id": raw(release(9, buyer={"id": "a\0b", "name": "Fen"}, parties=[])),
    "a nul in a lot's number": raw(amended(release(9), lots=[{"id": "a\0b"}])),
    "a nul in the ocid": raw(release(9, ocid="ocds\0-9")),
    "a nul in the currency": raw(amended(release(9), value={"amount": 50, "currency": "\0"})),
    "a nul in a tag": raw(release(9, tag=["tender\0"])),
    "half an emoji": raw(release(9)).replace(b"Harbour", b"Half \\ud83c"),
    "an absurd duration": raw(
        amended(release(9), lots=[{"id": 1, "contractPeriod": {"durationInDays": 10**30}}])
    ),
    "the largest values in many lots": raw(
        amended(release(9), value=None, lots=[{"value": {"amount": 1e12}}] * 300)
    ),
    "a description of a million letters": raw(amended(release(9), description="ghi jkl " * 125000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_release_can_cost_more_than_itself(engine: sa.Engine, name: str) -> None:
    keep(engine, FTS, release(1), HOSTILE[name], release(2))
    assert {"ocds-test01-000001", "ocds-test01-000002"} <= {
        ocid for one in stored(engine) for ocid in one.ocids
    }
    assert len(exported(engine)) >= 2
    before = dump(engine)
    keep(engine, FTS, HOSTILE[name])
    assert dump(engine) == before


def test_copies_on_two_portals_become_one_opportunity(engine: sa.Engine) -> None:
    keep(engine, FTS, release(1))
    keep(engine, CF, copy(1, date="2026-03-03T09:00:00Z"))
    (one,) = stored(engine)
    assert one.ocids == ("ocds-test01-000001", "ocds-b5fd17-000001")
    assert one.sources == (FTS, CF)
    assert (one.version, one.changes) == (1, ())


def test_an_earlier_copy_that_comes_late_names_the_opportunity_and_old_links_hold(
    engine: sa.Engine,
) -> None:
    keep(engine, FTS, release(1))
    (old,) = stored(engine)
    keep(engine, CF, copy(1, date="2026-02-01T09:00:00Z"))
    (one,) = stored(engine)
    assert one.id != old.id
    with engine.connect() as connection:
        for key in (old.id, one.id):
            found = opportunities.by_key(connection, key)
            assert found is not None
            assert found[1] == one
        assert opportunities.by_key(connection, "nothing") is None


def test_a_late_older_release_falls_into_its_place_in_the_timeline(engine: sa.Engine) -> None:
    keep(engine, FTS, edition(1, 10, title="Third title"))
    keep(engine, FTS, edition(1, 2, title="First title"))
    keep(engine, FTS, edition(1, 5, title="Second title"))
    (one,) = stored(engine)
    assert (one.title, one.version) == ("Third title", 3)
    assert [(change.old, change.new) for change in one.changes] == [
        ("First title", "Second title"),
        ("Second title", "Third title"),
    ]
    assert one.published.day == 2


PROCUREMENT = [
    (FTS, edition(1, 2, value=None)),
    (FTS, edition(1, 6, tenderPeriod={"endDate": "2026-05-05T12:00:00Z"}, value=None)),
    (CF, edition(1, 4, copy(1))),
    (PCS, edition(2, 3, description="Another. (SC Ref:829625)")),
    (CF, edition(2, 8, copy(2), description="Other words. (SC Ref:829625)")),
]


def test_the_order_of_arrival_does_not_matter(engine: sa.Engine) -> None:
    results = []
    for order in list(permutations(PROCUREMENT))[::11]:
        emptied(engine)
        for source, one in order:
            keep(engine, source, one)
        results.append(exported(engine))
    assert len(results[0]) == 2
    assert all(result == results[0] for result in results)


def test_the_order_of_arrival_does_not_decide_what_is_merged(engine: sa.Engine) -> None:
    said = [
        (FTS, edition(1, 2, value=None)),
        (FTS, edition(1, 4, value={"amount": 40000, "currency": "GBP"})),
        (FTS, edition(1, 6, value={"amount": 90000, "currency": "GBP"})),
        (CF, edition(1, 5, copy(1), value={"amount": 40000, "currency": "GBP"})),
    ]
    counts = set()
    for order in list(permutations(said))[::3]:
        emptied(engine)
        for source, one in order:
            keep(engine, source, one)
        counts.add(len(stored(engine)))
    assert len(counts) == 1


def test_an_opportunity_is_taken_apart_when_a_rule_says_so(engine: sa.Engine) -> None:
    keep(engine, FTS, release(1))
    keep(engine, CF, copy(1))
    assert len(stored(engine)) == 1
    keep(engine, FTS, release(2))  # a twin: the copy could now be of either
    found = stored(engine)
    assert sorted(one.ocids for one in found) == [
        ("ocds-b5fd17-000001",), ("ocds-test01-000001",), ("ocds-test01-000002",),
    ]  # fmt: skip
    assert len({one.id for one in found}) == 3
    with engine.connect() as connection:
        assert len(duplicates.undecided(connection)) == 3
    assert database.check(engine) == []


def test_doubtful_pairs_are_noted_once_and_left_out_when_merged(engine: sa.Engine) -> None:
    keep(engine, FTS, release(1))
    later = amended(copy(1), tenderPeriod={"endDate": "2026-04-27T12:00:00Z"})
    keep(engine, CF, later)
    assert len(stored(engine)) == 2
    with engine.connect() as connection:
        (pair,) = duplicates.undecided(connection)
    assert {pair["first_source"], pair["second_source"]} == {FTS, CF}
    assert pair["reason"]
    keep(engine, CF, copy(1, id="c9", date="2026-03-09T09:00:00Z"))
    assert len(stored(engine)) == 1
    with engine.connect() as connection:
        assert duplicates.undecided(connection) == []


def decide(engine: sa.Engine, word: str) -> None:
    """A person's word on every pair, and what follows from it."""
    with database.writing(engine) as connection:
        pairs = tables.duplicate_pairs
        connection.execute(sa.update(pairs).values(decision=word))
        found = connection.execute(sa.select(pairs.c.first_id, pairs.c.second_id)).all()
        ids = {at for pair in found for at in pair}
        releases.merge_again(connection, ids, NOW, read)


def test_a_persons_merge_joins_with_the_whole_history_of_both(engine: sa.Engine) -> None:
    keep(engine, FTS, release(1), edition(1, 9, title="Harbour sound"))
    keep(engine, CF, amended(copy(1), tenderPeriod={"endDate": "2026-04-27T12:00:00Z"}))
    decide(engine, "merge")
    (one,) = stored(engine)
    assert len(one.ocids) == 2
    assert "title" in [change.field for change in one.changes]
    before = exported(engine)
    with database.writing(engine) as connection:
        (first, *_) = [row["id"] for row in rows(engine, tables.processes)]
        releases.merge_again(connection, [first], NOW, read)
    assert exported(engine) == before


def test_a_persons_merge_holds_when_further_releases_come(engine: sa.Engine) -> None:
    keep(engine, FTS, release(1))
    later = {"endDate": "2026-04-27T12:00:00Z"}
    keep(engine, CF, amended(copy(1), tenderPeriod=later))
    decide(engine, "merge")
    third = release(3, description="x", date="2026-03-04T09:00:00Z")
    keep(engine, PCS, amended(third, title="Lanterns", description="(SC Ref:829625)"))
    second = edition(1, 9, copy(1), tenderPeriod=later, description="More. (SC Ref:829625)")
    keep(engine, CF, second)
    keep(engine, FTS, edition(1, 12, title="Harbour sound"))
    assert database.check(engine) == []
    (one,) = stored(engine)
    assert len(one.ocids) == 3
    assert one.title == "Harbour sound"


def test_a_persons_apart_keeps_copies_apart_for_good(engine: sa.Engine) -> None:
    keep(engine, FTS, release(1))
    later = {"endDate": "2026-04-27T12:00:00Z"}
    keep(engine, CF, amended(copy(1), tenderPeriod=later))
    decide(engine, "apart")
    keep(engine, CF, copy(1, id="c9", date="2026-03-09T09:00:00Z"))
    assert len(stored(engine)) == 2


def subscription(engine: sa.Engine) -> int:
    with database.writing(engine) as connection:
        person = connection.execute(
            sa.insert(tables.subscribers).values(
                email="a@band.example",
                created=NOW,
                handle="h",
                language="en",
                state="active",
                rhythm="weekly",
                weekday=0,
                hour=7,
                only_new=False,
                early_mail=False,
            )
        ).inserted_primary_key
        assert person is not None
        return subscribers.subscribe(connection, person[0], Subscription())


def matched(engine: sa.Engine, at: int, ocid: str, **told: Any) -> None:
    with database.writing(engine) as connection:
        query = sa.select(tables.processes.c.opportunity_id).where(tables.processes.c.ocid == ocid)
        connection.execute(
            sa.insert(tables.matches).values(
                subscription_id=at,
                opportunity_id=connection.execute(query).scalar_one(),
                reasons=["music"],
                caveats=[],
                matched_at=NOW,
                **told,
            )
        )


TOLD = {"told_at": NOW, "told_version": 1, "told": {"version": 1}}


@pytest.mark.parametrize("heir_matched", [False, True])
def test_an_opportunity_that_is_merged_away_hands_its_matches_on(
    engine: sa.Engine, heir_matched: bool
) -> None:
    keep(engine, FTS, release(1))
    later = {"endDate": "2026-04-27T12:00:00Z"}
    keep(engine, CF, amended(copy(1, date="2026-03-03T09:00:00Z"), tenderPeriod=later))
    person = subscription(engine)
    matched(engine, person, "ocds-b5fd17-000001", **TOLD)
    if heir_matched:
        matched(engine, person, "ocds-test01-000001")
    keep(engine, CF, copy(1, id="c9", date="2026-03-09T09:00:00Z"))
    (match,) = rows(engine, tables.matches)
    (one,) = rows(engine, tables.opportunities)
    assert match["opportunity_id"] == one["id"]
    assert {name: match[name] for name in TOLD} == TOLD
    assert database.check(engine) == []


def test_awards_keep_supplier_value_start_end_and_extension(engine: sa.Engine) -> None:
    period = {"startDate": "2026-06-01T00:00:00Z", "endDate": "2027-05-31T00:00:00Z"}
    won = {
        "id": "A1",
        "status": "active",
        "value": {"amount": 38500.55, "currency": "GBP"},
        "suppliers": [{"id": "GB-COH-1", "name": "Lantern Works CIC"}],
        "contractPeriod": period,
    }
    award = edition(1, 9, lots=[{"id": 1, "renewal": {"description": "Two more years"}}])
    keep(engine, FTS, release(1), award | {"tag": ["award"], "awards": [won]})
    (one,) = stored(engine)
    (kept,) = one.awards
    assert (kept.suppliers, kept.supplier_ids) == (("Lantern Works CIC",), ("GB-COH-1",))
    assert (str(kept.value), kept.currency) == ("38500.55", "GBP")
    assert (f"{kept.start:%Y-%m-%d}", f"{kept.end:%Y-%m-%d}") == ("2026-06-01", "2027-05-31")
    assert kept.extension == "Two more years"
    assert (one.stage, one.status) == ("award", "awarded")


def hours(first: int, last: int) -> Window:
    return Window(start=NOW + first * HOUR, end=NOW + last * HOUR)


def watermark(engine: sa.Engine, *steps: tuple[str, Window]) -> Any:
    for word, window in steps:
        with database.writing(engine) as connection:
            getattr(sources, word)(connection, FTS, window)
    with engine.connect() as connection:
        found = sources.states_of(connection).get(FTS, sources.State()).watermark
    return found and (found - NOW) / HOUR


STEPS: list[tuple[list[tuple[str, Window]], float | None]] = [
    ([], None),
    ([("advance", hours(0, 6))], 6),
    ([("advance", hours(0, 6)), ("advance", hours(6, 12))], 12),
    ([("advance", hours(0, 6)), ("advance", hours(3, 9))], 9),
    ([("advance", hours(0, 6)), ("advance", hours(12, 18))], 6),
    ([("advance", hours(0, 6)), ("hold", hours(6, 12)), ("advance", hours(12, 18))], 6),
    ([("hold", hours(0, 6)), ("advance", hours(6, 12))], 0),
    ([("hold", hours(0, 6)), ("advance", hours(0, 6))], 6),
    ([("advance", hours(6, 12)), ("advance", hours(0, 6))], 12),
    ([("advance", hours(6, 12)), ("advance", hours(0, 24))], 24),
    ([("advance", hours(6, 12)), ("hold", hours(0, 6))], 12),
]


def test_a_watermark_advances_only_past_windows_stored_without_a_gap(engine: sa.Engine) -> None:
    for steps, reached in STEPS:
        emptied(engine)
        assert watermark(engine, *steps) == reached, steps


def test_a_silence_asked_for_is_remembered_beside_the_watermark(engine: sa.Engine) -> None:
    with database.writing(engine) as connection:
        sources.hush(connection, FTS, NOW + HOUR)
    assert watermark(engine, ("advance", hours(0, 6))) == 6
    with engine.connect() as connection:
        assert sources.states_of(connection)[FTS].quiet_until == NOW + HOUR


def test_after_pruning_what_was_learnt_stays_and_further_releases_build_on_it(
    engine: sa.Engine,
) -> None:
    keep(engine, FTS, release(1), edition(1, 9, title="Harbour sound"), b"[]")
    keep(engine, FTS, release(2, buyer={"name": "Fen"}, date="2028-03-01T09:00:00Z"))
    before = exported(engine)
    assert keeping.prune(engine, 24, NOW.replace(year=2028, month=6)) == 3
    assert keeping.prune(engine, 24, NOW.replace(year=2028, month=6)) == 0
    assert exported(engine) == before
    pruned = dump(engine)
    keep(engine, FTS, release(1), edition(1, 9, title="Harbour sound"), b"[]")
    assert dump(engine) == pruned, "pruned releases are recognised by their hash"
    keep(engine, FTS, edition(1, 20, title="Harbour songs"))
    (one,) = [one for one in stored(engine) if "ocds-test01-000001" in one.ocids]
    assert (one.title, one.version) == ("Harbour songs", 3)
    assert [change.new for change in one.changes] == ["Harbour sound", "Harbour songs"]


def test_pruned_copies_can_still_be_taken_apart(engine: sa.Engine) -> None:
    keep(engine, FTS, release(1))
    keep(engine, CF, copy(1))
    keeping.prune(engine, 1, NOW.replace(year=2028))
    keep(engine, FTS, release(2))
    assert database.check(engine) == []
    assert {ocid for one in stored(engine) for ocid in one.ocids} == {
        "ocds-test01-000001",
        "ocds-test01-000002",
        "ocds-b5fd17-000001",
    }


def test_what_a_release_counts_as_does_not_depend_on_its_batch(engine: sa.Engine) -> None:
    one, other = release(1), edition(1, 9, title="Harbour sound")
    apart = [keep(engine, FTS, one), keep(engine, FTS, other)]
    emptied(engine)
    together = keep(engine, FTS, one, other)
    assert (together.new, together.changed) == (
        sum(counts.new for counts in apart),
        sum(counts.changed for counts in apart),
    )


def test_a_process_with_a_young_release_is_not_pruned(engine: sa.Engine) -> None:
    young = edition(1, 9, title="Harbour sound") | {"date": "2028-03-01T09:00:00Z"}
    keep(engine, FTS, release(1), young)
    assert keeping.prune(engine, 24, NOW.replace(year=2028, month=6)) == 0


def test_reprocessing_leaves_pruned_opportunities_as_they_are(engine: sa.Engine) -> None:
    keep(engine, FTS, release(1), edition(1, 9, title="Harbour sound"))
    keeping.prune(engine, 1, NOW.replace(year=2028))
    before = exported(engine)
    done = reprocess.reprocess(engine, MODEL, NOW)
    assert (done.releases, done.pruned) == (0, 2)
    assert exported(engine) == before


def keep_judged(engine: sa.Engine, source: str, *found: dict[str, Any] | bytes) -> None:
    """Keeps releases with the judgement and place that the pipelines would give them."""
    made = batch(source, *found)
    whole = tuple(located(one) for one in judged(made.releases, MODEL))
    with database.writing(engine) as connection:
        releases.keep(connection, replace(made, releases=whole), read)


def test_reprocessing_reproduces_the_same_export(engine: sa.Engine) -> None:
    for source, one in PROCUREMENT:
        keep_judged(engine, source, one, b'{"ocid": "broken"}')
    before, whole, tables_before = exported(engine), stored(engine), dump(engine)
    done = reprocess.reprocess(engine, MODEL, NOW + HOUR)
    assert (done.releases, done.errors, done.moved) == (8, 3, [])
    assert (exported(engine), stored(engine)) == (before, whole)
    tables_after = dump(engine)
    for name in ("releases", "processes", "process_keys", "duplicate_pairs"):
        assert tables_after[name] == tables_before[name], name


def test_reprocessing_tells_which_opportunities_are_judged_otherwise(engine: sa.Engine) -> None:
    keep(engine, FTS, release(1))  # judged "arts" by the sample
    (judgement,) = MODEL.judge([one.facts.notice() for one in batch(FTS, release(1)).releases])
    done = reprocess.reprocess(engine, MODEL, NOW)
    (moved,) = done.moved
    assert (moved["title"], moved["old"]) == ("Harbour light festival", "arts")
    assert moved["new"] == judgement.relevance
    assert reprocess.reprocess(engine, MODEL, NOW).moved == []
    (one,) = stored(engine)
    assert one.judgement == judgement


def test_reprocessing_makes_anew_what_notices_are_joined_by(engine: sa.Engine) -> None:
    keep_judged(engine, FTS, release(1))
    keep_judged(engine, CF, amended(copy(2), title="Windows"))
    with database.writing(engine) as connection:
        for row in connection.execute(sa.select(tables.processes.c.id)).all():
            connection.execute(
                sa.insert(tables.process_keys).values(key="SC:999999", process_id=row.id)
            )
    reprocess.reprocess(engine, MODEL, NOW)
    assert len(stored(engine)) == 2


@contextmanager
def opened(path: pathlib.Path, server: str | None) -> Iterator[sa.Engine]:
    """The database in a backup."""
    if server is None:
        made = sa.create_engine(f"sqlite:///{path}")
        yield made
        made.dispose()
        return
    with fresh_database(server) as url:
        target = sa.make_url(url).set(drivername="postgresql").render_as_string(False)
        subprocess.run(["pg_restore", "--dbname", target, str(path)], check=True)
        yield database.connect(url)


def test_a_backup_made_during_a_write_opens_and_is_equal(
    engine: sa.Engine, tmp_path: pathlib.Path, request: pytest.FixtureRequest
) -> None:
    keep(engine, FTS, release(1), edition(1, 9, title="Harbour sound"))
    before = dump(engine)
    with database.writing(engine) as connection:
        releases.keep(connection, batch(CF, copy(4), copy(5)), read)
        path = database.backup(engine, tmp_path / "backups", NOW)
    assert path.parent == tmp_path / "backups"
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    lite = engine.dialect.name == "sqlite"
    with opened(path, None if lite else request.getfixturevalue("postgresql_server")) as copied:
        assert dump(copied) == before
        assert database.check(copied) == []
    assert dump(engine) != before


def test_a_backup_that_cannot_be_written_says_where(
    engine: sa.Engine, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "backups").write_text("a file in the way")
    with pytest.raises(StoreError, match="backups"):
        database.backup(engine, tmp_path / "backups", NOW)


def test_crawls_side_by_side_merge_into_one(engine: sa.Engine) -> None:
    work = [
        (source, edition(number, 2 + number, release(number) if source == FTS else copy(number),
                         title=f"Choir {number}"))
        for number in range(12)
        for source in (FTS, CF)
    ]  # fmt: skip
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: keep(engine, *one), work))
    found = stored(engine)
    assert len(found) == 12
    assert all(len(one.ocids) == 2 for one in found)
    assert database.check(engine) == []


def test_a_write_that_fails_leaves_nothing_behind(engine: sa.Engine) -> None:
    before = dump(engine)

    def interrupted() -> None:
        with database.writing(engine) as connection:
            releases.keep(connection, batch(FTS, release(1)), read)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        interrupted()
    assert dump(engine) == before


def test_a_sound_database_has_nothing_to_say(engine: sa.Engine) -> None:
    keep(engine, FTS, release(1))
    assert database.check(engine) == []


def test_check_finds_a_process_without_an_opportunity(engine: sa.Engine) -> None:
    keep(engine, FTS, release(1))
    with database.writing(engine) as connection:
        connection.execute(sa.update(tables.processes).values(opportunity_id=None))
    (words,) = database.check(engine)
    assert "1 processes have no opportunity" in words
    assert "tenders reprocess" in words


def test_reprocessing_makes_a_missing_opportunity_anew(engine: sa.Engine) -> None:
    keep_judged(engine, FTS, release(1))
    before = exported(engine)
    with database.writing(engine) as connection:
        connection.execute(sa.update(tables.processes).values(opportunity_id=None))
        connection.execute(sa.delete(tables.opportunities))
    reprocess.reprocess(engine, MODEL, NOW)
    assert database.check(engine) == []
    assert exported(engine) == before


def test_check_finds_rows_that_point_nowhere(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "tenders.sqlite"
    made = database.engine(f"sqlite:///{path}")
    keep(made, FTS, release(1))
    raw_connection = sqlite3.connect(path)
    raw_connection.execute("DELETE FROM opportunities")
    raw_connection.commit()
    raw_connection.close()
    assert any("points to a missing opportunities" in words for words in database.check(made))
    made.dispose()


def test_check_of_an_empty_database_says_what_to_run(empty_database_url: str) -> None:
    made = database.connect(empty_database_url)
    assert database.check(made) == ["the database is empty. Run `tenders db upgrade`."]
    assert database.upgrade(made) == database.HEAD
    assert database.check(made) == []
    assert database.upgrade(made) == database.HEAD, "upgrading again does nothing"


def test_the_migrations_lead_to_the_tables_of_this_version(engine: sa.Engine) -> None:
    vectors = {"search", "title_words", "head_words"}
    ours = vectors | {f"ix_listings_{one}" for one in vectors}

    def wanted(_: Any, name: str | None, kind: str, *__: Any) -> bool:
        if kind == "table":
            return name in tables.metadata.tables
        return name not in ours

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": wanted, "compare_type": True}
        )
        assert compare_metadata(context, tables.metadata) == []


def test_the_newest_migration_is_the_one_the_code_wants() -> None:
    names = sorted(path.stem for path in database.MIGRATIONS.glob("versions/[0-9]*.py"))
    assert names[-1].startswith(f"{database.HEAD}_")


def mark(url: str, revision: str) -> None:
    with database.connect(url).begin() as connection:
        connection.execute(
            sa.text("UPDATE alembic_version SET version_num = :to"), {"to": revision}
        )


def test_a_database_of_a_newer_schema_is_refused_and_says_how_to_go_on(database_url: str) -> None:
    database.engine(database_url)
    mark(database_url, "9999")
    for refused in (
        lambda: database.engine(database_url),
        lambda: database.upgrade(database.connect(database_url)),
    ):
        with pytest.raises(StoreError, match="9999") as caught:
            refused()
        assert "newer" in str(caught.value)
        assert "Install that version again, or restore a backup" in str(caught.value)
    assert "9999" in database.check(database.connect(database_url))[0]


def test_a_database_of_an_older_schema_says_what_to_run(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.engine(database_url)
    current = database.HEAD
    monkeypatch.setattr(database, "HEAD", "9998")
    with pytest.raises(StoreError, match=f"older schema {current}, this version needs 9998") as it:
        database.engine(database_url)
    assert "`tenders db backup`, then `tenders db upgrade`" in str(it.value)


def test_a_file_in_place_of_var_says_so(tmp_path: pathlib.Path) -> None:
    (tmp_path / "var").write_text("not a folder")
    with pytest.raises(StoreError, match="TENDERS_HOME") as caught:
        database.engine(f"sqlite:///{tmp_path / 'var' / 'tenders.sqlite'}")
    assert "var cannot be written" in str(caught.value)


@pytest.mark.parametrize("refused", ["var", "tenders.sqlite"])
def test_an_unwritable_var_says_so(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    path = tmp_path / "var" / "tenders.sqlite"
    path.parent.mkdir()
    path.touch()
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda one, mode: pathlib.Path(one).name != refused and real(one, mode)
    )
    with pytest.raises(StoreError, match="cannot be written") as caught:
        database.connect(f"sqlite:///{path}")
    assert "Give this user the right to write there" in str(caught.value)


def test_a_server_that_does_not_answer_is_said_in_words() -> None:
    url = "postgresql://tenders:geheim@127.0.0.1:9/tenders"
    with pytest.raises(StoreError, match="TENDERS_DATABASE_URL") as caught:
        database.engine(url)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("url", ["tenders", "mysql://127.0.0.1/tenders", "sqlite:/tenders", ""])
def test_an_address_that_is_none_is_said_in_words(url: str) -> None:
    with pytest.raises(StoreError, match="TENDERS_DATABASE_URL"):
        database.connect(url)


def test_a_file_that_is_no_database_is_said_in_words(tmp_path: pathlib.Path) -> None:
    garbage = tmp_path / "tenders.sqlite"
    garbage.write_bytes(b"this was a database once" * 100)
    with pytest.raises(StoreError):
        database.engine(f"sqlite:///{garbage}")


@pytest.mark.parametrize("ask", [database.check, database.upgrade])
def test_a_silent_server_is_said_in_words_whatever_is_asked(ask: Any) -> None:
    with pytest.raises(StoreError):
        ask(database.connect("postgresql://tenders@127.0.0.1:9/tenders"))


def hits(engine: sa.Engine, query: str) -> set[str]:
    with engine.connect() as connection:
        condition = search.matching(connection, query)
        return {one.title for _, one in opportunities.iterate(connection, condition)}


@pytest.fixture
def library(engine: sa.Engine) -> sa.Engine:
    """A few opportunities to search in."""
    for number, (title, description) in enumerate(
        [
            ("Harbour light festival", "Lanterns by the old harbour wall."),
            ("Pottery workshops", "Clay and glaze for older people."),
            ("Light repairs", "Street lamps; not a festival."),
            ("Theatre-in-education tour", "Schools in the fens, 50% match funding."),
        ]
    ):
        keep(engine, FTS, amended(release(number), title=title, description=description))
    return engine


FOUND = {
    "pottery": {"Pottery workshops"},
    "POTTERY": {"Pottery workshops"},
    "workshop": {"Pottery workshops"},
    "clay": {"Pottery workshops"},
    "saltmarsh pottery": {"Pottery workshops"},
    "light festival": {"Harbour light festival", "Light repairs"},
    '"light festival"': {"Harbour light festival"},
    '"festival light"': set(),
    "theatre-in-education": {"Theatre-in-education tour"},
    "pottery light": set(),
    "circus": set(),
    "light & festival": {"Harbour light festival", "Light repairs"},
    "pottery NOT light": set(),
    "pottery -light": set(),
    "-pottery": {"Pottery workshops"},
    "title:pottery": set(),
    "pot*": set(),
    "pottery NEAR/9 clay": set(),
    "pottery'; DROP TABLE opportunities; --": set(),
    "50%": {"Theatre-in-education tour"},
}


def test_search_finds_words_and_phrases_and_takes_no_operator(library: sa.Engine) -> None:
    assert {query: hits(library, query) for query in FOUND} == FOUND


def test_search_takes_or_for_a_word(library: sa.Engine) -> None:
    for query in ("pottery OR light", "pottery or light", "pottery) OR (1=1"):
        assert hits(library, query) == set(), query


def test_search_survives_a_nul(library: sa.Engine) -> None:
    assert hits(library, "\0") == set()


def test_search_follows_edits_and_deletions(library: sa.Engine) -> None:
    keep(library, FTS, amended(release(1) | {"date": "2026-03-09T09:00:00Z"}, title="Weaving week"))
    assert hits(library, "weaving") == {"Weaving week"}
    assert hits(library, "workshops") == set()
    with database.writing(library) as connection:
        ours = sa.select(tables.processes.c.opportunity_id)
        assert connection.execute(ours).all()
        connection.execute(sa.update(tables.processes).values(opportunity_id=None))
        connection.execute(sa.delete(tables.opportunities))
    assert hits(library, "weaving") == set()


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None
)
@given(
    query=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=25)
    | st.text("\"'*()^:-+&|!<> abOR\\%_{}", max_size=25)
)
def test_any_query_is_an_answer(engine: sa.Engine, query: str) -> None:
    assert hits(engine, query) == set()
