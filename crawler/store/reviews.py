"""What people decided about opportunities: reviewers, and subscribers' "not for us".

Every decision is kept; of several by one person about one opportunity the latest stands. Nothing
here touches a judgement: `crawler.jobs.train` learns from `taught`, and only reprocessing judges
anew what is stored.
"""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa

from crawler.errors import ReleaseError, UsageError
from crawler.items import ART_FORMS, OUTCOMES, RELEVANCES, Judgement, Notice, Relevance
from crawler.opportunity import Opportunity
from crawler.store import listings, opportunities
from crawler.store.listings import mask
from crawler.store.releases import Reader
from crawler.store.statements import chunks
from crawler.store.tables import listings as listings_table
from crawler.store.tables import opportunities as opportunities_table
from crawler.store.tables import processes, releases, reviews

Verdict = Literal["accept", "reject", "label", "not_for_us"]

ALIKE = 0.1
"""Notices whose distance from the threshold differs by less teach the same."""

_UNKNOWN = "there is no opportunity {!r}. See what waits with: tenders review list"
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one person says of an opportunity.

    ``accept`` confirms the judgement with its tags, ``reject`` means `none`, ``label`` carries a
    `relevance` and either tags or, with both None, says nothing of them. ``not_for_us`` is a
    subscriber's word: it alone carries `subscriber_id`, the others a `reviewer`.
    """

    decision: Verdict
    reviewer: str | None = None
    subscriber_id: int | None = None
    relevance: str | None = None
    art_forms: tuple[str, ...] | None = None
    outcomes: tuple[str, ...] | None = None
    note: str | None = None

    @property
    def by(self) -> Literal["reviewer", "subscriber"]:
        """Who speaks. A decision in the wrong mouth is a programming error: `ValueError`."""
        theirs = self.subscriber_id is not None
        if theirs != (self.decision == "not_for_us") or theirs == (self.reviewer is not None):
            raise ValueError(f"{self.decision} needs either a reviewer or a subscriber")
        return "subscriber" if theirs else "reviewer"


_MAYBE = mask("relevance", ["review", "adjacent"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision as it was kept, and the opportunity as it stands, judged as before."""

    opportunity: Opportunity
    relevance: Relevance
    art_forms: tuple[str, ...] | None
    outcomes: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What reviewers should look at: the `first` in order of use, and how many there are."""

    first: tuple[Opportunity, ...]
    total: int


def decide(connection: sa.Connection, key: str, said: Said, now: datetime) -> Decided:
    """Keeps what was `said` about the opportunity that `key` names, now or before a merger.

    Raises `UsageError` for an unknown opportunity or label, and where there is no judgement to
    accept.
    """
    found = opportunities.by_key(connection, key) if key.isascii() and key.isalnum() else None
    if found is None:
        raise UsageError(_UNKNOWN.format(key[:40]))
    pk, opportunity = found
    decided = _settled(opportunity, said)
    connection.execute(
        reviews.insert().values(
            opportunity_id=pk,
            release_id=_judged_release(connection, pk, opportunity.judgement),
            by=said.by,
            reviewer=said.reviewer,
            subscriber_id=said.subscriber_id,
            decision=said.decision,
            relevance=decided.relevance,
            art_forms=None if decided.art_forms is None else list(decided.art_forms),
            outcomes=None if decided.outcomes is None else list(decided.outcomes),
            note=said.note,
            decided_at=now,
        )
    )
    if said.by == "reviewer":
        listings.renew(connection, [pk])
    return decided


def _settled(opportunity: Opportunity, said: Said) -> Decided:
    """The labels that a decision comes to. Tags are said together: one kind given, both are."""
    relevance, art_forms, outcomes = said.relevance, said.art_forms, said.outcomes
    if said.decision == "accept":
        judgement = opportunity.judgement
        if judgement is None:
            raise UsageError(
                f"{opportunity.id} has not been judged, so there is nothing to accept. Say what it"
                f" is: tenders review label {opportunity.id} --relevance arts"
            )
        relevance = judgement.relevance
        art_forms, outcomes = judgement.art_forms, judgement.outcomes
    elif said.decision != "label":
        relevance, art_forms, outcomes = "none", (), ()
    elif relevance == "none" or art_forms or outcomes:
        art_forms, outcomes = art_forms or (), outcomes or ()
        _check(relevance, art_forms, outcomes)
    return Decided(
        opportunity=opportunity,
        relevance=_relevance(relevance),
        art_forms=art_forms,
        outcomes=outcomes,
    )


def _check(relevance: str | None, art_forms: Sequence[str], outcomes: Sequence[str]) -> None:
    for what, words, allowed in (
        ("art form", art_forms, ART_FORMS),
        ("outcome", outcomes, OUTCOMES),
    ):
        for word in words:
            if word not in allowed:
                raise _unknown(what, word, allowed)
    if relevance == "none" and (art_forms or outcomes):
        raise UsageError(
            "what is none has no art forms or outcomes. Leave them out, or write relevance"
            " arts, commissionable or adjacent."
        )


def _relevance(word: str | None) -> Relevance:
    for known in RELEVANCES:
        if word == known:
            return known
    raise _unknown("relevance", word or "", RELEVANCES)


def _unknown(what: str, word: str, allowed: Sequence[str]) -> UsageError:
    return UsageError(f"{what} {word[:40]!r} is not known. Write one of {', '.join(allowed)}.")


def _judged_release(connection: sa.Connection, pk: int, judgement: Judgement | None) -> int | None:
    """The newest release that was judged just as the opportunity is: it holds the text judged."""
    if judgement is None:
        return None
    query = (
        sa.select(releases.c.id, releases.c.judgement)
        .join(processes, processes.c.id == releases.c.process_id)
        .where(processes.c.opportunity_id == pk)
        .order_by(releases.c.date.desc(), releases.c.id.desc())
    )
    for release_id, theirs in connection.execute(query):
        if theirs and theirs["scores"] == judgement.scores:
            return int(release_id)
    return None


def take_back(connection: sa.Connection, opportunity_id: int, subscriber_id: int) -> None:
    """Forgets that a subscriber said "not for us" of an opportunity (by internal key)."""
    connection.execute(
        reviews.delete().where(
            reviews.c.opportunity_id == opportunity_id,
            reviews.c.subscriber_id == subscriber_id,
            reviews.c.decision == "not_for_us",
        )
    )


def to_review(
    connection: sa.Connection,
    doubt: Callable[[Mapping[str, float]], float | None],
    now: datetime,
    limit: int,
    without: Collection[int] = (),
) -> Waiting:
    """Opportunities that a reviewer should look at and none has: what teaches most comes first.

    `doubt` gives the distance of scores from the threshold, None outside the review band
    (`crawler.relevance.bands.doubt`). Among those that teach alike, what closes next comes first
    and what is closed last. A subscriber's "not for us" leaves the question open. Those `without`
    (by internal key) are passed over.
    """
    table = opportunities_table
    seen = sa.exists().where(reviews.c.opportunity_id == table.c.id, reviews.c.by == "reviewer")
    # Nothing that people are shown, and nothing that is hidden, lies in the review band.
    maybe = listings_table.c.card.bitwise_and(_MAYBE) != 0
    query = (
        sa.select(table.c.id, table.c.scores, table.c.deadline)
        .join(listings_table, listings_table.c.opportunity_id == table.c.id)
        .where(maybe, table.c.relevance.is_not(None), ~seen)
    )
    ranked, passed = [], set(without)
    for pk, scores, deadline in connection.execute(query):
        distance = doubt(scores)
        if distance is not None and pk not in passed:
            closed = deadline is not None and deadline < now
            ranked.append((int(distance / ALIKE), closed, deadline or _NEVER, pk))
    order = [pk for *_, pk in sorted(ranked)]
    found = _by_id(connection, order[:limit])
    return Waiting(first=tuple(found[pk] for pk in order[:limit]), total=len(order))


def _by_id(connection: sa.Connection, ids: Collection[int]) -> dict[int, Opportunity]:
    found: dict[int, Opportunity] = {}
    for part in chunks(ids):
        found.update(opportunities.iterate(connection, opportunities_table.c.id.in_(part)))
    return found


def taught(connection: sa.Connection, read: Reader) -> list[dict[str, Any]]:
    """The decisions that stand, oldest first, as labelled rows for `crawler.relevance.rows`.

    The notice is the release whose text was judged when the decision fell. Where its raw text has
    been pruned since, or cannot be read, the opportunity as it stands speaks for it.
    """
    person = (reviews.c.opportunity_id, reviews.c.by, reviews.c.reviewer, reviews.c.subscriber_id)
    place = sa.func.row_number().over(
        partition_by=person, order_by=(reviews.c.decided_at.desc(), reviews.c.id.desc())
    )
    numbered = sa.select(reviews, place.label("place")).subquery()
    query = (
        sa.select(numbered, releases.c.source, releases.c.raw)
        .outerjoin(releases, releases.c.id == numbered.c.release_id)
        .where(numbered.c.place == 1)
        .order_by(numbered.c.decided_at, numbered.c.id)
    )
    found = connection.execute(query).all()
    stand = _by_id(connection, {row.opportunity_id for row in found})
    return [
        dataclasses.asdict(_read(row, read) or _notice(stand[row.opportunity_id]))
        | {
            "id": stand[row.opportunity_id].id,
            "relevance": row.relevance,
            "art_forms": row.art_forms,
            "outcomes": row.outcomes,
            "by": row.by,
        }
        for row in found
    ]


def _read(row: Any, read: Reader) -> Notice | None:
    """The notice in the release that a decision was about, if it can still be read."""
    if row.raw is None:
        return None
    try:
        notice = read(row.source, zlib.decompress(row.raw)).notice()
    except ReleaseError:
        return None
    return notice if notice.title else None


def _notice(one: Opportunity) -> Notice:
    buyer = one.buyer
    return Notice(
        title=one.title,
        description=one.description,
        lots=tuple(f"{lot.title} {lot.description}".strip() for lot in one.lots),
        cpv=one.cpv,
        category=one.category,
        buyer=buyer.name if buyer else None,
        buyer_nuts=(buyer.nuts,) if buyer and buyer.nuts else (),
        buyer_postcode=buyer.postcode if buyer else None,
        buyer_town=buyer.town if buyer else None,
    )
