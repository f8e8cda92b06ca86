"""Drafts what a person would be sent: from the store to a finished message. Records nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

import sqlalchemy as sa

from crawler.digest import links, mail, matching
from crawler.digest.accounts import Accounts, SourceCheck
from crawler.digest.composing import Candidate, Digest, compose
from crawler.digest.local import local
from crawler.digest.mail import Letterhead
from crawler.opportunity import Opportunity
from crawler.sources import registry
from crawler.store import matches, opportunities, runs
from crawler.store.matches import Pending, Told
from crawler.store.subscribers import Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A digest as it would go out; `told` is what it tells, by internal opportunity key."""

    subscriber: Subscriber
    digest: Digest
    message: EmailMessage
    told: Mapping[int, Told]


def draft(
    engine: sa.Engine,
    person: Subscriber,
    known_sources: Accounts,
    letterhead: Letterhead,
    now: datetime,
    key: bytes,
) -> Draft:
    """What `person` would be sent at `now`. `key` is that of the forget list."""
    with engine.connect() as connection:
        known: dict[str, int] = {}
        candidates = []
        for one in matches.pending(connection, person.id):
            opportunity = opportunities.get(connection, one.opportunity_id)
            known[opportunity.id] = one.opportunity_id
            candidate = _candidate(one, opportunity, person, now)
            if candidate:
                candidates.append(candidate)
        digest = compose(
            candidates,
            now=now,
            organisation=person.organisation,
            subscriptions=person.subscriptions,
            accounts=known_sources,
            portals=_portals(),
            local=lambda opportunity: local(connection, opportunity, key),
        )
    return Draft(
        subscriber=person,
        digest=digest,
        message=mail.message(digest, person, letterhead, now),
        told={known[public]: told for public, told in digest.carried.items()},
    )


def _portals() -> dict[str, str]:
    """The names of the portals that publish notices, by host."""
    rows = registry.load().values()
    return {links.host_of(row.base_url): row.name for row in rows if row.base_url}


def _candidate(
    one: Pending, opportunity: Opportunity, person: Subscriber, now: datetime
) -> Candidate | None:
    """What fits is asked again on the day: it may have closed since it was matched.

    What somebody was told of stays theirs: they will want to know that it was cancelled.
    """
    if one.told:
        judgement = opportunity.judgement
        kind = (matching.kind_of(judgement) if judgement else None) or "arts"
        fit = matching.Match(kind=kind, reasons=one.why.reasons, caveats=one.why.caveats)
        return Candidate(opportunity=opportunity, match=fit, told=one.told)
    outcomes = [matching.match(opportunity, wish, now, one.ruling) for wish in person.subscriptions]
    fits = [outcome for outcome in outcomes if isinstance(outcome, matching.Match)]
    if not fits:
        return None
    return Candidate(opportunity=opportunity, match=matching.combined(fits))


def accounts(connection: sa.Connection) -> Accounts:
    """What the house did since: how each source was read last, and the newest notice."""
    latest = runs.latest(connection)
    checks = []
    for source in registry.find(()):
        run = latest.get(source.key, {})
        checks.append(
            SourceCheck(
                name=source.name,
                verdict=run.get("verdict"),
                checked_at=run.get("finished") or run.get("started"),
            )
        )
    return Accounts(sources=tuple(checks), newest=matches.newest_notice(connection))
