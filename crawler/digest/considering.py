"""An opportunity on a given day, ready to be matched: everything that does not depend on a person.

Matching looks at a `Considered`, so that it is worked out once for all subscriptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from crawler import dates
from crawler.bands import likelier, shown_as
from crawler.buyers import BuyerKind
from crawler.buyers import kind_of as buyer_kind
from crawler.digest import phrases, wording
from crawler.items import Judgement
from crawler.opportunity import Opportunity
from crawler.places import nearness
from crawler.places.nearness import Point
from crawler.places.regions import NATIONWIDE
from crawler.store.rulings import Ruling
from crawler.store.subscribers import WishStage

Kind = Literal["arts", "commissionable", "adjacent"]
KINDS: tuple[Kind, ...] = ("arts", "commissionable", "adjacent")

STALE_PLAN = timedelta(days=365)
"""An early signal that has been silent for longer is no signal any more."""

STALE_CALL = timedelta(days=90)
"""A call without a closing date that has been silent for longer is taken for closed."""

STALE_AWARD = timedelta(days=60)
"""An award that was last heard of before that is no news any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where the work is. `point` is the middle of its authority, else of the buyer's outcode.

    `of_buyer` says that it is the buyer's. No regions and no authority: nobody knows.
    """

    regions: tuple[str, ...] = ()
    authority: str | None = None
    point: Point | None = None
    of_buyer: bool = False

    @property
    def nationwide(self) -> bool:
        """Whether it is all over the UK."""
        return self.regions == NATIONWIDE

    @property
    def unknown(self) -> bool:
        """Whether nothing is known of it."""
        return not self.regions and self.authority is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """An opportunity as all subscriptions see it.

    `over` says why it is no use to anybody, or None. `stage` and `kind` are set where it is of
    use. `maybe` marks what lies in the review band and nobody has looked at; `ruled` what a
    reviewer has decided. `evidence` are the phrases that led to `kind`, in words; empty if
    the judgement was another. `low` and `high` are pounds; both None for an unknown value.
    """

    opportunity: Opportunity
    over: str | None
    unsuited: str | None
    stage: WishStage
    kind: Kind = "arts"
    maybe: bool = False
    ruled: bool = False
    evidence: str = ""
    art_forms: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    buyer: BuyerKind | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    where: Whereabouts = Whereabouts()

    @property
    def useless(self) -> bool:
        """Whether nobody at all should hear of it."""
        return self.over is not None or self.unsuited is not None

    @property
    def said(self) -> str:
        """The words people may ask for: title, description and lots (see `phrases.holds`)."""
        one = self.opportunity
        lots = (text for lot in one.lots for text in (lot.title, lot.description))
        return phrases.spoken(one.title, one.description, *lots)


def consider(opportunity: Opportunity, now: datetime, ruling: Ruling | None = None) -> Considered:
    """`opportunity` as it stands at `now`. A reviewer's `ruling` wins over the judgement."""
    judgement = opportunity.judgement
    kind, maybe = _kind(judgement, ruling)
    art_forms = judgement.art_forms if judgement else ()
    outcomes = judgement.outcomes if judgement else ()
    if ruling:
        art_forms, outcomes = ruling.tags(art_forms, outcomes)
    low, high = _value(opportunity)
    buyer = opportunity.buyer
    return Considered(
        opportunity=opportunity,
        over=_over(opportunity, now),
        unsuited=None if kind else _unsuited(ruling),
        stage=_stage(opportunity),
        kind=kind or "arts",
        maybe=maybe,
        ruled=ruling is not None,
        evidence=wording.evidence(judgement) if judgement and judgement.relevance == kind else "",
        art_forms=art_forms,
        outcomes=outcomes,
        buyer=buyer_kind(buyer.name) if buyer and buyer.name.strip() else None,
        low=low,
        high=high,
        where=_where(opportunity),
    )


def kind_of(judgement: Judgement) -> Kind | None:
    """What a judged notice may be told as; None for what is hidden or still to be reviewed."""
    kind, maybe = _kind(judgement, None)
    return None if maybe else kind


def _kind(judgement: Judgement | None, ruling: Ruling | None) -> tuple[Kind | None, bool]:
    """What it may be told as, and whether that is only a maybe that waits for a reviewer."""
    if ruling:
        return (None if ruling.relevance == "none" else ruling.relevance), False
    if judgement is None:
        return None, False
    found = shown_as(judgement.relevance, judgement.scores)
    if found == "none":
        return None, False
    return (likelier(judgement.scores), True) if found == "review" else (found, False)


def _unsuited(ruling: Ruling | None) -> str:
    if ruling:
        return "A reviewer found that it is not for arts organisations"
    return "Nobody has found it to be for arts organisations"


def _stage(opportunity: Opportunity) -> WishStage:
    if opportunity.status == "awarded" or opportunity.stage in ("award", "contract"):
        return "awards"
    return "early" if opportunity.stage == "planning" else "open"


def _over(opportunity: Opportunity, now: datetime) -> str | None:
    """Why there is nothing left to do about it, or None."""
    if opportunity.status == "cancelled":
        return "It was cancelled"
    silent = now - opportunity.updated
    stage = _stage(opportunity)
    if stage == "awards":
        return "It is awarded, more than two months ago" if silent > STALE_AWARD else None
    if stage == "early":
        return "Nothing was heard of it for a year" if silent > STALE_PLAN else None
    if opportunity.status_at(now) == "closed":
        on = f" on {dates.spell(opportunity.deadline)}" if opportunity.deadline else ""
        return f"It closed{on}"
    if opportunity.deadline is None and silent > STALE_CALL:
        return "It names no closing date and nothing was heard of it for three months"
    return None


def _value(opportunity: Opportunity) -> tuple[Decimal | None, Decimal | None]:
    """What it is worth in pounds; amounts in other money are as good as unknown."""
    if (opportunity.currency or "GBP") != "GBP":
        return None, None
    return opportunity.value_min, opportunity.value_max


def _where(opportunity: Opportunity) -> Whereabouts:
    place, buyer = opportunity.place, opportunity.buyer
    point = nearness.middle(place.authority) if place.authority else None
    of_buyer = point is None and bool(buyer and buyer.postcode)
    if of_buyer and buyer and buyer.postcode:
        point = nearness.home(buyer.postcode)
    return Whereabouts(
        regions=place.regions, authority=place.authority, point=point, of_buyer=of_buyer
    )
