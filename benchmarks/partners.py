"""Possible partners: taking a list in, and naming some beside an opportunity.

    python benchmarks/partners.py [BODIES]

Makes up a list of about `BODIES` bodies (8,000), a fifth of them named twice, takes it in and takes
it in again, and then asks who could deliver each of 200 made-up opportunities. Beside that: a bare
insert of the same entries, and a bare query for the bodies of one authority. Processor time.
"""

from __future__ import annotations

import csv
import io
import pathlib
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import sqlalchemy as sa

from crawler.items import ART_FORMS, OUTCOMES, Buyer, Judgement, Place
from crawler.jobs import directory, suggesting
from crawler.jobs import organisations as jobs
from crawler.opportunity import Opportunity
from crawler.partners.lists import COLUMNS
from crawler.places.authorities import authorities
from crawler.store import database, organisations
from crawler.store.organisations import Search
from crawler.store.partner_tables import organisations as table

T = TypeVar("T")
_KINDS = ("Theatre", "Music", "Dance", "Visual arts", "Museum: Local history", "Literature")
_WORDS = ("Harbour", "Mill", "Lantern", "Ferry", "Kite", "Rope", "Quarry", "Orchard", "Signal")
_NOUNS = ("Arts Centre", "Players", "Museum", "Choir", "Studio", "Dance Company", "Trading Ltd")
_NOW = datetime(2026, 11, 27, tzinfo=UTC)


def main() -> None:
    """Prints what each took."""
    bodies = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    chance = random.Random(5)
    places = [one for one in authorities().values() if one.ended is None and one.kind != "county"]
    text = listed(bodies, chance, [(one.gss, one.region) for one in places])
    with tempfile.TemporaryDirectory() as folder:
        engine = database.engine(f"sqlite:///{pathlib.Path(folder) / 'bench.sqlite'}")
        took, done = timed(lambda: jobs.take(engine, io.StringIO(text, newline="")))
        say(f"taking in {text.count(chr(10)) - 1:,} lines, {done.new:,} bodies", took)
        again, _ = timed(lambda: jobs.take(engine, io.StringIO(text, newline="")))
        say("taking them in again", again)
        with database.writing(engine) as connection:
            entries = organisations.public(connection)
            organisations.remove(connection, [one.id for one in entries])
            bare, _ = timed(lambda: organisations.add(connection, entries))
        say("inserting the same entries, nothing else", bare, took / bare)
        with engine.connect() as connection:
            ask(connection, chance, [one.gss for one in places])


def ask(connection: sa.Connection, chance: random.Random, places: list[str]) -> None:
    """Times suggestions, a search, and a bare query."""
    works = [opportunity(number, chance, chance.choice(places)) for number in range(200)]
    some = connection.execute(sa.select(table.c.id).limit(8 * len(works))).scalars().all()
    bare_query = sa.select(table.c.id, table.c.name).where(
        table.c.id.in_(sa.bindparam("ids", expanding=True))
    )
    bare, _ = timed(
        lambda: [
            connection.execute(bare_query, {"ids": some[at :: len(works)]}).all()
            for at in range(len(works))
        ]
    )
    loaded, bodies = timed(lambda: directory.read(connection))
    say("reading the directory of all bodies", loaded)
    for one in works:
        suggesting.partners(connection, bodies, one)  # distances and names are worked out once
    took, found = timed(lambda: [suggesting.partners(connection, bodies, one) for one in works])
    named = sum(map(len, found)) / len(works)
    say(f"who could deliver one opportunity, {named:.1f} named", took / 200, took / bare)
    say("eight bodies by their keys, a bare query", bare / 200)
    search, _ = timed(
        lambda: [
            organisations.search(connection, Search(words="museum", region="TLE"), limit=20)
            for _ in range(20)
        ]
    )
    say("searching by word and region, with counts", search / 20)


def timed(do: Callable[[], T]) -> tuple[float, T]:
    """The processor time that something took, in seconds, and what it gave."""
    began = time.process_time()
    found = do()
    return time.process_time() - began, found


def say(what: str, seconds: float, ratio: float | None = None) -> None:
    """One line of the outcome."""
    told = f"{seconds:8.2f} s " if seconds >= 1 else f"{seconds * 1000:8.1f} ms"
    beside = f"  {ratio:.1f} times the bare one" if ratio else ""
    sys.stdout.write(f"{told}  {what}{beside}\n")


def listed(bodies: int, chance: random.Random, places: list[tuple[str, str]]) -> str:
    """A list as CSV; every fifth body is named twice, in other letters."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    for number in range(bodies):
        gss, region = chance.choice(places)
        name = f"{chance.choice(_WORDS)} {chance.choice(_WORDS)} {number} {chance.choice(_NOUNS)}"
        row = {
            "name": name, "source": "ACE NPO 2018-22" if number % 9 == 0 else "A list",
            "discipline": chance.choice(_KINDS), "la_gss": gss, "itl1_code": region,
        }  # fmt: skip
        writer.writerow(row)
        if number % 5 == 0:
            writer.writerow(row | {"name": name.upper(), "source": "Another list"})
    return file.getvalue()


def opportunity(number: int, chance: random.Random, gss: str) -> Opportunity:
    """A made-up opportunity that asks for two art forms, or for two outcomes."""
    arts = number % 2 == 0
    judged = Judgement(
        relevance="arts" if arts else "commissionable",
        scores={},
        reasons=(),
        art_forms=tuple(chance.sample(ART_FORMS, 2)) if arts else (),
        outcomes=() if arts else tuple(chance.sample(OUTCOMES, 2)),
    )
    return Opportunity(
        id=f"k{number:011}", ocids=(f"ocds-{number}",), sources=("find-a-tender",), title="Work",
        description="", stage="tender", status="open", published=_NOW, updated=_NOW, version=1,
        buyer=Buyer(name="A council"), judgement=judged,
        place=Place(regions=(authorities()[gss].region,), authority=gss, reason="made up"),
    )  # fmt: skip


if __name__ == "__main__":
    main()
