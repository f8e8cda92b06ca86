"""The two short mails between digests: what closes before the next one, and what was saved.

Both look like a small digest and are made of the same items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from crawler import dates
from crawler.digest import wording
from crawler.digest.composing import Digest, Section, carried, greeting, laid_out, ways_of
from crawler.digest.footers import footer
from crawler.digest.headlines import preheader
from crawler.digest.items import Candidate, Writer, title
from crawler.digest.ordering import Entry, folded
from crawler.store.subscribers import Subscriber

MOST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    kind: Literal["early", "reminder"]
    heading: str
    welcome: str


def early(
    candidates: Sequence[Candidate],
    *,
    person: Subscriber,
    writer: Writer,
    until: datetime,
) -> Digest:
    """Tells of what fits and closes before `until`, the person's next digest; `MOST` at most."""
    one = len(candidates) == 1
    words = _Words(
        kind="early",
        heading="Closing before your next email",
        welcome=f"{'This fits' if one else 'These fit'} what you asked for, and"
        f" {'closes' if one else 'close'} before your next email on {wording.today(until)}.",
    )
    return _note(candidates, words, person, writer)


def reminder(candidates: Sequence[Candidate], *, person: Subscriber, writer: Writer) -> Digest:
    """Reminds of what the person saved and what closes soon; `MOST` at most."""
    one = len(candidates) == 1
    words = _Words(
        kind="reminder",
        heading="Saved by you",
        welcome=f"You saved {'this' if one else 'these'}, and the closing date is near.",
    )
    return _note(candidates, words, person, writer)


def _note(
    candidates: Sequence[Candidate],
    words: _Words,
    person: Subscriber,
    writer: Writer,
) -> Digest:
    now = writer.now
    soonest = sorted(candidates, key=lambda one: (_deadline(one), one.opportunity.id))
    entries = folded({"closing": [Entry(candidate=one) for one in soonest]})
    entries["closing"] = entries["closing"][:MOST]
    chosen = [entry.candidate for entry in entries["closing"]]
    sections, people = laid_out(entries, {}, writer)
    first = chosen[0].opportunity
    days = dates.days_left(_deadline(chosen[0]), now)
    when = {0: "today", 1: "tomorrow"}.get(days, f"in {days} days")
    others = f", and {len(chosen) - 1} more soon" if len(chosen) > 1 else ""
    saved = "Saved by you: c" if words.kind == "reminder" else "C"
    headline = f"{saved}loses {when}{others}"
    return Digest(
        kind=words.kind,
        subject=f"{headline}: {title(first, 70)}",
        preheader=preheader([(one, ()) for one in chosen], now),
        headline=headline,
        date=wording.today(now),
        greeting=greeting(person),
        welcome=words.welcome,
        sections=tuple(_headed(section, words.heading) for section in sections),
        people=people,
        footer=footer(person, writer.addresses),
        carried=carried(entries["closing"]),
        ways=ways_of(sections, person, writer.addresses),
    )


def _headed(section: Section, heading: str) -> Section:
    return Section(key=section.key, heading=heading, introduction="", items=section.items)


def _deadline(candidate: Candidate) -> datetime:
    """When it closes. Raises `ValueError` for what never does: it belongs in no such mail."""
    if candidate.opportunity.deadline is None:
        raise ValueError(f"opportunity {candidate.opportunity.id} has no deadline to tell of")
    return candidate.opportunity.deadline
