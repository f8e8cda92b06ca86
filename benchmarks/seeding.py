"""A hundred thousand opportunities that we made up, written fast: what `web.py` measures on.

Deterministic by seed. Words follow Zipf's law over written vocabulary and made-up words; kinds,
places, stages and dates are roughly what the portals publish: most of it long over, an eighth of it
for arts organisations.
"""

from __future__ import annotations

import itertools
import json
import random
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import sqlalchemy as sa

from crawler.items import ART_FORMS, OUTCOMES
from crawler.store import database, listings, tables
from crawler.store.folding import public_key

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
_BATCH = 2000

ARTS = """
    theatre museum gallery exhibition festival music orchestra dance artist sculpture mural film
    library heritage archive carnival craft pottery poetry storytelling performance concert
    opera circus puppetry photography design animation choir singing lantern creative cultural
    arts workshop residency commission touring audience curator collections interpretation
""".split()  # noqa: SIM905
CARE = """
    wellbeing loneliness prescribing youth dementia carers befriending mentoring recovery
    community prevention inclusion older children families schools learning skills
""".split()  # noqa: SIM905
PLAIN = """
    services contract provision supply council works framework maintenance supplier delivery
    equipment support management installation repair cleaning waste highways vehicles software
    consultancy construction design roofing heating boilers catering security grounds transport
    training insurance audit legal housing hire lease printing furniture fuel electricity water
    testing survey drainage asbestos lighting fencing scaffolding windows doors lifts parking
    licence hosting network telephony data cloud payroll recruitment staffing agency medical
    dental imaging laboratory pharmacy nursing home care residential day schools academy meals
    playground leisure swimming pool refurbishment extension demolition bridge tender lot term
    period annual requirement specification quality price evaluation award criteria bidders
""".split()  # noqa: SIM905
_TOWNS = """
    Saltmarsh Wetherfold Ambleford Carrow Dunmere Eastwick Fenholt Garrowby Hexley Inverbrae
    Kelding Lowmoor Marlwick Northolme Oakenshaw Penrhos Quarndale Ravensea Stoneleigh Tarnside
    Ulverby Vale Westerholt Yarrowford Aldwick Brackenby Corsley Drayfield Elmstow Foxcombe
""".split()  # noqa: SIM905
_BODIES = (
    "{} City Council", "{} Borough Council", "{} County Council", "{} District Council",
    "{} NHS Foundation Trust", "University of {}", "{} College", "{} Museums Trust", "{} Homes",
    "{} Police and Crime Commissioner", "{} Academy Trust", "{} Combined Authority",
)  # fmt: skip
_REGIONS = listings.REGIONS[:12]
_SOURCES = (
    ["find-a-tender"], ["contracts-finder"], ["find-a-tender", "contracts-finder"],
    ["public-contracts-scotland"], ["sell2wales"], ["moderngov"],
)  # fmt: skip
_ENDS = ("a", "e", "i", "o", "u", "ar", "en", "il")
_SYLLABLES = [a + b for a in "bcdfghklmnprstvw" for b in _ENDS]


def seed(engine: sa.Engine, count: int, number: int = 1) -> None:
    """Fills an empty database with `count` opportunities and one release for each."""
    world = _World(count, number)
    made = world.opportunities()
    while batch := list(itertools.islice(made, _BATCH)):
        with database.writing(engine) as connection:
            _write(connection, batch)
    if engine.dialect.name == "postgresql":
        # It does so by itself, within a minute; SQLite never does, and has to do without.
        with engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")


def _write(connection: sa.Connection, batch: list[dict[str, Any]]) -> None:
    pairs = tables.opportunities.c.key, tables.opportunities.c.id
    statement = sa.insert(tables.opportunities).returning(*pairs)
    ids: dict[str, int] = dict(connection.execute(statement, batch).all())
    listings.write(connection, {ids[row["key"]]: row for row in batch})
    children: dict[sa.Table, list[dict[str, Any]]] = {
        tables.processes: [], tables.releases: [], tables.changes: [], tables.awards: []
    }  # fmt: skip
    for row in batch:
        for table, mine in _children(ids[row["key"]], row):
            children[table].append(mine)
    for table, rows in children.items():
        if rows:
            connection.execute(sa.insert(table), rows)


