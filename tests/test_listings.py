"""What people browse by is at all times what the opportunities say, however they came about."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from release_samples import CF, FTS, JUDGEMENT, NOW, amended, keep, read, release

from crawler.bands import SHOWN_AS, shown_as
from crawler.buyers import BUYER_KINDS, kind_of
from crawler.items import ART_FORMS, OUTCOMES, STAGES, STATUSES, Place, RawRelease
from crawler.places.regions import CODES, UK
from crawler.relevance.bands import SHOWN
from crawler.store import browse, database, forgetting, listings, opportunities, releases, tables
from crawler.store.listings import BITS, WORDS, words_in
from crawler.text import key


def stored(engine: sa.Engine) -> dict[int, dict[str, Any]]:
    with engine.connect() as connection:
        rows = connection.execute(sa.select(tables.listings)).mappings()
        return {row["opportunity_id"]: dict(row) for row in rows}


def sets_of_sources(engine: sa.Engine) -> dict[int, list[str]]:
    with engine.connect() as connection:
        found = connection.execute(sa.select(tables.origins))
        return {pk: sources.split() for pk, sources in found}


def check(engine: sa.Engine) -> None:
    """Compares every listing, column by column, with what its opportunity says."""
    found, origins = stored(engine), sets_of_sources(engine)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(tables.opportunities)).all()
    assert found.keys() == {row.id for row in rows}
    for row in rows:
        mine = found[row.id]
        card = mine["card"]
        assert set(words_in(card, "regions")) == set(row.regions or ["unknown"])
        assert set(words_in(card, "art_forms")) == set(row.art_forms)
        assert set(words_in(card, "outcomes")) == set(row.outcomes)
        assert words_in(card, "stages") == (row.stage,)
        assert words_in(card, "status") == (row.status,)
        assert words_in(card, "relevance") == (shown_as(row.relevance, row.scores),)
        assert words_in(card, "buyer_kinds") == (kind_of(row.buyer_name),)
        assert origins[mine["origin"]] == sorted(row.sources)
        assert mine["buyer_key"] == key(row.buyer_name or "")
        assert mine["published"] == row.published.timestamp()
        assert mine["closes"] == (row.deadline.timestamp() if row.deadline else None)
        amounts = [one for one in (row.value_min, row.value_max) if one is not None]
        assert mine["value_low"] == (amounts[0] * 100 if amounts else None)
        assert mine["value_high"] == (amounts[-1] * 100 if amounts else None)
        code = listings.gss_code(mine["authority"]) if mine["authority"] else None
        assert code == row.authority


def copy(number: int = 1, **changed: Any) -> dict[str, Any]:
    """The sample procurement as Contracts Finder would publish it."""
    return release(number, ocid=f"ocds-b5fd17-{number:06}", id=f"c{number}") | changed


def decide(engine: sa.Engine, word: str) -> None:
    """A person's word on every pair, and what follows from it."""
    pairs = tables.duplicate_pairs
    with database.writing(engine) as connection:
        connection.execute(sa.update(pairs).values(decision=word))
        found = connection.execute(sa.select(pairs.c.first_id, pairs.c.second_id)).all()
        ids = {at for pair in found for at in pair}
        releases.merge_again(connection, ids, NOW, read)


def test_listings_follow_their_opportunities_through_every_change(engine: sa.Engine) -> None:
    second = amended(release(2), title="Pottery")
    keep(engine, FTS, release(1), second, amended(release(3), title="Dance"))
    check(engine)
    keep(engine, CF, copy(1), amended(copy(4), title="Circus"))
    check(engine)
    assert len(stored(engine)) == 4, "a copy on another portal joined the first"
    changed = amended(
        second | {"id": "later", "date": "2026-03-09T09:00:00Z"},
        title="Pottery and glass",
        status="cancelled",
        tenderPeriod={"endDate": "2026-05-01T12:00:00Z"},
        value={"amount": 12_345.67, "currency": "GBP"},
    )
    keep(engine, FTS, changed)
    check(engine)
    other = {"endDate": "2026-04-27T12:00:00Z"}
    keep(engine, CF, amended(copy(5), title="Dance", tenderPeriod=other))
    assert len(stored(engine)) == 5
    check(engine)
    for word, number in (("merge", 4), ("apart", 5)):
        decide(engine, word)
        assert len(stored(engine)) == number
        check(engine)
    with database.writing(engine) as connection:
        releases.prune(connection, NOW)
    keep(engine, FTS, second | {"id": "last", "date": "2026-03-20T09:00:00Z"})
    check(engine)


