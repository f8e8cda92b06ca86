"""Which e-tendering portal an authority uses, kept with its evidence."""

from __future__ import annotations

import itertools
import json
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from crawling import environment, run
from release_samples import CF, FTS, amended, batch, dump, read, release

from crawler.bids import Mention, PageFact, UsedPortal
from crawler.contacts import bidding
from crawler.jobs import upgrading
from crawler.jobs.reprocess import reprocess
from crawler.relevance import in_force
from crawler.store import bidding as bids
from crawler.store import database, opportunities, releases, tables

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
BARNSLEY = "E08000016"
TENDERS = [sys.executable, "-m", "crawler.cli"]
CHEST = "Bids only through https://www.the-chest.org.uk/ please."
PROCONTRACT = "The Chest (ProContract)"
DELTA = "Bids through www.delta-esourcing.com please."


def notice(number: int, said: str, buyer: str = "Barnsley Council", **more: Any) -> dict[str, Any]:
    party = {"id": "GB-1", "name": buyer, "roles": ["buyer"]}
    own = {"buyer": {"id": "GB-1", "name": buyer}, "parties": [party]}
    return amended(release(number, **own, **more), description=said, title=f"Mural {number}")


def take(engine: sa.Engine, *found: dict[str, Any], source: str = FTS) -> None:
    with database.writing(engine) as connection:
        counts = releases.keep(connection, batch(source, *found), read)
        bids.remember(connection, counts.written, bidding.mention)


def used(engine: sa.Engine, *codes: str) -> list[UsedPortal]:
    with engine.connect() as connection:
        return bids.used_by(connection, codes)


def test_notices_are_counted_and_the_earliest_is_the_evidence(engine: sa.Engine) -> None:
    first = notice(1, CHEST, date="2026-03-01T09:00:00Z")
    take(engine, first, notice(2, CHEST, date="2026-03-09T09:00:00Z"), notice(3, DELTA))
    chest, delta = used(engine, BARNSLEY)
    assert (chest.portal, chest.notices, chest.basis) == ("The Chest (ProContract)", 2, "notices")
    assert chest.site == "the-chest.org.uk"
    assert "000001-2026" in chest.evidence
    assert (chest.first_seen.day, chest.last_seen.day) == (1, 9)
    assert (delta.portal, delta.notices) == ("Delta eSourcing", 1)


def test_any_order_and_twice_come_to_the_same(engine: sa.Engine) -> None:
    told = [
        notice(1, CHEST),
        notice(1, DELTA, id="000009-2026", date="2026-03-05T09:00:00Z", tag=["tenderUpdate"]),
        notice(2, CHEST, date="2026-02-01T09:00:00Z"),
    ]
    outcomes = set()
    for order in itertools.permutations(told):
        for one in order:
            take(engine, one)
        take(engine, *order)
        outcomes.add(tuple(used(engine)))
        with database.writing(engine) as connection:
            for table in reversed(tables.metadata.sorted_tables):
                connection.execute(sa.delete(table))
    assert len(outcomes) == 1
    assert {(one.portal, one.notices) for one in outcomes.pop()} == {
        ("The Chest (ProContract)", 1),
        ("Delta eSourcing", 1),
    }


def test_what_is_merged_into_another_counts_once(engine: sa.Engine) -> None:
    both = notice(1, CHEST)
    take(engine, both)
    take(engine, both | {"ocid": "ocds-other-1", "id": "x"}, source=CF)
    take(engine, notice(7, CHEST))
    with engine.connect() as connection:
        count = len(list(opportunities.iterate(connection)))
    (chest,) = used(engine, BARNSLEY)
    assert chest.notices == count
    with database.writing(engine) as connection:
        (loser, heir) = (
            connection.execute(
                sa.select(tables.opportunities.c.id).order_by(tables.opportunities.c.id)
            )
            .scalars()
            .all()[:2]
        )
        connection.execute(
            sa.update(tables.processes)
            .where(tables.processes.c.opportunity_id == loser)
            .values(opportunity_id=heir)
        )
        opportunities.retire(connection, loser, heir)
    assert [one.notices for one in used(engine, BARNSLEY)] == [count - 1]


