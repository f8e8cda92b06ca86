"""Why an address gets nothing any more, in words for people."""

from __future__ import annotations

from crawler import dates
from crawler.store.suppressions import BounceKind, Suppression

_WHY: dict[BounceKind, str] = {
    "hard": "{whose} mailbox refused our mail on {day}",
    "policy": "{whose} mailbox refused our mail on {day}",
    "soft": "{whose} mailbox could not take our mail on several days, the last {day}",
    "complaint": "{whose} mailbox reported a mail of ours as unwanted on {day}",
}


def why(one: Suppression, whose: str) -> str:
    """``their mailbox refused our mail on 3 July 2026``; `whose` is ``your`` or ``their``."""
    day = dates.spell(one.at.astimezone(dates.LONDON).date())
    return _WHY[one.reason].format(whose=whose, day=day)
