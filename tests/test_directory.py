"""Possible partners in memory: who is found where, and that nobody is named who does not agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from partner_samples import ADA, DAY, HULL, entry_of
from web_app import NOW

from crawler.jobs import directory, partnering
from crawler.jobs.directory import Body, Directory, Newest
from crawler.opportunity import Opportunity
from crawler.store import database, forgetting, membership, organisations
from crawler.store.organisations import Mark, Organisation, tags
from crawler.store.subscribers import Subscriber
from crawler.store.suppliers import Win

MUSIC = tags(("music",))
LEEDS, YORK = "E08000035", "E06000014"


def body(number: int, **more: Any) -> Organisation:
    given: dict[str, Any] = {
        "key": f"key{number:09}", "name": f"Band {number}", "name_key": f"band {number}",
        "id": number, "art_forms": ("music",), "authority": HULL, "region": "TLE",
        "sources": ("A list",), **more,
    }  # fmt: skip
    return Organisation(**given)


def names(found: list[Body]) -> list[str]:
    return [one.organisation.name for one in found]


def test_the_nearest_come_first_then_who_won_most(engine: sa.Engine) -> None:
    bodies = [
        body(1, authority=YORK, wins=9),
        body(2, standing=10),
        body(3, wins=2),
        body(4, wins=2, standing=50),
        body(5, art_forms=("visual",), wins=50),
        body(6, authority=LEEDS, wins=99),
        body(7, authority=None, region="TLF"),
        body(8, standing=10, key="key000000000"),
    ]
    known = Directory(bodies, (), ())
    tiers = ((HULL,), (YORK, "E06000011"))
    with engine.connect() as connection:

        def around(**asked: Any) -> list[str]:
            return names(known.around(connection, card=MUSIC, **asked))

        assert around(tiers=tiers, limit=9) == ["Band 4", "Band 3", "Band 8", "Band 2", "Band 1"]
        assert around(tiers=tiers, limit=2) == ["Band 4", "Band 3"]
        assert around(regions=("TLF",), limit=9) == ["Band 7"]
        assert around(tiers=((YORK,),), regions=("TLE",), limit=3) == ["Band 1", "Band 6", "Band 4"]
        assert around(tiers=(("E07000081",),), limit=9) == []
        assert around(limit=9) == []
        assert names(Directory((), (), ()).around(connection, tiers=tiers, card=1, limit=9)) == []


def test_what_somebody_won_goes_with_them(engine: sa.Engine) -> None:
    def win(id: str, form: str) -> Win:  # noqa: A002
        card = tags((form,))
        return Win(
            id=id, title=id, buyer_key="", card=card, regions=(), art_forms=(form,), outcomes=()
        )

    known = Directory([body(1), body(2)], (), [(2, win("new", "visual")), (2, win("old", "music"))])
    with engine.connect() as connection:
        found = known.around(connection, tiers=((HULL,),), card=MUSIC, limit=9)
        won = [[past.id for past in one.candidate.won] for one in found]
        assert won == [[], ["new", "old"]]
        assert names(known.winners(MUSIC, (), 9)) == ["Band 2"]
        assert names(known.winners(tags(("dance",)), (), 9)) == []
        assert names(known.winners(MUSIC, ("TLE",), 9)) == []


@pytest.fixture
def everybody(engine: sa.Engine, ada: Subscriber) -> Directory:
    """The directory as it was while Ada agreed."""
    with database.writing(engine) as connection:
        organisations.add(connection, [body(900)])
    with engine.connect() as connection:
        known = directory.read(connection)
        mark, *others = known._own
    assert isinstance(mark, Mark)
    assert not others
    return known


def shown(engine: sa.Engine, known: Directory, card: int = -1) -> list[list[str]]:
    """Who is found around Hull, in its region, and among those who are open."""
    with engine.connect() as connection:
        return [
            names(known.around(connection, tiers=((HULL,),), card=card, limit=9)),
            names(known.around(connection, regions=("TLE",), card=card, limit=9)),
            names(known.open_ones(connection, 9)),
        ]


def test_people_come_first_and_only_by_what_they_do(
    engine: sa.Engine, everybody: Directory
) -> None:
    both, own = ["Paper Lantern Theatre", "Band 900"], ["Paper Lantern Theatre"]
    assert shown(engine, everybody) == [both, both, own]
    assert shown(engine, everybody, MUSIC) == [["Band 900"], ["Band 900"], own]


def _withdraw(engine: sa.Engine, person: Subscriber) -> None:
    partnering.withdraw(engine, person, origin="test", network=None, now=NOW)


def _stop(engine: sa.Engine, person: Subscriber) -> None:
    with database.writing(engine) as connection:
        membership.stop(connection, person.id)


def _pause(engine: sa.Engine, person: Subscriber) -> None:
    with database.writing(engine) as connection:
        membership.pause(connection, person.id, NOW + DAY)


@pytest.mark.parametrize("leave", [_withdraw, _stop, _pause])
def test_who_left_is_named_by_no_copy_in_memory(
    engine: sa.Engine,
    everybody: Directory,
    ada: Subscriber,
    leave: Callable[[sa.Engine, Subscriber], None],
) -> None:
    leave(engine, ada)
    assert shown(engine, everybody) == [["Band 900"], ["Band 900"], []]


def test_a_copy_in_memory_holds_nothing_that_somebody_wrote(
    engine: sa.Engine, everybody: Directory, ada: Subscriber
) -> None:
    entry = entry_of(engine, ada)
    assert entry is not None
    held = repr(vars(everybody)) + repr(everybody._bodies)
    for words in (entry.name, entry.pitch, ADA, entry.key):
        assert words
        assert words not in held


def test_the_newest_is_read_again_after_each_change_and_only_then(
    engine: sa.Engine, work: Opportunity, ada: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = Newest()

    def now() -> Directory:
        with engine.connect() as connection:
            return newest.of(connection)

    def changed(do: Callable[[sa.Connection], object]) -> bool:
        before = now()
        with database.writing(engine) as connection:
            do(connection)
        return now() is not before

    one = body(900)
    assert not changed(lambda _: None)
    assert changed(lambda c: organisations.add(c, [one]))
    with engine.connect() as connection:
        (pk,) = organisations.ids_of(connection, [one.key]).values()
    assert changed(lambda c: organisations.change(c, [body(pk, name="Brass Band")]))
    assert changed(lambda c: organisations.remove(c, [pk]))
    assert not changed(lambda c: organisations.remove(c, [pk]))
    assert changed(lambda c: organisations.withdraw(c, ada.id))
    assert not changed(lambda c: organisations.withdraw(c, ada.id))
    assert changed(lambda c: organisations.add(c, [body(901, name="robin@reed.example Band")]))
    gone = {"robin@reed.example"}.__contains__
    assert changed(lambda c: forgetting.sweep_table(c, "organisations", gone))
    assert not changed(lambda c: forgetting.sweep_table(c, "organisations", gone))
    hour = directory._FRESH.total_seconds()
    real = directory.time.monotonic
    before = now()
    monkeypatch.setattr(directory.time, "monotonic", lambda: real() + hour - 60)
    assert now() is before
    monkeypatch.setattr(directory.time, "monotonic", lambda: real() + hour + 60)
    assert now() is not before


def test_who_paused_takes_nobodys_place(engine: sa.Engine, everybody: Directory) -> None:
    crowd = [Mark(10_000 + number, HULL, "TLE", -1) for number in range(30)]
    known = Directory((), [*crowd, *everybody._own], ())
    with engine.connect() as connection:
        found = [
            known.open_ones(connection, 1),
            known.around(connection, tiers=((HULL,),), card=-1, limit=1),
        ]
    assert [names(one) for one in found] == [["Paper Lantern Theatre"]] * 2
