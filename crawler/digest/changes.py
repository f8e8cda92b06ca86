"""What has changed about an opportunity since somebody was told of it, in words.

It compares with what they were told, not with the last version: three moves of a deadline are one
move to them, and a change that was taken back is none.
"""

from __future__ import annotations

from datetime import datetime

from crawler import dates, money
from crawler.digest.wording import listing, plain
from crawler.opportunity import Opportunity
from crawler.store.matches import Told


def changes(told: Told, known: Opportunity) -> tuple[str, ...]:
    """Each change that matters, the most important first; nothing when all is as told."""
    found = _standing(told, known)
    if known.status not in ("cancelled", "awarded") and not _opened(told, known):
        found += _deadline(told.deadline, known.deadline)
    before = money.spell(told.value_min, told.value_max, told.currency)
    after = money.spell(known.value_min, known.value_max, known.currency)
    if before != after:
        found.append(f"The value changed from {plain(before)} to {plain(after)}")
    if plain(known.title) != plain(told.title):
        found.append(f"It has a new title; it was ‘{plain(told.title, 120)}’")
    if any(
        change.material and change.version > told.version and change.field in ("scope", "lots")
        for change in known.changes
    ):
        found.append("The description of the work changed")
    return tuple(found)


def _opened(told: Told, known: Opportunity) -> bool:
    return told.stage == "planning" and known.stage == "tender"


def _standing(told: Told, known: Opportunity) -> list[str]:
    """What became of it: cancelled, awarded, opened, closed early, opened again."""
    status, was = known.status, told.status
    if status == "cancelled":
        return ["It was cancelled"] if was != "cancelled" else []
    if was == "cancelled":
        return ["It is on again after being cancelled"]
    if status == "awarded":
        return [_awarded(known)] if was != "awarded" else []
    if _opened(told, known):
        until = f" until {dates.spell(known.deadline)}" if known.deadline else ""
        return [f"It is now open for bids{until}"]
    if status == "closed" and was in ("open", "unknown"):
        return ["The buyer closed it"]
    if status == "open" and was == "closed":
        return ["It is open again"]
    return []


def _awarded(known: Opportunity) -> str:
    names = [plain(name, 80) for award in known.awards for name in award.suppliers if name]
    winners = list(dict.fromkeys(names))
    if len(winners) > 3:
        return f"It was awarded to {winners[0]} and {len(winners) - 1} others"
    return f"It was awarded to {listing(winners)}" if winners else "It was awarded"


def _deadline(before: datetime | None, after: datetime | None) -> list[str]:
    old, new = before and dates.spell(before), after and dates.spell(after)
    if old == new:
        return []
    if before is None or after is None:
        return [f"The deadline is now {new}" if new else f"The deadline of {old} was taken back"]
    earlier, later = before.astimezone(dates.LONDON), after.astimezone(dates.LONDON)
    if earlier.time() == later.time():
        old, new = dates.spell(earlier.date()), dates.spell(later.date())
    return [f"The deadline moved from {old} to {new}"]
