"""What a digest says first: subject, preheader, headline and the sentences of its welcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crawler import dates
from crawler.digest import foretelling, wording
from crawler.digest.items import SOON, Candidate, title


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many opportunities there are to tell, of which `shown` find room.

    `new` came since the last digest, `waiting` found no room in it; `closing` counts among both.
    `changed` were told before, `missed` reached us late.
    """

    new: int = 0
    waiting: int = 0
    closing: int = 0
    changed: int = 0
    missed: int = 0
    shown: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.new + self.waiting + self.changed + self.missed


def headline(counts: Counts) -> str:
    """``6 new for you, 2 closing soon``; what else there is if nothing is new."""
    if not counts.total:
        return "All quiet: nothing new for you"
    if counts.new or counts.waiting:
        first = f"{counts.new} new for you" if counts.new else f"{counts.waiting} more for you"
        if counts.closing:
            only = counts.closing == (counts.new or counts.waiting) and not (
                counts.new and counts.waiting
            )
            return f"{first}, {'closing' if only else f'{counts.closing} closing'} soon"
        return first + (f", {counts.changed} changed" if counts.changed else "")
    if counts.changed:
        return f"{wording.count(counts.changed, 'change')} to what we told you"
    return f"{counts.missed} you may have missed"


def welcome(counts: Counts) -> str:
    """What is in this digest, in a few short sentences."""
    sentences = []
    if counts.new:
        verb = "fits" if counts.new == 1 else "fit"
        found = wording.count(counts.new, "new opportunity", "new opportunities")
        sentences.append(f"We found {found} that {verb} what you asked for.")
    if counts.waiting:
        more = "more that fits" if counts.waiting == 1 else "more that fit"
        there = "There is" if counts.waiting == 1 else "There are"
        since = "from before" if counts.new else "what you asked for, from before"
        sentences.append(f"{there} {counts.waiting} {more} {since}.")
    if counts.closing and counts.closing < counts.new + counts.waiting:
        closes = "closes" if counts.closing == 1 else "close"
        number = wording.number(counts.closing)
        sentences.append(f"{number} of them {closes} within {SOON} days.")
    if counts.changed:
        has = "has" if counts.changed == 1 else "have"
        sentences.append(f"{wording.number(counts.changed)} that we told you about {has} changed.")
    if counts.missed:
        sentences.append(f"{wording.number(counts.missed)} reached us late.")
    if counts.shown < counts.total:
        rest = "the rest wait for your next email"
        sentences.append(f"Here are the {counts.shown} to look at first; {rest}.")
    return " ".join(sentences)


def subject(headline: str, led: Sequence[Candidate]) -> str:
    """The headline and the title of the first of `led`, with its town unless the title has it."""
    if not led:
        return headline
    opportunity = led[0].opportunity
    named, town = title(opportunity, 70), wording.town(opportunity.place)
    known = town.removeprefix("in ").removeprefix("the ").lower() in named.lower()
    return f"{headline}: {named}" + ("" if known or not town else f" {town}")


def preheader(led: Sequence[tuple[Candidate, tuple[str, ...]]], now: datetime) -> str:
    """What the inbox shows after the subject: the first item's date or change, then the next."""
    if not led:
        return "We looked, and found nothing that fits. You need not do anything."
    (first, changes), *others = led
    if first.relet:
        opening = foretelling.again(first.relet, now.astimezone(dates.LONDON).date())
    else:
        opening = changes[0] if changes else wording.closing(first.opportunity, now)
    also = "; ".join(title(one.opportunity, 60) for one, _ in others[:2])
    return f"{opening}. Also: {also}." if also else f"{opening}."
