"""What is coming, as it is kept and found: with the notices, in their transaction, by day."""

from __future__ import annotations

import pathlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import digest_samples as samples
import sqlalchemy as sa
from release_samples import CF, FTS, amended, batch, read, release

from crawler.items import Award
from crawler.jobs.reprocess import reprocess
from crawler.opportunity import Opportunity
from crawler.partners.signs import signs
from crawler.relevance import in_force
from crawler.store import coming, database, opportunities, releases
from crawler.store.coming import Coming
from crawler.store.coming_sources import KINDS
from crawler.store.early_tables import gatherings, relets
from crawler.store.filters import Filters
from crawler.store.tables import processes

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def take(engine: sa.Engine, *found: dict[str, Any], source: str = FTS) -> None:
    with database.writing(engine) as connection:
        counts = releases.keep(connection, batch(source, *found), read)
        coming.remember(connection, counts.written, signs)


def award(number: int = 1, end: str = "2027-03-31T00:00:00Z", **more: Any) -> dict[str, Any]:
    period = {"startDate": "2024-04-01T00:00:00Z", "endDate": end}
    won = {
        "id": "1",
        "status": "active",
        "suppliers": [{"id": "S", "name": "Anchor Theatre"}],
        "value": {"amount": 420_000, "currency": "GBP"},
        "contractPeriod": period,
    }
    given = {"id": f"{number:06}-2026", "tag": ["award"], "awards": [won | more]}
    return release(number, **given)


def ends(engine: sa.Engine) -> list[tuple[date, date, list[str]]]:
    with engine.connect() as connection:
        rows = connection.execute(sa.select(relets).order_by(relets.c.earliest, relets.c.id))
        return [(row.earliest, row.latest, row.incumbents) for row in rows]


def test_what_a_notice_says_is_kept_with_it(engine: sa.Engine) -> None:
    take(engine, award())
    assert ends(engine) == [(date(2027, 3, 31), date(2027, 3, 31), ["Anchor Theatre"])]
    take(engine, award())
    assert len(ends(engine)) == 1


def test_an_award_that_is_cancelled_takes_its_window_away(engine: sa.Engine) -> None:
    take(engine, award())
    later = {"id": "000009-2026", "date": "2026-03-20T09:00:00Z", "tag": ["awardCancellation"]}
    take(engine, award() | later)
    assert ends(engine) == []


def test_a_later_award_says_a_later_end(engine: sa.Engine) -> None:
    take(engine, award())
    later = {"id": "000009-2026", "date": "2026-03-20T09:00:00Z", "tag": ["awardUpdate"]}
    take(engine, award(end="2028-03-31T00:00:00Z") | later)
    assert [one[0] for one in ends(engine)] == [date(2028, 3, 31)]


def test_copies_on_two_portals_are_one_contract(engine: sa.Engine) -> None:
    take(engine, award())
    take(engine, award() | {"id": "other"}, source=CF)
    assert len(ends(engine)) == 1


