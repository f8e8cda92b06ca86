"""Drafts what a person would be sent: from the store to a finished message. Records nothing.

A `Round` is one occasion on which many people are written to. What does not depend on the person is
loaded and put into words once a round: opportunities, local contacts, contracts that end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import cached_property

import sqlalchemy as sa

from crawler import dates, keys
from crawler.addresses import Addresses
from crawler.config import Settings
from crawler.digest import links, mail, notes, proposing
from crawler.digest.accounts import Accounts, SourceCheck
from crawler.digest.composing import Digest, Kind, compose
from crawler.digest.considering import Considered, consider
from crawler.digest.contracts import Contracts
from crawler.digest.items import Candidate, Writer
from crawler.digest.mail import Letterhead
from crawler.digest.nearby import Neighbourhood
from crawler.digest.ordering import last_digest
from crawler.opportunity import Opportunity
from crawler.sources import registry
from crawler.store import duplicates, endings, health, marks, matches, opportunities, rulings
from crawler.store.matches import Pending, Told
from crawler.store.opportunities import Stored
from crawler.store.rulings import Ruling
from crawler.store.subscribers import Subscriber

ROOMS = (15, 12, 9, 6, 3)
"""How many items a digest has: fewer only where they are so long that the mail would be cut off."""

ENDINGS = 3
"""How many contracts that end one digest tells of."""

WAITING = 150
"""How many more may wait: a year of weekly digests, in which they end."""

_KEPT = 20_000
_LIVE = ("open", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A mail as it would go out. `about` names what it is, so that it is queued once.

    `told` is what it tells and `reminded` the deadlines of which it reminds, both by internal
    opportunity key. `waiting` are the contracts that end and that it had no room for.
    """

    subscriber: Subscriber
    kind: Kind
    about: str
    digest: Digest
    message: EmailMessage
    told: Mapping[int, Told]
    reminded: Mapping[int, datetime] = field(default_factory=dict)
    waiting: tuple[int, ...] = ()


