"""Finds out who won relevant contracts, and joins them to the bodies that lists name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from crawler.digest.wording import count, plain
from crawler.items import ART_FORMS, OUTCOMES
from crawler.jobs.organisations import row_of
from crawler.jobs.unlisting import nobody, unlisted
from crawler.partners.bodies import keys_of, name_key
from crawler.partners.suppliers import charity_of, is_body
from crawler.store import database, organisations, suppliers
from crawler.store.organisations import Organisation, key_of
from crawler.store.suppliers import Awarded

_NAME = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """How many organisations are known to have won something, and how many wins changed."""

    winners: int
    changed: int

    def __str__(self) -> str:
        """What staff read."""
        return f"{count(self.winners, 'supplier')} of relevant contracts, {self.changed} changes"


@dataclass(slots=True)
class _Wins:
    """What one organisation won."""

    name: str
    opportunities: set[int] = field(default_factory=set)
    art_forms: set[str] = field(default_factory=set)
    outcomes: set[str] = field(default_factory=set)

    def take(self, award: Awarded) -> None:
        self.opportunities.add(award.opportunity_id)
        self.art_forms.update(award.art_forms)
        self.outcomes.update(award.outcomes)


def refresh(engine: sa.Engine, forget_key: bytes | None = None) -> Refreshed:
    """Makes anew who won what; done again without news it changes nothing.

    With `forget_key` (`crawler.keys.forget_key`) bodies that asked not to be listed are left out,
    and taken out where old data brought them back.
    """
    with database.writing(engine) as connection:
        left_out = unlisted(connection, forget_key) if forget_key else nobody
        known = organisations.public(connection)
        organisations.remove(connection, [one.id for one in known if left_out(one)])
        known = [one for one in known if not left_out(one)]
        index = _Index(known)
        won: dict[int, _Wins] = {}
        strangers: dict[str, _Wins] = {}
        for award in suppliers.awarded(connection):
            for name, identifier in _named(award):
                entry = index.find(name, charity_of(identifier), award.regions)
                if entry is not None:
                    won.setdefault(entry.id, _Wins(entry.name)).take(award)
                elif is_body(name, identifier):
                    strangers.setdefault(name_key(name), _Wins(name)).take(award)
        strangers = {
            key: wins
            for key, wins in strangers.items()
            if not left_out(Organisation(key="", name=wins.name, name_key=key))
        }
        _add(connection, known, strangers, won)
        _settle(connection, won)
        pairs = {(one, at) for one, wins in won.items() for at in wins.opportunities}
        changed = suppliers.replace(connection, pairs)
    return Refreshed(winners=len(won), changed=changed)


def _named(award: Awarded) -> Iterable[tuple[str, str]]:
    for at, name in enumerate(award.suppliers):
        told = plain(name, _NAME)
        if told:
            yield told, award.identifiers[at] if at < len(award.identifiers) else ""


class _Index:
    """Finds the entry that a supplier's name means."""

    def __init__(self, known: Sequence[Organisation]) -> None:
        self._charities = {one.charity: one for one in known if one.charity}
        self._names: dict[str, list[Organisation]] = defaultdict(list)
        for one in known:
            if one.sources:
                keys = [key for cells in one.rows for key in keys_of(row_of(cells))]
                for key in dict.fromkeys((one.name_key, *keys)):
                    self._names[key].append(one)

    def find(self, name: str, charity: str | None, regions: Sequence[str]) -> Organisation | None:
        """The one entry of that charity number or name; of namesakes the one that is local."""
        if charity and charity in self._charities:
            return self._charities[charity]
        found = self._names.get(name_key(name), [])
        if len(found) > 1:
            found = [one for one in found if one.region in regions]
        return found[0] if len(found) == 1 else None


def _add(
    connection: sa.Connection,
    known: Sequence[Organisation],
    strangers: Mapping[str, _Wins],
    won: dict[int, _Wins],
) -> None:
    """Makes entries of suppliers that no list names, and drops those that won nothing any more."""
    only = {one.key: one for one in known if not one.sources}
    wanted = {key_of(f"supplier {key}"): (key, wins) for key, wins in strangers.items()}
    organisations.remove(connection, [one.id for key, one in only.items() if key not in wanted])
    fresh = [
        Organisation(key=key, name=wins.name, name_key=name)
        for key, (name, wins) in wanted.items()
        if key not in only
    ]
    organisations.add(connection, fresh)
    ids = organisations.ids_of(connection, wanted)
    won.update((ids[key], wins) for key, (_, wins) in wanted.items())


def _settle(connection: sa.Connection, won: Mapping[int, _Wins]) -> None:
    """Writes down how often each entry won, and for which outcomes it was chosen."""
    changed = []
    for one in organisations.public(connection):
        wins = won.get(one.id)
        forms = wins.art_forms if wins else set()
        made = replace(
            one,
            wins=len(wins.opportunities) if wins else 0,
            outcomes=tuple(o for o in OUTCOMES if wins and o in wins.outcomes),
        )
        if not one.sources:
            made = replace(made, art_forms=tuple(form for form in ART_FORMS if form in forms))
        if made != one:
            changed.append(made)
    organisations.change(connection, changed)
