"""How the digest accounts for itself: which sources were read, and what the reader asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crawler import dates
from crawler.digest import wording
from crawler.digest.wish_wording import wish
from crawler.store.subscribers import Subscription

FRESH = timedelta(days=8)
"""A source last read longer ago than this does not count as checked."""

_FAULTS = {
    "short": "has sent less than usual since",
    "partial": "has answered only in part since",
    "failed": "failed since",
}
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCheck:
    """The last reading of one source: `verdict` as in the runs, None for never or unfinished.

    `since` is the first reading after the last good one, when that was not good itself.
    """

    name: str
    verdict: str | None = None
    checked_at: datetime | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """What the house did since: its sources, and when the newest notice was published."""

    sources: tuple[SourceCheck, ...] = ()
    newest: datetime | None = None


def checked(
    accounts: Accounts, now: datetime, *, sent: int = 0, near_misses: int | None = None
) -> tuple[str, ...]:
    """Which sources were read and what came of it, in words.

    ``38 of 40 sources checked; Sell2Wales failed since Tuesday; 9 sent, 14 near misses.`` and, in
    a further sentence, how new the newest notice is. Near misses fail one wish.
    """
    if not accounts.sources:
        return ()
    faults = [words for source in accounts.sources if (words := _fault(source, now))]
    good = len(accounts.sources) - len(faults)
    parts = [f"{good} of {wording.count(len(accounts.sources), 'source')} checked"]
    parts += faults if len(faults) <= _NAMED + 1 else faults[:_NAMED]
    if len(faults) > _NAMED + 1:
        parts.append(f"{len(faults) - _NAMED} more not read in full")
    outcome = [f"{sent} sent"] if sent else []
    if near_misses:
        outcome.append(wording.count(near_misses, "near miss", "near misses"))
    parts += [", ".join(outcome)] if outcome else []
    said = [f"{'; '.join(parts)}."]
    if accounts.newest:
        newest = dates.spell(accounts.newest.astimezone(dates.LONDON).date())
        said.append(f"The newest notice is from {newest}.")
    return tuple(said)


def _fault(source: SourceCheck, now: datetime) -> str | None:
    name = wording.plain(source.name, 60)
    if source.checked_at is None:
        return f"{name} not checked yet"
    if now - source.checked_at > FRESH:
        when = dates.spell(source.checked_at.astimezone(dates.LONDON).date())
        return f"{name} last checked on {when}"
    if source.verdict == "ok":
        return None
    fault = _FAULTS.get(source.verdict or "", "was not read to the end since")
    return f"{name} {fault} {wording.since(source.since or source.checked_at, now)}"


def asked_for(subscriptions: Sequence[Subscription]) -> str:
    """What somebody asked for, in a sentence or two; several subscriptions one after the other."""
    wishes = dict.fromkeys(wish(one) for one in subscriptions)
    return f"You asked for {' You also asked for '.join(wishes)}" if wishes else ""