class Round:
    """One occasion of writing to people at `now`, by one connection to the store.

    `key` is that of the forget list. `addresses` are those of our pages, None where none can be
    reached. Not for several threads.
    """

    def __init__(
        self,
        connection: sa.Connection,
        *,
        accounts: Accounts,
        letterhead: Letterhead,
        now: datetime,
        key: bytes,
        addresses: Addresses | None = None,
    ) -> None:
        self.connection = connection
        self.accounts = accounts
        self.letterhead = letterhead
        self.now = now
        self.addresses = addresses
        self._stored: dict[int, Stored] = {}
        self._seen: dict[tuple[str, Ruling | None], Considered] = {}
        self.writer = Writer(
            now=now,
            portals=_portals(),
            near=Neighbourhood(connection, key).near,
            addresses=addresses,
        )

    def digest(
        self,
        person: Subscriber,
        *,
        slot: datetime | None = None,
        near_misses: int | None = None,
    ) -> Draft:
        """The digest that `person` would get for the digest time `slot` (this day's, if None)."""
        pending = matches.pending(self.connection, person.id, self._rulings)
        known = self.stored(one.opportunity_id for one in pending)
        candidates = self._candidates(pending, known, person)
        taken = {one.opportunity.id for one in candidates}
        contracts = self._ending(person, taken)
        candidates += list(contracts.values())[:ENDINGS]
        at = slot.isoformat() if slot else f"{self.now.astimezone(dates.LONDON).date()}"
        for most in ROOMS:
            made = compose(
                candidates,
                person=person,
                writer=self.writer,
                accounts=self.accounts,
                near_misses=near_misses,
                most=most,
            )
            found = self._draft(made, person, f"digest:{person.id}:{at}", known)
            if mail.size(found.message) <= mail.LARGEST:
                break
        left = (key for key, one in contracts.items() if one.opportunity.id not in made.foretold)
        return replace(found, waiting=tuple(left))

    def early(self, person: Subscriber, until: datetime) -> Draft | None:
        """A mail about what fits and closes before `until`, the person's next digest, or None.

        For those who asked for such mail; what they were told of is theirs already.
        """
        if not person.schedule.early_mail:
            return None
        pending = [
            one
            for one in matches.pending(self.connection, person.id, self._rulings)
            if not one.told
        ]
        known = {
            key: one
            for key, one in self.stored(one.opportunity_id for one in pending).items()
            if proposing.closes(one.opportunity, self.now, until)
        }
        found = self._candidates(pending, known, person)
        if not found:
            return None
        made = notes.early(found, person=person, writer=self.writer, until=until)
        about = "+".join(sorted(made.carried))
        return self._draft(made, person, f"early:{person.id}:{about}", known)

    def reminder(self, person: Subscriber, saved: Collection[int] | None = None) -> Draft | None:
        """A mail that reminds of what `person` saved and what closes soon, or None.

        `saved` are internal keys, asked of the store if None: what closes within the days that the
        person chose, and was not reminded of yet. What has closed meanwhile is passed over.
        """
        if saved is None:
            saved = self._due(person)
        known = {
            key: one
            for key, one in self.stored(saved).items()
            if one.opportunity.deadline and one.opportunity.status_at(self.now) in _LIVE
        }
        if not known:
            return None
        candidates = [
            proposing.saved(one, self._considered(one.opportunity), person)
            for one in known.values()
        ]
        made = notes.reminder(candidates, person=person, writer=self.writer)
        deadlines = {
            key: one.opportunity.deadline
            for key, one in known.items()
            if one.opportunity.deadline and one.opportunity.id in made.carried
        }
        named = sorted(
            f"{known[key].opportunity.id}:{moment.isoformat()}" for key, moment in deadlines.items()
        )
        draft = self._draft(made, person, f"reminder:{person.id}:{'+'.join(named)}", known)
        return replace(draft, told={}, reminded=deadlines)

    def _due(self, person: Subscriber) -> list[int]:
        days = person.schedule.remind_days
        if days is None:
            return []
        found = marks.due(self.connection, timedelta(days=days), self.now, person.id)
        return [one.opportunity_id for one in found]

    def stored(self, ids: Iterable[int]) -> dict[int, Stored]:
        """The opportunities with these internal keys; each is read once a round."""
        wanted = list(ids)
        missing = [key for key in wanted if key not in self._stored]
        if missing:
            if len(self._stored) > _KEPT:
                self._stored.clear()
                self._seen.clear()
                missing = wanted
            self._stored.update(opportunities.several(self.connection, missing))
        return {key: self._stored[key] for key in wanted if key in self._stored}

    def _candidates(
        self, pending: Iterable[Pending], known: Mapping[int, Stored], person: Subscriber
    ) -> list[Candidate]:
        """What of `pending` is `known` and fits, each with what else of it may be the same."""
        found = []
        for one in pending:
            key = one.opportunity_id
            candidate = self._candidate(one, known[key], person) if key in known else None
            if candidate is None:
                continue
            if key in self._copies:
                copies = (known[at].opportunity.id for at in self._copies[key] if at in known)
                candidate = replace(candidate, copies=frozenset(copies))
            found.append(candidate)
        return found

    def _candidate(self, one: Pending, stored: Stored, person: Subscriber) -> Candidate | None:
        """What fits is asked again on the day: it may have closed since it was matched.

        What somebody was told of stays theirs: they will want to know that it was cancelled.
        """
        if one.told:
            return proposing.told_again(one, stored)
        seen = self._considered(stored.opportunity, one.ruling)
        return proposing.fitting(seen, stored.first_seen, person)

    def _considered(self, opportunity: Opportunity, ruling: Ruling | None = None) -> Considered:
        """What every reader's match begins with, once a round for each opportunity."""
        found = self._seen.get((opportunity.id, ruling))
        if found is None:
            found = consider(opportunity, self.now, ruling)
            self._seen[opportunity.id, ruling] = found
        return found

    def _ending(self, person: Subscriber, taken: Collection[str]) -> dict[int, Candidate]:
        """Contracts that end and are news to `person`, those of the soonest end first, by key."""
        # What came between the digest's time and its writing was told by it.
        last = max((one for one in (last_digest(person), person.digest_at) if one), default=None)
        found: dict[int, Candidate] = {}
        waiting = endings.waiting(self.connection, person.id)
        for one, again in self._contracts.news(last, waiting):
            if one.opportunity.id in taken:
                continue
            if candidate := proposing.ending(one, again, person):
                found[one.id] = candidate
            if len(found) == ENDINGS + WAITING:
                break
        return found

    @cached_property
    def _rulings(self) -> Mapping[int, Ruling]:
        return rulings.rulings(self.connection)

    @cached_property
    def _copies(self) -> Mapping[int, Collection[int]]:
        return duplicates.possible(self.connection)

    @cached_property
    def _contracts(self) -> Contracts:
        """Contracts that end within the horizon."""
        bounds = (self.now + proposing.TOO_LATE, self.now + proposing.HORIZON)
        found = endings.ending(self.connection, *bounds, ("arts", "commissionable", "adjacent"))
        return Contracts(found, self.now)

    def _draft(
        self, made: Digest, person: Subscriber, about: str, known: Mapping[int, Stored]
    ) -> Draft:
        keys = {one.opportunity.id: key for key, one in known.items()}
        return Draft(
            subscriber=person,
            kind=made.kind,
            about=about,
            digest=made,
            message=mail.message(
                made, person, self.letterhead, self.now, about=about, addresses=self.addresses
            ),
            told={keys[public]: told for public, told in made.carried.items()},
        )


def round_of(settings: Settings, connection: sa.Connection, now: datetime) -> Round:
    """A round of this installation's. Raises `ConfigError` where there is no secret."""
    return Round(
        connection,
        accounts=accounts(connection, now),
        letterhead=Letterhead(sender=settings.sender, contact=settings.contact),
        now=now,
        key=keys.forget_key(settings),
        addresses=Addresses.of(settings),
    )


def accounts(connection: sa.Connection, now: datetime) -> Accounts:
    """What the house did since: how each source was read last, and the newest notice."""
    found = health.health(connection, now)
    checks = []
    for source in registry.find(()):
        one = found.get(source.key)
        checks.append(
            SourceCheck(
                name=source.name,
                verdict=one.verdict if one else None,
                checked_at=one.checked_at if one else None,
                since=one.failing_since if one else None,
            )
        )
    return Accounts(sources=tuple(checks), newest=matches.newest_notice(connection))


def _portals() -> dict[str, str]:
    """The names of the portals that publish notices, by host."""
    rows = registry.load().values()
    return {links.host_of(row.base_url): row.name for row in rows if row.base_url}