@pytest.mark.parametrize(
    ("buyer", "said", "wanted"),
    [
        ("Barnsley Council", "Nothing of portals", None),
        ("Barnsley Hospital NHS Foundation Trust", CHEST, (None, PROCONTRACT)),
        ("Barnsley College", CHEST, (None, PROCONTRACT)),
        (None, CHEST, None),
        ("Barnsley Council", "Write to bids@the-chest.org.uk", None),
        ("Barnsley Council", CHEST, (BARNSLEY, PROCONTRACT)),
    ],
)
def test_nothing_is_invented(
    buyer: str | None, said: str, wanted: tuple[str | None, str] | None
) -> None:
    found = bidding.mention(buyer, (), said)
    assert ((found.authority, found.portal) if found else None) == wanted


def test_facts_from_pages_follow_the_shipped_table(engine: sa.Engine) -> None:
    fact = PageFact(authority=BARNSLEY, portal="YORtender", page="https://x.example/a")
    other = PageFact(authority="E06000010", portal="YORtender", page="https://y.example/b")
    with database.writing(engine) as connection:
        assert not bids.shipped(connection, [fact, other])
        bids.ship(connection, [fact, other], NOW)
        assert bids.shipped(connection, [other, fact])
        before = bids.used_by(connection)
        bids.ship(connection, [fact, other], NOW.replace(day=9))
        assert bids.used_by(connection) == before
        moved = PageFact(authority=BARNSLEY, portal="YORtender", page="https://x.example/new")
        assert not any(bids.shipped(connection, facts) for facts in ([moved, other], [fact], []))
        bids.ship(connection, [moved], NOW.replace(day=9))
        (left,) = bids.used_by(connection)
    assert (left.evidence, left.basis, left.notices) == ("https://x.example/new", "page", 0)
    assert (left.first_seen.day, left.last_seen.day) == (1, 9)


def test_a_notice_that_says_otherwise_now_is_taken_back(engine: sa.Engine) -> None:
    take(engine, notice(1, CHEST))
    with database.writing(engine) as connection:
        bids.remember_all(
            connection, lambda *_: Mention(authority=BARNSLEY, portal="Other", site="o.example")
        )
    assert [one.portal for one in used(engine)] == ["Other"]
    with database.writing(engine) as connection:
        bids.remember_all(connection, lambda *_: None)
    assert used(engine) == []


def test_reprocess_finds_what_an_older_version_did_not_keep(
    engine: sa.Engine, tmp_path: Any
) -> None:
    with database.writing(engine) as connection:
        releases.keep(connection, batch(FTS, notice(1, CHEST)), read)
    assert used(engine) == []
    model = in_force(tmp_path)
    reprocess(engine, model, NOW)
    names = {(one.portal, one.basis) for one in used(engine, BARNSLEY)}
    assert names == {("The Chest (ProContract)", "notices"), ("YORtender", "page")}
    before = dump(engine)
    reprocess(engine, model, NOW.replace(day=20))
    assert dump(engine)["bid_portals"] == before["bid_portals"]


def test_the_command_lists_them_with_their_evidence(tmp_path: Any) -> None:
    env = environment(tmp_path)
    done = run([*TENDERS, "contacts", "portals", "--json", "--authority", BARNSLEY], env)
    assert done.returncode == 0, done.stderr
    (line,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (line["portal"], line["basis"]) == ("YORtender", "page")
    assert line["evidence"].startswith("https://www.barnsley.gov.uk/")
    assert line["authority_name"]
    table = run([*TENDERS, "contacts", "portals", "--authority", "E07000081"], env)
    assert "No portal is known yet" in table.stdout


def test_an_upgrade_fills_in_what_an_older_schema_did_not_keep(engine: sa.Engine) -> None:
    take(engine, notice(1, CHEST), notice(2, CHEST, "Barnsley College"))

    def named() -> list[str]:
        with engine.connect() as connection:
            return [portal for portal, _ in bids.named_by(connection, "Barnsley College")]

    assert named() == [PROCONTRACT]
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    with engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0020")
    assert named() == []
    assert upgrading.upgrade(engine) == database.HEAD
    assert named() == [PROCONTRACT]
    assert [one.portal for one in used(engine)] == [PROCONTRACT]
