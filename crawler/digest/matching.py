"""Whether an opportunity is for somebody, and why, or why not: pure and in plain words.

What a notice leaves open is no reason to hide it: an unknown place, value, buyer, art form or
outcome fits, and says so as a caveat.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from crawler import buyers
from crawler.digest import phrases, wording, worth
from crawler.digest.considering import (
    STALE_AWARD,
    STALE_CALL,
    STALE_PLAN,
    Considered,
    Kind,
    consider,
    kind_of,
)
from crawler.digest.fitting import FINE, PERSONAL, Criterion, Fit, Refusal
from crawler.digest.whereabouts import place
from crawler.opportunity import Opportunity
from crawler.store.rulings import Ruling
from crawler.store.subscribers import Subscription

__all__ = [
    "PERSONAL", "STALE_AWARD", "STALE_CALL", "STALE_PLAN", "Criterion", "Kind", "Match", "Refusal",
    "combined", "decide", "kind_of", "match", "nearly", "refusals",
]  # fmt: skip

_AWARDED = Fit(reasons=("Awarded: worth knowing who won it",))
_STAGES = {"early": "an early signal", "open": "an open call", "awards": "an award"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An opportunity that fits: as what, why, and what to check first."""

    kind: Kind
    reasons: tuple[str, ...]
    caveats: tuple[str, ...] = ()


def match(
    opportunity: Opportunity,
    subscription: Subscription,
    now: datetime,
    ruling: Ruling | None = None,
) -> Match | Refusal:
    """Whether `opportunity` is worth telling somebody with this `subscription` at `now`.

    Art forms narrow what is art (and what is around it, where clear); outcomes narrow what is
    commissionable; everything else narrows both. What is over or cancelled is not told. A
    reviewer's `ruling` wins over the judgement.
    """
    return decide(consider(opportunity, now, ruling), subscription)


def decide(seen: Considered, wish: Subscription) -> Match | Refusal:
    """The same of an opportunity that was considered before."""
    reasons: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    for fit in _criteria(seen, wish):
        if fit is FINE:
            continue
        if isinstance(fit, Refusal):
            return fit
        reasons += fit.reasons
        caveats += fit.caveats
    return Match(kind=seen.kind, reasons=reasons, caveats=caveats)


def refusals(seen: Considered, wish: Subscription) -> tuple[Refusal, ...]:
    """Every criterion that speaks against it, nothing for a match."""
    return tuple(fit for fit in _criteria(seen, wish) if isinstance(fit, Refusal))


def nearly(seen: Considered, wish: Subscription) -> Refusal | None:
    """The one criterion that speaks against it, if that is one of `PERSONAL`: it came near."""
    found = (fit for fit in _criteria(seen, wish) if isinstance(fit, Refusal))
    first, second = next(found, None), next(found, None)
    return first if first and second is None and first.criterion in PERSONAL else None


def _criteria(seen: Considered, wish: Subscription) -> Iterator[Fit | Refusal]:
    """What each criterion says, the weightiest first; none comes after what is beyond a wish."""
    beyond = _beyond(seen, wish)
    if beyond:
        yield beyond
        return
    for criterion in _EACH:
        yield criterion(seen, wish)


def _beyond(seen: Considered, wish: Subscription) -> Refusal | None:
    """Why no change of this wish but asking for awards would help, or None."""
    if seen.over:
        return Refusal(criterion="over", reason=seen.over)
    if seen.stage == "awards" and "awards" not in wish.stages:
        return Refusal(criterion="over", reason="It is awarded")
    if seen.unsuited:
        return Refusal(criterion="relevance", reason=seen.unsuited)
    return None


def _stage(seen: Considered, wish: Subscription) -> Fit | Refusal:
    if seen.stage not in wish.stages:
        reason = f"It is {_STAGES[seen.stage]}, which was not asked for"
        return Refusal(criterion="stage", reason=reason)
    return _AWARDED if seen.stage == "awards" else FINE


def _review(seen: Considered, wish: Subscription) -> Fit | Refusal:
    if not seen.maybe:
        return FINE
    if not wish.maybes:
        reason = "It may be for arts organisations, but nobody has checked yet"
        return Refusal(criterion="review", reason=reason)
    return Fit(caveats=("It may not be for you: nobody has checked it yet",))


def _band(seen: Considered, wish: Subscription) -> Fit | Refusal:
    if seen.kind in wish.bands:
        return FINE
    reason = f"It is {wording.BANDS[seen.kind]}, which was not asked for"
    return Refusal(criterion="band", reason=reason)