def test_everything_anew_comes_to_the_same(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    words = "A webinar is on 14 May 2026 at 10am via Teams. An artist-led festival of light."
    call = amended(release(2, tag=["planning"]), description=words)
    take(engine, award(), call)
    with engine.connect() as connection:
        before = [
            connection.execute(sa.select(t.c.opportunity_id, *t.c[2:])).all()
            for t in (relets, gatherings)
        ]
    assert [len(rows) for rows in before] == [1, 1]
    with database.writing(engine) as connection:
        connection.execute(sa.delete(relets))
        connection.execute(sa.update(gatherings).values(place="elsewhere"))
    reprocess(engine, in_force(tmp_path), NOW)
    with engine.connect() as connection:
        after = [
            connection.execute(sa.select(t.c.opportunity_id, *t.c[2:])).all()
            for t in (relets, gatherings)
        ]
    assert after == before


def test_what_is_removed_leaves_nothing_behind(engine: sa.Engine) -> None:
    take(engine, award(1), award(2))
    with database.writing(engine) as connection:
        first, second = connection.execute(sa.select(relets.c.opportunity_id)).scalars().all()
        connection.execute(sa.update(processes).values(opportunity_id=first))
        opportunities.retire(connection, second, first)
    assert len(ends(engine)) == 1


def store(engine: sa.Engine, *found: Opportunity) -> None:
    with database.writing(engine) as connection:
        entries = [opportunities.Entry(None, one) for one in found]
        ids = opportunities.save(connection, entries, NOW)
        coming.remember(connection, dict(zip(ids, found, strict=True)), signs)


def look(engine: sa.Engine, **more: Any) -> list[Coming]:
    with engine.connect() as connection:
        given = {"filters": Filters(), "now": NOW} | more
        return list(coming.find(connection, **given).items)


def some() -> list[Opportunity]:
    webinar = "A webinar is on 14 May 2026 at 10am via Teams."
    plan = samples.opportunity(
        1, stage="planning", status="unknown", description=webinar, deadline=NOW + 20 * DAY,
        published=NOW - DAY, updated=NOW,
    )  # fmt: skip
    undated = samples.opportunity(
        2, stage="planning", status="unknown", deadline=None, published=NOW - DAY
    )
    decision = samples.opportunity(
        3, stage="planning", status="unknown", deadline=NOW + 9 * DAY, sources=("moderngov",),
        published=NOW - DAY,
    )  # fmt: skip
    held = Award(id="a", suppliers=("Anchor Theatre",), start=NOW - 700 * DAY, end=NOW + 200 * DAY)
    won = samples.opportunity(
        4, stage="award", status="awarded", awards=(held,), published=NOW - 700 * DAY
    )
    return [plan, undated, decision, won]


def test_the_soonest_comes_first_and_what_has_no_day_last(engine: sa.Engine) -> None:
    store(engine, *some())
    found = look(engine)
    assert [one.kind for one in found] == ["decision", "plan", "contract", "meeting", "plan"]
    assert found[3].gathering is not None
    assert found[3].gathering.place == "Microsoft Teams" or found[3].gathering.online
    # It ends in October, and its buyer may ask around already.
    assert found[2].relet is not None
    assert found[2].relet.incumbents == ("Anchor Theatre",)
    assert (found[2].act, found[2].at) == (NOW.date(), (NOW + 200 * DAY).date())
    assert found[4].at is None


def test_contracts_come_by_when_to_act_and_not_by_their_end(engine: sa.Engine) -> None:
    def ending(number: int, days: int) -> Opportunity:
        held = Award(id="a", start=NOW - 700 * DAY, end=NOW + days * DAY)
        return samples.opportunity(
            number, stage="award", status="awarded", awards=(held,), published=NOW - 700 * DAY
        )

    store(engine, ending(5, 500), ending(6, 260), ending(7, 100), *some()[:1], ending(8, 900))
    found = look(engine)
    assert [one.hit.id for one in found if one.kind == "contract"] == [
        samples.opportunity(number).id for number in (7, 6, 5, 8)
    ]
    # Those to act on now stand in this month, after what has a day in it; the rest in theirs.
    assert [one.kind for one in found] == [
        "plan", "contract", "contract", "meeting", "contract", "contract",
    ]  # fmt: skip
    assert found[4].act == (NOW + 230 * DAY).date()


def test_pages_kinds_and_counts(engine: sa.Engine) -> None:
    store(engine, *some())
    with engine.connect() as connection:
        first = coming.find(connection, Filters(), now=NOW, limit=2)
        second = coming.find(connection, Filters(), now=NOW, limit=2, offset=2)
        third = coming.find(connection, Filters(), now=NOW, limit=2, offset=4)
    assert [len(first.items), len(second.items), len(third.items)] == [2, 2, 1]
    assert [first.more, second.more, third.more] == [True, True, False]
    assert dict(first.counts) == {"meeting": 1, "plan": 2, "decision": 1, "contract": 1}
    assert [one.kind for one in look(engine, kinds=("contract",))] == ["contract"]
    assert set(first.counts) == set(KINDS)


def test_filters_narrow_every_kind(engine: sa.Engine) -> None:
    store(engine, *some())
    assert len(look(engine, filters=Filters(regions=("TLE",)))) == 5
    assert look(engine, filters=Filters(regions=("TLM",))) == []
    assert look(engine, filters=Filters(relevance=("none",))) == []
    assert look(engine, filters=Filters(authorities=("E09000001",))) == []


def test_what_is_over_is_not_coming(engine: sa.Engine) -> None:
    plan, undated, decision, won = some()
    past = Award(id="a", start=NOW - 700 * DAY, end=NOW - DAY)
    far = Award(id="a", start=NOW - 10 * DAY, end=NOW + 2000 * DAY)
    store(
        engine,
        replace(plan, published=NOW - 400 * DAY, deadline=NOW - 380 * DAY, description=""),
        replace(undated, status="cancelled"),
        replace(decision, deadline=NOW - 2 * DAY),
        replace(won, awards=(past,)),
        replace(won, id="k00000000009", ocids=("ocds-9",), awards=(far,)),
    )
    assert look(engine) == []


def test_a_call_that_is_open_is_no_contract_yet(engine: sa.Engine) -> None:
    period = {"start": NOW + 60 * DAY, "end": NOW + 400 * DAY}
    store(engine, samples.opportunity(1, title="Workshops", deadline=NOW + 9 * DAY, **period))
    assert look(engine) == []
    assert [one.kind for one in look(engine, now=NOW + 10 * DAY)] == ["contract"]


def test_extended_contracts_count_to_their_latest_end(engine: sa.Engine) -> None:
    held = Award(id="a", start=NOW - 700 * DAY, end=NOW - 10 * DAY, extension="extend by 12 months")
    store(engine, replace(some()[3], awards=(held,)))
    (one,) = look(engine)
    assert one.relet is not None
    assert one.at == one.relet.latest
    assert one.relet.earliest < NOW.date() < one.relet.latest


def test_of_what_nobody_is_shown_nothing_is_kept(engine: sa.Engine) -> None:
    (_, _, _, won) = some()
    store(engine, replace(won, judgement=samples.judged("none")))
    assert ends(engine) == []


def test_a_plan_says_when_its_tender_is_expected(engine: sa.Engine) -> None:
    plan = samples.opportunity(
        1, stage="planning", status="unknown", deadline=None, published=NOW - 500 * DAY,
        expected=NOW + 40 * DAY,
    )  # fmt: skip
    over = replace(plan, id="k00000000002", ocids=("ocds-2",), expected=NOW - 40 * DAY)
    heard = replace(plan, id="k00000000003", ocids=("ocds-3",), deadline=NOW + 5 * DAY)
    store(engine, plan, over, heard)
    found = look(engine)
    assert [(one.hit.id, one.expected) for one in found] == [
        ("k00000000003", False), ("k00000000001", True),
    ]  # fmt: skip
    assert found[1].at == (NOW + 40 * DAY).date()
    with engine.connect() as connection:
        page = coming.find(connection, Filters(), now=NOW)
    assert page.counts["plan"] == 2


def test_the_expected_tender_and_the_engagement_are_read_from_the_notice(
    engine: sa.Engine,
) -> None:
    engagement = {
        "id": "1",
        "type": "engagement",
        "dueDate": "2026-04-30T12:00:00Z",
        "description": "A webinar on 16 April 2026 at 2pm via Teams.",
    }
    plan = amended(
        release(3, tag=["planning"], planning={"milestones": [engagement]}),
        status="planned",
        communication={"futureNoticeDate": "2026-07-01T00:00:00+01:00"},
    )
    take(engine, plan)
    with engine.connect() as connection:
        ((pk, one),) = opportunities.iterate(connection)
        assert one.expected == datetime(2026, 6, 30, 23, tzinfo=UTC)
        assert one.description.endswith("A webinar on 16 April 2026 at 2pm via Teams.")
        (met,) = coming.signs_of(connection, pk).gatherings
    assert (met.day, met.online) == (date(2026, 4, 16), True)
    moved = amended(plan, communication={"futureNoticeDate": "2026-09-01T00:00:00+01:00"})
    take(engine, moved | {"id": "000009-2026", "date": "2026-03-20T09:00:00Z"})
    with engine.connect() as connection:
        ((_, one),) = opportunities.iterate(connection)
    assert [(change.field, change.material) for change in one.changes] == [("expected", False)]
