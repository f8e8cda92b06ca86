"""How long browsing takes with a hundred thousand opportunities, beside bare statements.

    python benchmarks/web.py [--count 100000] [--database URL] [--rounds 3]

Fills an empty database (default: SQLite in a temporary folder) with opportunities that we made up,
then asks for a fixed mix of 50 searches with all counts and for 50 opportunity pages, one after
another. A database that holds them already is used as it is. Printed: median and 95th percentile in
milliseconds, on the clock and of work (processor time of this process and, where it runs here, of
the server's, since a busy machine stretches the clock), and as ratios to the same percentiles of
bare statements in the same run: for a search, the full text index alone counting the hits of the
same words (``SELECT count(*)`` of all where there are none); for a page, reading its row by key.
Then the same as HTTP requests to the app on waitress, beside a route of it that says "hello";
``/page`` are any fifty pages, ``/open`` those of opportunities that are open.
"""

from __future__ import annotations

import argparse
import math
import os
import pathlib
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import serving
import sqlalchemy as sa
from seeding import NOW, seed

from crawler.store import browse, database, listings, opportunities, search, tables
from crawler.store.browse import Filters, Sort


@dataclass(frozen=True, slots=True)
class Search:
    """One search of the mix; the same for the store and for a browser."""

    asked: dict[str, Any]
    sort: Sort = "relevance"
    offset: int = 0


def mix() -> list[Search]:
    """50 searches as people make them: half with words, most within the default bands."""
    words = (
        "theatre", "museum exhibition", "festival", "music", "dance workshop", "public art",
        "sculpture", "library services", "heritage", "wellbeing", "youth mentoring",
        "dementia carers", '"arts workshop"', "Saltmarsh festival", "musuem", "theater",
        "excibition", "exhib", "services", "council contract", "design", "zyxwvut",
    )  # fmt: skip
    return [
        *(Search({"q": one}) for one in words),
        Search({"q": "services", "relevance": ()}),
        Search({"q": "contract supply", "relevance": ()}, "newest"),
        Search({"q": "museum", "status": ["open"]}, "closing"),
        Search({"q": "music", "regions": ["TLD", "UK"], "art_forms": ["music"]}),
        Search({"q": "festival", "buyer_kinds": ["council"]}, "value", 40),
        *(Search({}, sort) for sort in browse.SORTS),
        Search({"relevance": ()}),
        Search({"relevance": (), "status": ["open"]}, "closing"),
        Search({"relevance": ["none"]}, "value"),
        *(Search({"regions": [one], "status": ["open"]}, "closing") for one in ("TLI", "TLD")),
        Search({"status": ["open"]}, "closing"),
        Search({"status": ["open"]}, "closing", 200),
        Search({"art_forms": ["music", "performing"], "status": ["open"]}, "closing"),
        Search({"outcomes": ["health_wellbeing"]}, "newest"),
        Search({"stages": ["planning"]}, "newest"),
        Search({"stages": ["award", "contract"], "regions": ["TLM"]}, "newest"),
        Search({"authorities": ["E07000081"]}, "newest"),
        Search({"buyer_kinds": ["nhs"], "outcomes": ["older_people"]}, "newest"),
        Search({"value_min": Decimal(10_000), "value_max": Decimal(100_000)}, "value"),
        Search({"closing_within": 7}, "closing"),
        Search({"sources": ["moderngov"]}, "newest"),
        Search({"buyer": "saltmarsh city council", "relevance": ()}, "newest"),
        Search({}, "newest", 2000),
    ]


@dataclass(frozen=True, slots=True, order=True)
class Took:
    """Milliseconds on the clock, and of work done for it, which a busy machine does not stretch."""

    clock: float
    work: float


def server_of(engine: sa.Engine) -> pathlib.Path | None:
    """Where Linux counts what the server process of our one connection does, if it runs here."""
    if engine.dialect.name != "postgresql":
        return None
    with engine.connect() as connection:
        pid = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
    counted = pathlib.Path(f"/proc/{pid}/schedstat")
    return counted if engine.url.host in ("127.0.0.1", "localhost") and counted.exists() else None


def worked(server: pathlib.Path | None) -> float:
    """Milliseconds that this process and the server's have worked so far."""
    theirs = int(server.read_text().split()[0]) / 1e6 if server else 0.0
    return time.process_time() * 1000 + theirs


def timed(ask: Callable[[Any], None], one: Any, server: pathlib.Path | None) -> Took:
    """How long `ask` takes for `one`."""
    clock, work = time.perf_counter(), worked(server)
    ask(one)
    return Took((time.perf_counter() - clock) * 1000, worked(server) - work)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that `share` of them do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]


def ask_store(engine: sa.Engine) -> Callable[[Search], None]:
    """How the store itself is asked."""

    def ask(one: Search) -> None:
        with engine.connect() as connection:
            filters = Filters(**one.asked)
            browse.find(connection, filters, one.sort, now=NOW, offset=one.offset, counts=True)

    return ask


def ask_barely(engine: sa.Engine, one: Search) -> None:
    """What any search by the same words must cost at least."""
    words = search.read(one.asked.get("q", ""))
    table = tables.opportunities
    with engine.connect() as connection:
        some = search.hits(connection, words) if words.parts else sa.select(table.c.id)
        with search.by_index(connection):
            connection.execute(sa.select(sa.func.count()).select_from(some.subquery())).scalar()