def _subject(seen: Considered, wish: Subscription) -> Fit | Refusal:
    """Whether it is the kind of work wanted, with the phrases that say so."""
    forms = _choice("art_form", seen.art_forms, wish.art_forms, wording.ART_FORMS)
    if "combined" in seen.art_forms and isinstance(forms, Refusal):
        forms = Fit(reasons=("It spans several art forms",))
    outcomes = _choice("outcome", seen.outcomes, wish.outcomes, wording.OUTCOMES)
    if seen.kind == "commissionable":
        if isinstance(outcomes, Refusal):
            return outcomes
        aims = [*_shared(seen.outcomes, wish.outcomes)][:2]
        named = ", ".join(wording.OUTCOMES[aim] for aim in aims)
        head = _evident(named or "An outcome you could deliver", seen)
        return Fit(reasons=(head,), caveats=outcomes.caveats)
    if isinstance(forms, Refusal):
        return forms
    caveats = forms.caveats if seen.kind == "arts" else ()
    also = () if isinstance(outcomes, Refusal) else outcomes.reasons
    return Fit(
        reasons=(_evident(wording.BANDS[seen.kind], seen), *forms.reasons, *also), caveats=caveats
    )


def _evident(head: str, seen: Considered) -> str:
    """`head` with the phrases that led there, if there are any."""
    evidence = seen.evidence or ("a reviewer says so" if seen.ruled else "")
    return f"{wording.sentence(head)}: {evidence}" if evidence else wording.sentence(head)


def _shared(found: Sequence[str], wanted: Collection[str]) -> tuple[str, ...]:
    return tuple(one for one in found if not wanted or one in wanted)


def _choice(
    criterion: Criterion, found: Sequence[str], wanted: Collection[str], names: Mapping[str, str]
) -> Fit | Refusal:
    """Whether what was found meets what is wanted; unknown fits, with a caveat."""
    if not wanted:
        return FINE
    what = criterion.replace("_", " ")
    if not found:
        return Fit(caveats=(f"The notice names no {what}",))
    shared = _shared(found, wanted)
    named = wording.listing([names[one] for one in shared or found])
    if not shared:
        reason = f"It is for {named}, not for the {what}s asked for"
        return Refusal(criterion=criterion, reason=reason)
    return Fit(reasons=(f"You asked for {named}",))


def _place(seen: Considered, wish: Subscription) -> Fit | Refusal:
    return place(seen.where, wish)


def _buyer(seen: Considered, wish: Subscription) -> Fit | Refusal:
    if not wish.buyer_kinds:
        return FINE
    if seen.buyer is None:
        return Fit(caveats=("The notice does not name the buyer",))
    named = buyers.NAMES[seen.buyer]
    if seen.buyer not in wish.buyer_kinds:
        reason = f"The buyer counts among {named}, which were not asked for"
        return Refusal(criterion="buyer", reason=reason)
    return Fit(reasons=(f"You asked for {named}",))


def _require(seen: Considered, wish: Subscription) -> Fit | Refusal:
    wanted = [phrase for phrase in wish.require if phrases.words(phrase)]
    if not wanted:
        return FINE
    said = seen.said
    missing = [phrase for phrase in wanted if not phrases.holds(said, phrase)]
    if missing:
        reason = f"It does not mention {wording.listing(_quoted(missing))}"
        return Refusal(criterion="require", reason=reason)
    return Fit(reasons=(f"It mentions {wording.listing(_quoted(wanted))}",))


def _exclude(seen: Considered, wish: Subscription) -> Fit | Refusal:
    unwanted = [phrase for phrase in wish.exclude if phrases.words(phrase)]
    if not unwanted:
        return FINE
    said = seen.said
    found = [phrase for phrase in unwanted if phrases.holds(said, phrase)]
    if found:
        reason = f"It mentions {wording.listing(_quoted(found))}, which you left out"
        return Refusal(criterion="exclude", reason=reason)
    return FINE


def _quoted(said: Sequence[str]) -> list[str]:
    return [f"‘{wording.plain(phrase, 60)}’" for phrase in said[:5]]


_EACH: tuple[Callable[[Considered, Subscription], Fit | Refusal], ...] = (
    _stage, _review, _band, _subject, _place, worth.value, worth.largest, _buyer, _require,
    _exclude,
)  # fmt: skip


def combined(matches: Sequence[Match]) -> Match:
    """One match out of those of several subscriptions of one person; each reason once.

    A caveat stands only if every subscription has it.
    """
    first, *others = matches
    if not others:
        return first
    common = [one for one in first.caveats if all(one in other.caveats for other in others)]
    return Match(
        kind=min((one.kind for one in matches), key=tuple(wording.BANDS).index),
        reasons=tuple(dict.fromkeys(reason for one in matches for reason in one.reasons)),
        caveats=tuple(common),
    )
