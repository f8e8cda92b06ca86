"""Releases that we wrote, and short ways to decode, keep and look at them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crawler.decoding import content_hash, decode
from crawler.items import Batch, Buyer, Facts, Judgement, Place, RawRelease, Window
from crawler.sources import load
from crawler.store import database, releases
from crawler.store.releases import Counts
from crawler.store.tables import metadata
from pipelines.decode import decoded

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(days=1), end=NOW)
FTS, CF = "find-a-tender", "contracts-finder"
PCS, S2W = "public-contracts-scotland", "sell2wales"
SCORES = {"arts": 0.7, "commissionable": 0.1, "adjacent": 0.1, "none": 0.1}
JUDGEMENT = Judgement(relevance="arts", scores=SCORES, model="test")


def release(number: int = 1, **changed: Any) -> dict[str, Any]:
    """A complete tender notice of a made-up council; `changed` replaces top fields."""
    return {
        "ocid": f"ocds-test01-{number:06}",
        "id": f"{number:06}-2026",
        "date": "2026-03-02T09:00:00Z",
        "tag": ["tender"],
        "language": "en",
        "buyer": {"id": "GB-1", "name": "Saltmarsh Borough Council"},
        "parties": [
            {
                "id": "GB-1",
                "name": "Saltmarsh Borough Council",
                "roles": ["buyer"],
                "address": {"locality": "Saltmarsh", "region": "UKE11", "postalCode": "HU1 1AA"},
                "contactPoint": {"name": "Arts desk", "email": "arts@saltmarsh.example"},
                "details": {"url": "https://saltmarsh.example"},
            }
        ],
        "tender": {
            "id": "T1",
            "title": "Harbour light festival",
            "description": "An artist-led festival of light along the old harbour.",
            "status": "active",
            "classification": {"scheme": "CPV", "id": "92312000"},
            "value": {"amount": 40000, "currency": "GBP"},
            "tenderPeriod": {"endDate": "2026-04-20T12:00:00Z"},
            "mainProcurementCategory": "services",
        },
    } | changed


def amended(base: dict[str, Any], **tender: Any) -> dict[str, Any]:
    """`base` with fields of its tender section replaced."""
    return base | {"tender": base["tender"] | tender}


def raw(release: dict[str, Any]) -> bytes:
    """The release as a portal would send it."""
    return json.dumps(release, ensure_ascii=False).encode()


def facts_in(release: dict[str, Any], source: str = FTS) -> Facts:
    """What a release says."""
    return decode(raw(release), source, load()[source].repairs)[0]


def facts(**changed: Any) -> Facts:
    """Facts of a tender without the way through JSON."""
    plain: dict[str, Any] = {
        "source": FTS,
        "ocid": "ocds-test01-000001",
        "release_id": "000001-2026",
        "date": NOW,
        "tags": ("tender",),
        "stage": "tender",
        "status": "open",
        "title": "Harbour light festival",
        "description": "An artist-led festival of light along the old harbour.",
        "buyer": Buyer(name="Saltmarsh Borough Council"),
    }
    return Facts(**(plain | changed))


def made_ready(data: bytes, source: str) -> RawRelease:
    """A raw release with its error, or with its facts and, for speed, always one judgement."""
    plain = RawRelease(raw=data, content_hash=content_hash(data))
    one = decoded(plain, source, load()[source].repairs)
    return one if one.error else replace(one, judgement=JUDGEMENT, place=Place(regions=("TLE",)))


def batch(source: str, *found: dict[str, Any] | bytes, at: datetime = NOW) -> Batch:
    """Releases of one response, ready to be kept."""
    data = [one if isinstance(one, bytes) else raw(one) for one in found]
    return Batch(
        source=source,
        url=f"https://{source}.example/page",
        fetched_at=at,
        window=WINDOW,
        releases=tuple(made_ready(one, source) for one in data),
    )


def read(source: str, data: bytes) -> Facts:
    """How the store reads what it kept."""
    return decode(data, source, load()[source].repairs)[0]


def keep(
    engine: sa.Engine, source: str, *found: dict[str, Any] | bytes, at: datetime = NOW
) -> Counts:
    """Keeps releases of one source in one transaction."""
    with database.writing(engine) as connection:
        return releases.keep(connection, batch(source, *found, at=at), read)


def dump(engine: sa.Engine) -> dict[str, list[str]]:
    """Every row of every table in words, sorted: equal dumps are equal stores."""
    with engine.connect() as connection:
        return {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(sa.select(table)))
            for table in metadata.sorted_tables
        }
