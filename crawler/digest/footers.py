"""The foot of a mail: why somebody gets it, what they asked for, and how to change or stop it."""

from __future__ import annotations

from dataclasses import dataclass

from crawler import dates
from crawler.addresses import Addresses
from crawler.digest import wording
from crawler.digest.accounts import asked_for
from crawler.digest.links import Link
from crawler.digest.wish_wording import wish
from crawler.store.subscribers import Subscriber

FEEDS = 5
"""Somebody with more subscriptions finds their feeds on the preferences page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """`why` and `asked_for` are sentences; `links` change or stop the mails."""

    why: str = ""
    asked_for: str = ""
    links: tuple[Link, ...] = ()
    feeds: tuple[Link, ...] = ()


def footer(person: Subscriber, addresses: Addresses | None) -> Footer:
    """The foot of a mail to `person`; without `addresses` of our pages it has no links."""
    day = dates.spell((person.confirmed_at or person.created).astimezone(dates.LONDON).date())
    words = Footer(
        why=f"You get this because {person.email} asked us for it on {day}.",
        asked_for=asked_for(person.subscriptions),
    )
    if addresses is None:
        return words
    preferences = addresses.preferences(person.handle)
    return Footer(
        why=words.why,
        asked_for=words.asked_for,
        links=(
            Link(text="Change what you get", url=preferences),
            Link(text="Pause these emails", url=f"{preferences}#pause"),
            Link(text="Stop these emails", url=addresses.unsubscribe(person.handle)),
        ),
        feeds=tuple(_feeds(person, addresses)),
    )


def _feeds(person: Subscriber, addresses: Addresses) -> list[Link]:
    several = len(person.subscriptions) > 1
    found = []
    for number, one in enumerate(person.subscriptions[:FEEDS], 1):
        named = wording.plain(one.label, 40) if one.label else _short(wish(one))
        which = f" {number}, {named}" if several else ""
        found += [
            Link(
                text=f"Calendar of closing dates{which}",
                url=addresses.calendar(person.handle, one.id),
            ),
            Link(text=f"Atom feed{which}", url=addresses.atom(person.handle, one.id)),
        ]
    return found


def _short(sentence: str) -> str:
    return wording.plain(sentence, 40).rstrip(".…")
