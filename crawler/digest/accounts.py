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
    "short": "sent less than it usually does",
    "partial": "answered only in part",
    "failed": "did not answer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCheck:
    """The last reading of one source: `verdict` as in the runs, None for never or unfinished."""

    name: str
    verdict: str | None = None
    checked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """What the house did since: its sources, and when the newest notice was published."""

    sources: tuple[SourceCheck, ...] = ()
    newest: datetime | None = None


def checked(accounts: Accounts, now: datetime) -> tuple[str, ...]:
    """Which sources were read, in words: one sentence when all is well, one more for each fault."""
    if not accounts.sources:
        return ()
    faults = [words for source in accounts.sources if (words := _fault(source, now))]
    good = len(accounts.sources) - len(faults)
    summary = f"{good} of {wording.count(len(accounts.sources), 'source')} checked"
    if accounts.newest:
        newest = dates.spell(accounts.newest.astimezone(dates.LONDON).date())
        summary += f"; the newest notice is from {newest}"
    if len(faults) > 4:
        faults = [*faults[:3], f"{len(faults) - 3} more sources could not be read in full."]
    return (f"{summary}.", *faults)


def _fault(source: SourceCheck, now: datetime) -> str | None:
    name = wording.plain(source.name, 60)
    if source.checked_at is None:
        return f"{name} has not been checked yet."
    when = dates.spell(source.checked_at.astimezone(dates.LONDON).date())
    if now - source.checked_at > FRESH:
        return f"{name} was last checked on {when}."
    if source.verdict == "ok":
        return None
    fault = _FAULTS.get(source.verdict or "", "was not read to the end")
    return f"{name} {fault} on {when}; we will ask again."


def asked_for(subscriptions: Sequence[Subscription]) -> str:
    """What somebody asked for, in a sentence or two; several subscriptions one after the other."""
    wishes = dict.fromkeys(wish(one) for one in subscriptions)
    return f"You asked for {' You also asked for '.join(wishes)}" if wishes else ""