def test_listings_follow_a_new_judgement_and_place(engine: sa.Engine) -> None:
    keep(engine, FTS, release(1), release(2))
    tagged = replace(
        JUDGEMENT,
        relevance="commissionable",
        scores={"arts": 0.1, "commissionable": 0.8, "adjacent": 0.05, "none": 0.05},
        art_forms=("music", "combined"),
        outcomes=("older_people",),
    )
    place = Place(regions=("TLC", "UK"), authority="W06000015")
    with database.writing(engine) as connection:
        again = [
            (
                one.id,
                RawRelease(
                    raw=b"",
                    content_hash=one.content_hash,
                    facts=read(one.source, one.raw),
                    judgement=tagged,
                    place=place,
                ),
            )
            for one in releases.after(connection, 0, 10)
        ]
        ids = releases.rewrite(connection, again)
        releases.merge_again(connection, ids, NOW, read)
    check(engine)
    with engine.connect() as connection:
        wanted = browse.Filters(authorities=["W06000015"], art_forms=["music"], regions=["UK"])
        assert browse.find(connection, wanted, now=NOW).total == 2


def test_who_is_forgotten_is_gone_from_what_people_browse_by(engine: sa.Engine) -> None:
    address = "jane.example@saltmarsh.example"
    told = amended(release(1), title=f"Pottery, ask {address}")
    keep(engine, FTS, told | {"buyer": {"id": "GB-1", "name": f"Council ({address})"}})
    assert "jane" in {word for one in stored(engine).values() for word in one["buyer_key"].split()}
    with database.writing(engine) as connection:
        done = forgetting.sweep_table(connection, "opportunities", lambda one: one == address)
    assert done == 1
    check(engine)
    with engine.connect() as connection:
        assert "jane" not in repr(connection.execute(sa.text("SELECT * FROM words")).all())
        assert browse.find(connection, browse.Filters(q="jane"), now=NOW).total == 0
        assert browse.find(connection, browse.Filters(q="pottery"), now=NOW).total == 1


def test_listings_can_be_made_anew_for_some_or_all(engine: sa.Engine) -> None:
    keep(engine, FTS, release(1), release(2), copy(3))
    before = stored(engine)
    one = min(before)
    with database.writing(engine) as connection:
        connection.execute(sa.update(tables.listings).values(card=0, buyer_key="", published=0))
        listings.renew(connection, [one, 10**9])
    damaged = stored(engine)
    assert damaged[one] == before[one]
    assert damaged[max(before)] != before[max(before)]
    with database.writing(engine) as connection:
        connection.execute(sa.delete(tables.listings))
        listings.renew(connection)
    assert stored(engine) == before


def upgraded(engine: sa.Engine, revision: str) -> None:
    """Brings an empty database to an older schema."""
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def plain(key: str, title: str) -> dict[str, Any]:
    """An opportunity as a row, without asking any code what rows look like."""
    empty = ("ocids", "cpv", "lots", "urls", "reasons", "outcomes")
    moments = ("published", "updated", "first_seen")
    return {
        **{name: [] for name in empty},
        **dict.fromkeys(moments, NOW),
        "key": key,
        "title": title,
        "description": "Clay and glaze.",
        "sources": [FTS],
        "stage": "tender",
        "status": "open",
        "relevance": "arts",
        "scores": JUDGEMENT.scores,
        "art_forms": ["music"],
        "regions": ["TLD"],
        "authority": "E08000003",
        "place_reason": "",
        "version": 1,
    }


def test_an_upgrade_fills_listings_and_words_from_what_is_stored(
    empty_database_url: str,
) -> None:
    engine = database.connect(empty_database_url)
    upgraded(engine, "0004")
    with database.writing(engine) as connection:
        rows = [plain(f"n{at}", "Puppetry" if at else "Pottery") for at in range(1500)]
        connection.execute(sa.insert(tables.opportunities), rows)
    database.upgrade(engine)
    check(engine)
    asked = browse.Filters(q="pupetry", regions=["TLD"], art_forms=["music"])
    with engine.connect() as connection:
        found = browse.find(connection, asked, now=NOW, counts=True)
        assert browse.find(connection, browse.Filters(q="glaze pottery"), now=NOW).total == 1
    assert (found.suggestion, found.corrected, found.total) == ("puppetry", True, 1499)
    assert found.facets["authorities"] == {"E08000003": 1499}
    engine.dispose()


