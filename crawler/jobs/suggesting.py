"""Who could deliver an opportunity together with its reader: candidates from the store, ranked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain

import sqlalchemy as sa

from crawler.digest import wording
from crawler.jobs.directory import Body, Directory
from crawler.opportunity import Opportunity
from crawler.partners import closeness, ranking
from crawler.partners.bodies import name_key
from crawler.partners.ranking import Work
from crawler.places import nearness
from crawler.places.authorities import authorities
from crawler.places.regions import NATIONWIDE
from crawler.store import opportunities, organisations
from crawler.store.listings import mask
from crawler.store.organisations import Organisation, tags
from crawler.store.rulings import Ruling, rulings
from crawler.store.subscribers import Subscriber
from crawler.text import key

_NEAREST, _IN_REGION, _WINNERS, _OPEN = 80, 80, 30, 30
_FEW = 3
"""With fewer who work in the art forms asked for, bodies near that work in others are named."""

_ENOUGH = 40
"""So many candidates nearby are enough not to ask for the rest of the region."""

NAMES = {**wording.ART_FORMS, **wording.OUTCOMES}
"""Art forms and outcomes as people call them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """A possible partner as people see it, and why it is one."""

    organisation: Organisation
    reasons: tuple[str, ...]


def partners(
    connection: sa.Connection,
    bodies: Directory,
    one: Opportunity,
    reader: Subscriber | None = None,
) -> tuple[Partner, ...]:
    """The best partners for `one`, for a `reader` whose own strengths they complement.

    None for what a reviewer decided is not for arts organisations.
    """
    pk = opportunities.internal(connection, one.id)
    ruling = rulings(connection, [pk]).get(pk) if pk is not None else None
    return for_work(connection, bodies, work_of(one, _own(connection, reader), ruling), reader)


def for_work(
    connection: sa.Connection,
    bodies: Directory,
    work: Work,
    reader: Subscriber | None = None,
) -> tuple[Partner, ...]:
    """The best partners for `work` (`work_of`), for a `reader` whose own entry is left out.

    Where hardly anybody near works in what it asks for, others near come after them.
    """
    if not work.art_forms and not work.outcomes:
        return ()
    chosen = _best(connection, bodies, work, reader)
    if len(chosen) < _FEW and work.art_forms:
        taken = {name_key(partner.organisation.name) for partner in chosen}
        wider = _best(connection, bodies, replace(work, wide=True), reader)
        others = (one for one in wider if name_key(one.organisation.name) not in taken)
        chosen = (*chosen, *others)[: ranking.MOST]
    return chosen


def among(work: Work, bodies: Iterable[Body], *, most: int) -> tuple[Partner, ...]:
    """The best partners for `work` of these `bodies`, and of nobody else."""
    found = {one.candidate.key: one for one in bodies}
    chosen = ranking.suggest(work, (one.candidate for one in found.values()), NAMES, most=most)
    return tuple(
        Partner(organisation=found[made.candidate.key].organisation, reasons=made.reasons)
        for made in chosen
    )


def _best(
    connection: sa.Connection, bodies: Directory, work: Work, reader: Subscriber | None
) -> tuple[Partner, ...]:
    others = (
        one
        for one in _candidates(connection, bodies, work)
        if reader is None or one.organisation.subscriber_id != reader.id
    )
    return among(work, others, most=ranking.MOST)


def _own(connection: sa.Connection, reader: Subscriber | None) -> tuple[frozenset[str], str | None]:
    """What the reader said that they do, and their organisation's name."""
    if reader is None:
        return frozenset(), None
    entry = organisations.own(connection, reader.id)
    said = [one for wish in reader.subscriptions for one in (*wish.art_forms, *wish.outcomes)]
    if entry:
        said = [*entry.art_forms, *entry.outcomes]
    return frozenset(said), reader.organisation


def work_of(
    one: Opportunity,
    reader: tuple[frozenset[str], str | None] = (frozenset(), None),
    ruling: Ruling | None = None,
) -> Work:
    """What `one` asks for, where, and of whom; as a reviewer's `ruling` has it, where one decided.

    It asks for nothing if that says that it is not for arts organisations.
    """
    has, name = reader
    judged = one.judgement
    art_forms = judged.art_forms if judged else ()
    outcomes = judged.outcomes if judged else ()
    if ruling is not None:
        none = ruling.relevance == "none"
        art_forms, outcomes = ((), ()) if none else ruling.tags(art_forms, outcomes)
    return Work(
        id=one.id,
        regions=one.place.regions,
        authority=one.place.authority,
        art_forms=art_forms,
        outcomes=outcomes,
        buyer=one.buyer.name if one.buyer else None,
        buyer_key=key(one.buyer.name) if one.buyer else "",
        has=has,
        reader=name,
    )


def _candidates(connection: sa.Connection, bodies: Directory, work: Work) -> Iterable[Body]:
    asked = tags(work.art_forms, work.outcomes)
    card = asked | mask("art_forms", ranking.serving(work))
    regions = [code for code in work.regions if code not in NATIONWIDE]
    near: list[Body] = []
    if work.authority:
        places = _nearby(work.authority)
        near = bodies.around(connection, tiers=places, card=card, limit=_NEAREST)
    if regions and len(near) < _ENOUGH:
        near += bodies.around(connection, regions=regions, card=card, limit=_IN_REGION)
    winners = bodies.winners(asked, regions, _WINNERS)
    wide = bodies.open_ones(connection, _OPEN) if not regions else []
    return chain(near, winners, wide)


@lru_cache(maxsize=1024)
def _nearby(gss: str) -> tuple[tuple[str, ...], ...]:
    """The codes of authorities in tiers: itself and its relatives, those near, those around."""
    here = nearness.middle(gss)
    relatives = tuple(nearness.relatives(gss))
    if here is None or closeness.is_wide(gss):
        return (relatives,)
    away = {
        other.gss: nearness.kilometres(here, middle)
        for other in authorities().values()
        if other.gss not in relatives and (middle := nearness.middle(other.gss))
    }
    near = tuple(code for code, km in away.items() if km <= closeness.NEAR_KM)
    around = tuple(
        code for code, km in away.items() if closeness.NEAR_KM < km <= closeness.AROUND_KM
    )
    return relatives, near, around