class _World:
    """Draws opportunities one after another."""

    def __init__(self, count: int, number: int) -> None:
        self.count = count
        self.random = random.Random(number)
        self.numbers = np.random.default_rng(number)
        rare = ["".join(self.random.choices(_SYLLABLES, k=3)) for _ in range(20_000)]
        self.words = np.array(PLAIN + rare)
        ranks = 1 / (np.arange(len(self.words)) + 40.0)
        self.shares = ranks / ranks.sum()
        towns = _TOWNS + [f"{a}{b}" for a in _TOWNS for b in ("-on-Sea", " Valley", " St Mary")]
        self.buyers = [body.format(town) for town in towns for body in _BODIES]
        self.authorities = [f"E{7_000_000 + at:08}" for at in range(380)]

    def opportunities(self) -> Iterator[dict[str, Any]]:
        """Each opportunity as a row of its table."""
        for number in range(self.count):
            yield self._one(number)

    def _one(self, number: int) -> dict[str, Any]:
        pick = self.random
        kind = pick.choices(
            ("arts", "commissionable", "adjacent", "none"), (6, 7, 10, 77)
        )[0]  # fmt: skip
        source = pick.choices(_SOURCES, (35, 40, 8, 9, 6, 2))[0]
        ocid = f"ocds-made{number % 7}-{number:07}"
        stage = "planning" if source == ["moderngov"] else None
        stage = (
            stage or pick.choices(("planning", "tender", "award", "contract"), (10, 35, 40, 15))[0]
        )
        published = NOW - timedelta(hours=pick.random() ** 1.5 * 24 * 1000)
        value = Decimal(round(10 ** pick.uniform(3.5, 6.8))) if pick.random() < 0.6 else None
        region = [] if pick.random() < 0.1 else ["UK"] if pick.random() < 0.08 else None
        buyer = self.buyers[int(len(self.buyers) * pick.random() ** 2)]
        return {
            "key": public_key(source[0], ocid),
            "ocids": [ocid],
            "sources": source,
            "title": self._title(kind),
            "description": self._description(kind),
            "buyer_name": buyer,
            "buyer": {"name": buyer},
            "cpv": ["92000000" if kind == "arts" else "50000000"],
            "notice_type": "forward plan" if source == ["moderngov"] else None,
            "stage": stage,
            "published": published,
            "updated": published,
            "value_min": value,
            "value_max": value,
            "currency": "GBP" if value else None,
            "lots": [],
            "urls": [f"https://portal.example/notice/{number}"],
            **self._judged(kind),
            "regions": region if region is not None else pick.choices(_REGIONS, range(1, 13)),
            "authority": pick.choice(self.authorities) if pick.random() < 0.5 else None,
            "place_reason": "made up",
            "version": 1 + (pick.random() < 0.3),
            "first_seen": published,
            **self._timed(stage, published),
        }

    def _timed(self, stage: str, published: datetime) -> dict[str, Any]:
        pick = self.random
        deadline = published + timedelta(days=pick.uniform(10, 60))
        status = {"planning": "open", "tender": "open"}.get(stage, "awarded")
        if pick.random() < 0.05:
            status = "cancelled"
        changed = published + timedelta(days=3)
        return {
            "status": status,
            "deadline": deadline if stage == "tender" or pick.random() < 0.2 else None,
            "changed_at": changed if pick.random() < 0.2 and changed < NOW else None,
        }

    def _judged(self, kind: str) -> dict[str, Any]:
        pick = self.random
        sure = pick.uniform(0.45, 0.98)
        scores = dict.fromkeys(("arts", "commissionable", "adjacent", "none"), (1 - sure) / 3)
        scores[kind] = sure
        near = kind != "none"
        return {
            "relevance": kind,
            "scores": scores,
            "art_forms": pick.sample(ART_FORMS, pick.choice((0, 1, 1, 2))) if near else [],
            "outcomes": pick.sample(OUTCOMES, pick.choice((0, 1, 1, 3))) if near else [],
            "reasons": [{"text": "made up", "field": "title", "weight": 1.0}],
            "model": "made up",
        }

    def _title(self, kind: str) -> str:
        pick = self.random
        own = {"arts": ARTS, "commissionable": ARTS + CARE, "adjacent": CARE}.get(kind, PLAIN)
        words = pick.choices(own, k=2) + pick.choices(PLAIN, k=pick.randint(1, 5))
        pick.shuffle(words)
        return " ".join(words).capitalize()

    def _description(self, kind: str) -> str:
        length = int(min(self.numbers.lognormal(5, 0.8), 1500)) + 5
        words = list(self.words[self.numbers.choice(len(self.words), length, p=self.shares)])
        own = {"arts": ARTS, "commissionable": ARTS + CARE, "adjacent": CARE}.get(kind)
        if own or self.random.random() < 0.05:
            words[1 :: max(length // 8, 2)] = [
                self.random.choice(own or ARTS) for _ in words[1 :: max(length // 8, 2)]
            ]
        return " ".join(words).capitalize() + "."


def _children(pk: int, row: dict[str, Any]) -> Iterator[tuple[sa.Table, dict[str, Any]]]:
    source, ocid = row["sources"][0], row["ocids"][0]
    raw = {"ocid": ocid, "id": "1", "date": row["published"].isoformat(), "tag": [row["stage"]]}
    raw["tender"] = {"title": row["title"], "description": row["description"][:500]}
    yield (
        tables.processes,
        {"id": pk, "source": source, "ocid": ocid, "key": row["key"], "title_key": row["key"],
         "first_date": row["published"], "opportunity_id": pk},
    )  # fmt: skip
    yield (
        tables.releases,
        {"source": source, "ocid": ocid, "release_id": "1", "revision": 1,
         "date": row["published"], "fetched_at": row["published"], "url": row["urls"][0],
         "content_hash": row["key"], "raw": zlib.compress(json.dumps(raw).encode(), 1),
         "process_id": pk},
    )  # fmt: skip
    if row["version"] > 1:
        yield (
            tables.changes,
            {"opportunity_id": pk, "version": 2, "at": row["published"], "field": "title",
             "old": "Before", "new": row["title"], "material": True, "source": source},
        )  # fmt: skip
    if row["status"] == "awarded":
        yield (
            tables.awards,
            {"opportunity_id": pk, "award_id": "1", "suppliers": [f"Supplier {pk % 900} Ltd"],
             "supplier_ids": [], "date": row["published"], "value": row["value_max"],
             "currency": row["currency"]},
        )  # fmt: skip