def test_the_places_of_bits_are_part_of_the_schema() -> None:
    """Whoever changes this needs a migration that calls `listings.renew`."""
    assert [len(words) for words in WORDS.values()] == [5, 4, 5, 8, 14, 8, 8]
    assert [next(iter(bits.values())).bit_length() for bits in BITS.values()] == [
        1, 6, 10, 15, 23, 37, 45,
    ]  # fmt: skip
    bits = [bit for words in BITS.values() for bit in words.values()]
    assert len(bits) == len(set(bits)) == 52
    assert sum(bits) == 2**52 - 1
    assert list(WORDS.values())[:4] == [SHOWN_AS, STAGES, STATUSES, BUYER_KINDS]
    assert list(WORDS.values())[5:] == [ART_FORMS, OUTCOMES]
    assert WORDS["regions"] == (*CODES, UK, "unknown")


@pytest.mark.parametrize("code", ["E07000081", "W06000015", "S12000036", "N09000003", "K02000001"])
def test_a_gss_code_survives_being_a_number(code: str) -> None:
    assert listings.gss_code(listings.gss_number(code)) == code


@pytest.mark.parametrize("code", [None, "", "Bristol", "e07000081", "E0700008", "E٠٧٠٠٠٠٨١"])
def test_what_is_no_gss_code_is_no_number(code: str | None) -> None:
    assert listings.gss_number(code) == 0


def test_what_a_notice_is_shown_as() -> None:
    def scores(arts: float, commissionable: float, adjacent: float) -> dict[str, float]:
        rest = 1 - arts - commissionable - adjacent
        said = {"arts": arts, "commissionable": commissionable, "adjacent": adjacent}
        return said | {"none": rest}

    assert shown_as("arts", scores(SHOWN, 0, 0)) == "arts"
    assert shown_as("commissionable", scores(0.2, 0.4, 0)) == "commissionable"
    assert shown_as("none", scores(0.2, 0.31, 0)) == "commissionable"
    assert shown_as("adjacent", scores(0.28, 0.24, 0.4)) == "arts"
    assert shown_as("adjacent", scores(0.1, 0.1, 0.7)) == "adjacent"
    assert shown_as("arts", scores(0.4, 0.05, 0.1)) == "review"
    assert shown_as("none", scores(0.01, 0.01, 0.02)) == "none"
    assert shown_as(None, None) == "none"


def test_the_timeline_tells_of_every_release_and_what_it_changed(engine: sa.Engine) -> None:
    documents = [{"noticeType": "UK4", "url": "https://portal.example/notice/1"}]
    first = amended(release(1), documents=documents)
    later = {"id": "later", "date": "2026-03-09T09:00:00Z", "tag": ["tenderUpdate"]}
    keep(engine, FTS, first, amended(first | later, title="Harbour sound"))
    keep(engine, CF, copy(1, date="2026-03-03T09:00:00Z"))
    with engine.connect() as connection:
        ((pk, one),) = list(opportunities.iterate(connection))
        events = browse.timeline(connection, pk, one.changes)
        published = browse.releases_of(connection, one.id)
    assert [(event.source, event.tags) for event in events] == [
        (FTS, ("tenderUpdate",)),
        (CF, ("tender",)),
        (FTS, ("tender",)),
    ]
    assert [change.field for change in events[0].changes] == ["title"]
    assert events[0].at.day == 9
    assert events[2].changes == ()
    assert events[0].url is not None
    assert [(json.loads(each.raw or b"")["id"], each.source) for each in published] == [
        ("000001-2026", FTS),
        ("c1", CF),
        ("later", FTS),
    ]
    with database.writing(engine) as connection:
        releases.prune(connection, NOW)
        assert [event.tags for event in browse.timeline(connection, pk, one.changes)] == [
            (),
            (),
            (),
        ]
        assert browse.timeline(connection, pk, one.changes)[0].changes == events[0].changes
        assert all(each.raw is None for each in browse.releases_of(connection, one.id))
