"""What lies on the desk of reviewers and staff: unsure notices, doubtful pairs, ill sources."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from release_samples import CF, FTS, amended, batch, keep, read, release

from crawler.items import Judgement, Reason
from crawler.store import database, releases, runs
from crawler.store.folding import public_key
from crawler.store.runs import Tally


def unsure(engine: sa.Engine, number: int = 1, *, source: str = FTS, **tender: Any) -> str:
    """An opportunity in the review band; its public id."""
    title = tender.pop("title", f"Harbour programme {number}")
    relevance = tender.pop("relevance", "commissionable")
    plain = batch(source, amended(release(number), title=title, **tender))
    judgement = Judgement(
        relevance=relevance,
        scores={"arts": 0.1, "commissionable": 0.3, "adjacent": 0.3, "none": 0.3},
        outcomes=() if relevance == "none" else ("health_wellbeing",),
        reasons=(
            Reason(text="festival of light", field="description", weight=1.0),
            Reason(text="old harbour", field="description", weight=-0.4),
        ),
        model="test",
    )
    (one,) = plain.releases
    assert one.facts is not None
    with database.writing(engine) as connection:
        made = replace(plain, releases=(replace(one, judgement=judgement),))
        releases.keep(connection, made, read)
    return public_key(source, one.facts.ocid)


def doubtful(engine: sa.Engine) -> tuple[str, str]:
    """Two notices on two portals that may be one opportunity; their public ids."""
    copy = release(1, ocid="ocds-b5fd17-000001", id="c1", date="2026-03-03T09:00:00Z")
    keep(engine, FTS, release(1))
    keep(engine, CF, amended(copy, tenderPeriod={"endDate": "2026-04-27T12:00:00Z"}))
    return public_key(FTS, "ocds-test01-000001"), public_key(CF, "ocds-b5fd17-000001")


def ran(engine: sa.Engine, source: str, now: datetime, verdict: str = "ok", **more: Any) -> None:
    """A run that ended a moment ago."""
    with database.writing(engine) as connection:
        pk = runs.begin(connection, source, now - timedelta(minutes=9))
        tally = Tally(requests=9, new=more.pop("new", 3), first_errors=more.pop("errors", []))
        words = more.pop("reason", "")
        runs.finish(connection, pk, tally, verdict, words, now)  # type: ignore[arg-type]
