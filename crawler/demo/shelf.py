"""The sample releases as served: each as text, with what the portals select it by.

Between the portals' shapes and the server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crawler.demo import contracts_finder, find_a_tender, proactis
from crawler.demo.notices import (
    CONTRACTS_FINDER,
    FIND_A_TENDER,
    PUBLIC_CONTRACTS_SCOTLAND,
    SELL2WALES,
)
from crawler.demo.publication import Publication

_WRITERS = {
    FIND_A_TENDER: find_a_tender.release,
    CONTRACTS_FINDER: contracts_finder.release,
    PUBLIC_CONTRACTS_SCOTLAND: proactis.release,
    SELL2WALES: proactis.release,
}
# Notice types by stage: under a directive, and as a site notice.
_NOTICE_TYPES = {
    PUBLIC_CONTRACTS_SCOTLAND: {"planning": (1, 101), "tender": (2, 102), "award": (3, 103)},
    SELL2WALES: {"planning": (1, 52), "tender": (2, 51), "award": (3, 53)},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One release as text, with what it is selected by."""

    source: str
    date: datetime
    stage: str
    notice_type: int | None
    text: str


def served(publication: Publication) -> Served:
    """The release written out as its portal does."""
    notice = publication.notice
    text = json.dumps(_WRITERS[notice.source](publication), ensure_ascii=False)
    # What the portal sends for a number that no float holds; Python would write Infinity.
    text = text.replace(": Infinity", ": 1e9999")
    stage = "award" if notice.stage == "contract" else notice.stage
    by_stage = _NOTICE_TYPES.get(notice.source)
    return Served(
        source=notice.source,
        date=publication.date,
        stage=stage,
        notice_type=by_stage[stage][0 if notice.directive else 1] if by_stage else None,
        text=proactis.broken(text) if notice.broken else text,
    )


def of_month(releases: Sequence[Served], query: Mapping[str, str]) -> list[Served]:
    """The releases of one month and notice type: these two sites know no pages."""
    if query.get("outputType", "0") != "0":
        raise ValueError("outputType: only 0 (OCDS) is replayed")
    month = datetime.strptime(query["dateFrom"], "%m-%Y").replace(tzinfo=UTC)
    wanted = int(query.get("noticeType", "2"))
    return [
        one
        for one in releases
        if (one.date.year, one.date.month) == (month.year, month.month)
        and one.notice_type == wanted
    ]


def published_between(
    releases: Sequence[Served], since: str | None, until: str | None, stages: str | None
) -> list[Served]:
    """The releases of a stretch of time, both ends included; a bare end date is its whole day."""
    end = _moment(until) if until else None
    if until and end and len(until) == len("2026-01-31"):
        end += timedelta(days=1)
    start = _moment(since) if since else None
    wanted = set(filter(None, (stages or "").split(",")))
    return [
        one
        for one in releases
        if (start is None or one.date >= start)
        and (end is None or one.date <= end)
        and (not wanted or one.stage in wanted)
    ]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