def read_page(engine: sa.Engine, open_ones: browse.OpenOnes, key: str) -> None:
    """Everything that the page of one opportunity shows out of the store."""
    with engine.connect() as connection:
        found = opportunities.by_key(connection, key)
        assert found is not None
        seen = listings.seen_of(found[1], None)
        browse.related(connection, *found, seen, open_ones, now=NOW)
        browse.timeline(connection, found[0], found[1].changes)


def read_row(engine: sa.Engine, key: str) -> None:
    """The bare counterpart of `read_page`."""
    table = tables.opportunities
    with engine.connect() as connection:
        connection.execute(sa.select(table).where(table.c.key == key)).one()


def measured(
    asks: Sequence[Any],
    ask: Callable[[Any], None],
    rounds: int,
    server: pathlib.Path | None = None,
) -> tuple[list[Took], list[tuple[Took, Any]]]:
    """What every ask took in all rounds after one that warms up, and each one's best."""
    for one in asks:
        ask(one)
    times: list[Took] = []
    best: list[tuple[Took, Any]] = []
    for one in asks:
        mine = [timed(ask, one, server) for _ in range(rounds)]
        times += mine
        best.append((min(mine), one))
    return times, best


def report(name: str, times: Sequence[Took], bare: Sequence[Took], aim: float) -> None:
    """One line for the median, one for the 95th percentile."""
    for share in (0.5, 0.95):
        clock = percentile([one.clock for one in times], share)
        work = percentile([one.work for one in times], share)
        ratio = clock / percentile([one.clock for one in bare], share)
        wanted = f"   aim: under {aim:.0f} ms" if share > 0.5 else ""
        print(
            f"{name:7} p{share * 100:.0f} {clock:8.1f} ms, of which work {work:7.1f} ms"
            f" ({ratio:6.1f} x bare){wanted}"
        )


def main() -> None:
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--database")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slowest", type=int, default=0, help="show the slowest so many")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{pathlib.Path(folder) / 'web.sqlite'}"
        engine = database.engine(url)
        with engine.connect() as connection:
            held = connection.execute(sa.select(sa.func.count(tables.opportunities.c.id))).scalar()
        if not held:
            seed(engine, options.count)
        run(engine, options.rounds, options.slowest)
        over_http(engine, pathlib.Path(folder), options.rounds, options.slowest)
        engine.dispose()


def sample(engine: sa.Engine) -> tuple[int, Sequence[str]]:
    """How many opportunities there are, in fifties, and the public ids of fifty of them."""
    with engine.connect() as connection:
        table = tables.opportunities
        step = max(connection.execute(sa.select(sa.func.max(table.c.id))).scalar_one() // 50, 1)
        query = sa.select(table.c.key).where(table.c.id % step == 0).limit(50)
        return step * 50, connection.execute(query).scalars().all()


def alive(engine: sa.Engine) -> Sequence[str]:
    """The public ids of the newest fifty that are open: their pages name partners as well."""
    with engine.connect() as connection:
        found = browse.find(connection, Filters(status=["open"]), "newest", now=NOW, limit=50)
    return [hit.id for hit in found.items]


def over_http(engine: sa.Engine, home: pathlib.Path, rounds: int, slowest: int) -> None:
    """The same searches and pages as whole HTTP requests by one client, one after the other."""
    _, keys = sample(engine)
    searches = [serving.address(one.asked, one.sort, one.offset) for one in mix()]
    with serving.served(engine, home) as ask:
        hello, _ = measured(["/hello"] * 50, ask, rounds)
        found, best = measured(searches, ask, rounds)
        pages, _ = measured([f"/opportunities/{key}" for key in keys], ask, rounds)
        opened, _ = measured([f"/opportunities/{key}" for key in alive(engine)], ask, rounds)
    report("/search", found, hello, 250)
    report("/page", pages, hello, 30)
    report("/open", opened, hello, 30)
    for name, times in (("hello", hello), ("search", found), ("page", pages)):
        print(f"{name:7} {1000 * len(times) / sum(one.clock for one in times):7.0f} requests/s")
    for took, one in sorted(best, key=lambda each: each[0], reverse=True)[:slowest]:
        print(f"{took.clock:9.1f} {took.work:9.1f} ms  {one}")


def run(engine: sa.Engine, rounds: int, slowest: int) -> None:
    """Measures and prints."""
    held, keys = sample(engine)
    load = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    print(f"{engine.dialect.name}, {held:,} opportunities, {rounds} rounds, load {load}")
    searches = mix()
    server = server_of(engine)
    bare, _ = measured(searches, lambda one: ask_barely(engine, one), rounds)
    times, best = measured(searches, ask_store(engine), rounds, server)
    report("search", times, bare, 250)
    bare, _ = measured(keys, lambda key: read_row(engine, key), rounds)
    with engine.connect() as connection:
        open_ones = browse.OpenOnes(connection, NOW)
    pages, _ = measured(keys, lambda key: read_page(engine, open_ones, key), rounds, server)
    report("page", pages, bare, 30)
    for took, one in sorted(best, key=lambda each: each[0], reverse=True)[:slowest]:
        print(f"{took.clock:9.1f} {took.work:9.1f} ms  {one.sort} {one.asked}")


if __name__ == "__main__":
    main()
