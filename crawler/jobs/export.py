"""Writes opportunities out: JSON lines, CSV, and OCDS as the portals published it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crawler.opportunity import Opportunity
from crawler.store import opportunities, releases, search

FIELDS = (
    "id", "ocids", "sources", "title", "description", "buyer", "relevance", "scores", "art_forms",
    "outcomes", "reasons", "regions", "authority", "stage", "status", "published", "deadline",
    "value_min", "value_max", "currency", "cpv", "urls", "version", "changes",
)  # fmt: skip


def record(one: Opportunity, now: datetime) -> dict[str, Any]:
    """`one` as plain data under the names in `FIELDS`; moments in ISO 8601, UTC."""
    judgement = one.judgement
    return {
        "id": one.id,
        "ocids": list(one.ocids),
        "sources": list(one.sources),
        "title": one.title,
        "description": one.description,
        "buyer": one.buyer.name if one.buyer else None,
        "relevance": judgement.relevance if judgement else None,
        "scores": dict(judgement.scores) if judgement else {},
        "art_forms": list(judgement.art_forms) if judgement else [],
        "outcomes": list(judgement.outcomes) if judgement else [],
        "reasons": [
            {"text": reason.text, "field": reason.field, "weight": reason.weight}
            for reason in (judgement.reasons if judgement else ())
        ],
        "regions": list(one.place.regions),
        "authority": one.place.authority,
        "stage": one.stage,
        "status": one.status_at(now),
        "published": _moment(one.published),
        "deadline": _moment(one.deadline),
        "value_min": float(one.value_min) if one.value_min is not None else None,
        "value_max": float(one.value_max) if one.value_max is not None else None,
        "currency": one.currency,
        "cpv": list(one.cpv),
        "urls": list(one.urls),
        "version": one.version,
        "changes": [
            {
                "version": change.version,
                "at": _moment(change.at),
                "field": change.field,
                "old": _in_utc(change.field, change.old),
                "new": _in_utc(change.field, change.new),
                "material": change.material,
                "source": change.source,
            }
            for change in one.changes
        ],
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def _in_utc(field: str, words: str | None) -> str | None:
    """A moment in a change as every other moment of the export is written."""
    moment = field in ("deadline", "expected", "start", "end")
    return words.replace("+00:00", "Z") if moment and words else words


def lines(engine: sa.Engine, form: str, query: str | None, now: datetime) -> Iterator[str]:
    """The export in `form` (``jsonl``, ``csv`` or ``ocds``), a piece at a time."""
    with engine.connect() as connection:
        conditions = [search.matching(connection, query)] if query else []
        if form == "ocds":
            yield from _package(connection, conditions, now)
            return
        found = opportunities.iterate(connection, *conditions)
        records = (record(one, now) for _, one in found)
        if form == "csv":
            yield from csv_lines(records)
        else:
            for one in records:
                yield json.dumps(one, ensure_ascii=False) + "\n"


def csv_lines(records: Iterator[dict[str, Any]]) -> Iterator[str]:
    """`records` as CSV with a head, a row at a time, safe to open in a spreadsheet."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, FIELDS)
    writer.writeheader()
    for one in records:
        writer.writerow({name: cell(value) for name, value in one.items()})
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def cell(value: Any) -> str:
    """A value in one cell; text that a spreadsheet would run as a formula is made plain."""
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = " | ".join(value)
    elif isinstance(value, (list, dict)):
        value = json.dumps(value, ensure_ascii=False)
    text = str(value)
    formula = text.startswith(tuple("=+-@\t\r")) and not isinstance(value, (int, float))
    return f"'{text}" if formula else text


def _package(
    connection: sa.Connection, conditions: list[sa.ColumnElement[bool]], now: datetime
) -> Iterator[str]:
    head = {
        "uri": f"urn:arts-tenders:export:{now:%Y%m%dT%H%M%SZ}",
        "version": "1.1",
        "publishedDate": _moment(now),
        "publisher": {"name": "arts-tenders"},
        "license": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    }
    yield json.dumps(head)[:-1] + ', "releases": [\n'
    comma = ""
    for raw in releases.raws(connection, *conditions):
        yield comma + raw.decode("utf-8", errors="replace")
        comma = ",\n"
    yield "\n]}\n"
