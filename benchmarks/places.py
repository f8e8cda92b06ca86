"""How many notices a core places in a second of its time, beside a bare baseline in the same run.

    python benchmarks/places.py [FILE]

FILE holds notices as ``tenders classify`` reads them, one JSON object a line; without one, 20,000
are made up from the tables. The baseline lower-cases and splits each notice's words and does
nothing else: about what any reading of the text must cost. Rows:

- ``as published``: with what each notice states;
- ``buyer and text``: region, codes and postcodes hidden;
- ``text alone``: the buyer hidden too, so that every text is searched for places;
- ``buyers, new``: names never seen before, without the cache.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from crawler.items import Notice
from crawler.places import authorities, locate, regions, resolve_buyer
from crawler.places.outcodes import outcode

ROUNDS = 5
TARGET = 20_000


def read(path: Path) -> list[Notice]:
    """The notices of a file, one JSON object a line."""
    return [_notice(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _notice(row: dict[str, object]) -> Notice:
    def several(name: str) -> tuple[str, ...]:
        value = row.get(name)
        return tuple(map(str, value)) if isinstance(value, list) else ()

    return Notice(
        title=str(row["title"]),
        description=str(row.get("description") or ""),
        buyer=str(row["buyer"]) if row.get("buyer") else None,
        region=several("region"),
        nuts=several("nuts"),
        postcode=several("postcode"),
    )


def made_up(count: int = 20_000, seed: int = 1) -> list[Notice]:
    """Notices that cite the tables: half name a region, a third a postcode, all a buyer."""
    dice = random.Random(seed)
    councils = [body for body in authorities().values() if body.ended is None]
    names = [*regions().values(), "Any region", "England"]
    filler = "The service shall be delivered with partners and Residents across the area. "
    return [
        Notice(
            title=f"Services for {body.short_name if dice.random() < 0.3 else 'the Community'}",
            description=filler * dice.randint(1, 12) + f"Further details from {body.name}.",
            buyer=dice.choice([body.name, body.name.upper(), f"Contractor {dice.randint(1, 999)}"]),
            region=(dice.choice(names),) if dice.random() < 0.5 else (),
            postcode=(f"GL{dice.randint(1, 20)} 1AA",) if dice.random() < 0.33 else (),
        )
        for body in dice.choices(councils, k=count)
    ]


def rate(work: Callable[[Notice], object], notices: Sequence[Notice]) -> float:
    """Notices a second, the best of `ROUNDS`."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for notice in notices:
            work(notice)
        best = min(best, time.process_time() - start)
    return len(notices) / best


def bare(notice: Notice) -> object:
    """The least that reading a notice's words costs."""
    return f"{notice.title} {notice.description}".lower().split()


def new_buyers(names: Iterable[str]) -> float:
    """Names a second when none was seen before."""
    distinct = list(dict.fromkeys(names))
    resolve_buyer.cache_clear()
    start = time.process_time()
    for name in distinct:
        resolve_buyer(name)
    return len(distinct) / (time.process_time() - start)


def main(arguments: Sequence[str]) -> int:
    """Prints a table; exit status 1 when notices as published miss the target."""
    start = time.process_time()
    locate(Notice(title="Mural in Gloucester", buyer="Acme Ltd"))
    outcode("GL1 1EP")
    print(f"tables loaded in {time.process_time() - start:.3f} s")
    notices = read(Path(arguments[0])) if arguments else made_up()
    hidden = [replace(notice, region=(), nuts=(), postcode=()) for notice in notices]
    silent = [replace(notice, buyer=None) for notice in hidden]
    baseline = rate(bare, notices)
    print(f"{'bare baseline':16}{baseline:12,.0f}/s")
    for label, rows in (
        ("as published", notices),
        ("buyer and text", hidden),
        ("text alone", silent),
    ):
        reached = rate(locate, rows)
        print(f"{label:16}{reached:12,.0f}/s{reached / baseline:8.2f} of the baseline")
    print(f"{'buyers, new':16}{new_buyers(n.buyer for n in notices if n.buyer):12,.0f}/s")
    return 0 if rate(locate, notices) >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
