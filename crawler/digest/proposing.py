"""From what the store holds to what a mail may tell somebody: does it fit, and as what. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from crawler.digest import matching
from crawler.digest.considering import Considered
from crawler.digest.items import Candidate
from crawler.digest.whereabouts import elsewhere
from crawler.opportunity import Opportunity
from crawler.store.endings import Ending
from crawler.store.matches import Pending
from crawler.store.opportunities import Stored
from crawler.store.subscribers import Subscriber

HORIZON = timedelta(days=365)
"""Contracts are told of when they end within it."""

TOO_LATE = timedelta(days=60)
"""A contract that ends sooner is being let again already, or never will be."""


def closes(opportunity: Opportunity, now: datetime, until: datetime) -> bool:
    """Whether bids for it close after `now` and not after `until`."""
    deadline = opportunity.deadline
    return opportunity.stage == "tender" and deadline is not None and now < deadline <= until


def told_again(one: Pending, stored: Stored) -> Candidate:
    """What somebody knows already, as what it was told to them for."""
    judgement = stored.opportunity.judgement
    kind = (matching.kind_of(judgement) if judgement else None) or "arts"
    fit = matching.Match(kind=kind, reasons=one.why.reasons, caveats=one.why.caveats)
    return Candidate(
        opportunity=stored.opportunity, match=fit, told=one.told, first_seen=stored.first_seen
    )


def fitting(seen: Considered, first_seen: datetime, person: Subscriber) -> Candidate | None:
    """A considered opportunity, if it fits one of a person's wishes."""
    outcomes = [matching.decide(seen, wish) for wish in person.subscriptions]
    fits = [outcome for outcome in outcomes if isinstance(outcome, matching.Match)]
    if not fits:
        return None
    return Candidate(
        opportunity=seen.opportunity, match=matching.combined(fits), first_seen=first_seen
    )


def saved(stored: Stored, seen: Considered, person: Subscriber) -> Candidate:
    """A saved opportunity; it may be one that never fitted, such as one found by searching."""
    return fitting(seen, stored.first_seen, person) or Candidate(
        opportunity=stored.opportunity,
        match=matching.Match(kind="arts", reasons=()),
        first_seen=stored.first_seen,
    )


def let_again(opportunity: Opportunity, now: datetime) -> Opportunity:
    """A contract that ends as what it may become: an early signal, to be matched like one."""
    return replace(opportunity, stage="planning", status="open", deadline=None, updated=now)


def ending(one: Ending, again: Considered, person: Subscriber) -> Candidate | None:
    """A contract that ends, if what may come after it (`again`) fits one of a person's wishes."""
    if all(elsewhere(again.where, wish) for wish in person.subscriptions):
        return None
    candidate = fitting(again, one.first_seen, person)
    if candidate is None:
        return None
    fit = candidate.match
    unsaid = one.relet.latest == one.relet.earliest
    if unsaid and any(award.extension for award in one.opportunity.awards):
        fit = replace(fit, caveats=(*fit.caveats, "The buyer may extend the contract instead"))
    return replace(candidate, opportunity=one.opportunity, match=fit, relet=one.relet)
