"""Whether an opportunity is for somebody, and why, or why not: pure and in plain words.

What a notice leaves open is no reason to hide it: an unknown place, art form or outcome fits, and
says so as a caveat.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from crawler import dates
from crawler.digest import wording
from crawler.items import Judgement
from crawler.opportunity import Opportunity
from crawler.places.regions import NATIONWIDE
from crawler.relevance.bands import band
from crawler.store.subscribers import Subscription

Kind = Literal["arts", "commissionable", "adjacent"]

STALE_PLAN = timedelta(days=365)
"""An early signal that has been silent for longer is no signal any more."""

STALE_CALL = timedelta(days=90)
"""A call without a closing date that has been silent for longer is taken for closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An opportunity that fits: as what, why, and what to check first."""

    kind: Kind
    reasons: tuple[str, ...]
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an opportunity does not fit, in words."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    reasons: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()


def match(opportunity: Opportunity, subscription: Subscription, now: datetime) -> Match | Refusal:
    """Whether `opportunity` is worth telling somebody with this `subscription` on the day `now`.

    Art forms narrow what is art (and what is around it, where clear); outcomes narrow what is
    commissionable; regions narrow everything. What is over, cancelled or awarded is not told.
    """
    over = _over(opportunity, now)
    if over:
        return Refusal(reason=over)
    judgement = opportunity.judgement
    kind = kind_of(judgement) if judgement else None
    if judgement is None or kind is None:
        return Refusal(reason="Nobody has found it to be for arts organisations")
    if kind not in subscription.bands:
        return Refusal(reason=f"It is {wording.BANDS[kind]}, which was not asked for")
    fits = []
    for fit in (
        _subject(kind, judgement, subscription),
        _place(opportunity.place.regions, subscription.regions),
    ):
        if isinstance(fit, Refusal):
            return fit
        fits.append(fit)
    return Match(
        kind=kind,
        reasons=tuple(reason for fit in fits for reason in fit.reasons),
        caveats=tuple(caveat for fit in fits for caveat in fit.caveats),
    )


def kind_of(judgement: Judgement) -> Kind | None:
    """What a judged notice may be told as; None for what is hidden or still to be reviewed."""
    if band(judgement) == "shown":
        if judgement.relevance in ("arts", "commissionable"):
            return judgement.relevance
        scores = judgement.scores
        return "arts" if scores["arts"] >= scores["commissionable"] else "commissionable"
    return "adjacent" if judgement.relevance == "adjacent" else None


def _over(opportunity: Opportunity, now: datetime) -> str | None:
    """Why there is nothing left to do about it, or None."""
    if opportunity.status == "cancelled":
        return "It was cancelled"
    if opportunity.status == "awarded" or opportunity.stage in ("award", "contract"):
        return "It is awarded"
    silent = now - opportunity.updated
    if opportunity.stage == "planning":
        return "Nothing was heard of it for a year" if silent > STALE_PLAN else None
    if opportunity.status_at(now) == "closed":
        on = f" on {dates.spell(opportunity.deadline)}" if opportunity.deadline else ""
        return f"It closed{on}"
    if opportunity.deadline is None and silent > STALE_CALL:
        return "It names no closing date and nothing was heard of it for three months"
    return None


def _subject(kind: Kind, judgement: Judgement, wanted: Subscription) -> _Fit | Refusal:
    """Whether it is the kind of work wanted, with the phrases that say so."""
    forms = _choice(judgement.art_forms, wanted.art_forms, wording.ART_FORMS, "art form")
    if "combined" in judgement.art_forms and isinstance(forms, Refusal):
        forms = _Fit(reasons=("It spans several art forms",))
    outcomes = _choice(judgement.outcomes, wanted.outcomes, wording.OUTCOMES, "outcome")
    if kind == "commissionable":
        if isinstance(outcomes, Refusal):
            return outcomes
        aims = [*_shared(judgement.outcomes, wanted.outcomes)][:2]
        named = ", ".join(wording.OUTCOMES[aim] for aim in aims)
        head = _evident(named or "An outcome you could deliver", kind, judgement)
        return _Fit(reasons=(head,), caveats=outcomes.caveats)
    if isinstance(forms, Refusal):
        return forms
    caveats = forms.caveats if kind == "arts" else ()
    also = () if isinstance(outcomes, Refusal) else outcomes.reasons
    head = _evident(wording.BANDS[kind], kind, judgement)
    return _Fit(reasons=(head, *forms.reasons, *also), caveats=caveats)


def _evident(head: str, kind: Kind, judgement: Judgement) -> str:
    """`head` with the phrases that led there, if the judgement was just that."""
    evidence = wording.evidence(judgement) if judgement.relevance == kind else ""
    return f"{wording.sentence(head)}: {evidence}" if evidence else wording.sentence(head)


def _shared(found: Sequence[str], wanted: Collection[str]) -> tuple[str, ...]:
    return tuple(one for one in found if not wanted or one in wanted)


def _choice(
    found: Sequence[str], wanted: Collection[str], names: Mapping[str, str], what: str
) -> _Fit | Refusal:
    """Whether what was found meets what is wanted; unknown fits, with a caveat."""
    if not wanted:
        return _Fit()
    if not found:
        return _Fit(caveats=(f"The notice names no {what}",))
    shared = _shared(found, wanted)
    named = wording.listing([names[one] for one in shared or found])
    if not shared:
        return Refusal(reason=f"It is for {named}, not for the {what}s asked for")
    return _Fit(reasons=(f"You asked for {named}",))


def _place(found: Sequence[str], wanted: Collection[str]) -> _Fit | Refusal:
    """Whether it is where somebody works; the whole UK and the unknown are everywhere."""
    if not found:
        return _Fit(caveats=("The notice does not say where the work is",) if wanted else ())
    if tuple(found) == NATIONWIDE:
        return _Fit(reasons=("Open across the whole UK",))
    shared = _shared(found, wanted)
    if not shared:
        where = wording.listing([wording.region(code) for code in found])
        return Refusal(reason=f"It is in {where}")
    if not wanted:
        return _Fit()
    return _Fit(reasons=(f"In {wording.listing([wording.region(code) for code in shared])}",))


def combined(matches: Sequence[Match]) -> Match:
    """One match out of those of several subscriptions of one person; each reason once.

    A caveat stands only if every subscription has it.
    """
    first, *others = matches
    common = [one for one in first.caveats if all(one in other.caveats for other in others)]
    return Match(
        kind=min((one.kind for one in matches), key=tuple(wording.BANDS).index),
        reasons=tuple(dict.fromkeys(reason for one in matches for reason in one.reasons)),
        caveats=tuple(common),
    )
