"""How work like a draft was put out before, in which words, and who answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crawler.items import Award, Judgement, Notice
from crawler.relevance import likeness
from crawler.store import hits, opportunities, precedents
from crawler.store.hits import Hit
from crawler.store.listings import mask
from crawler.store.precedents import Earlier

MOST = 6
_COMPARED = 600
_LEAST = 0.08
"""Below this, two notices share a few words and nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Precedent:
    """An earlier notice, how it put the matter, and who won it as far as that was published."""

    hit: Hit
    passage: str
    awards: tuple[Award, ...] = ()


def alike(
    connection: sa.Connection, draft: Notice, judgement: Judgement, now: datetime
) -> tuple[Precedent, ...]:
    """The earlier notices whose words are most like the draft's, the likest first.

    Those that share an art form or outcome are compared; the newest of all, where none is alike.
    """
    shared = mask("art_forms", judgement.art_forms) | mask("outcomes", judgement.outcomes)
    for tags in dict.fromkeys((shared, 0)):
        found = precedents.earlier(connection, tags=tags, now=now, limit=_COMPARED)
        others = [Notice(title=one.title, description=one.description) for one in found]
        close = likeness.nearest(draft, others, most=MOST, least=_LEAST)
        if close:
            return _told(connection, draft, [found[one.at] for one in close], now)
    return ()


def of_kind(
    connection: sa.Connection,
    *,
    outcome: str,
    art_form: str = "",
    regions: Sequence[str],
    now: datetime,
) -> tuple[Precedent, ...]:
    """The newest awards of work for an outcome (by an art form), in these regions if there are any.

    Where the regions have none, those of anywhere.
    """
    tags = mask("outcomes", [outcome]) | mask("art_forms", [art_form] if art_form else [])
    asked = Notice(title=f"{outcome} {art_form}".replace("_", " "))
    for where in dict.fromkeys((tuple(regions), ())):
        found = precedents.earlier(
            connection, tags=tags, regions=where, won=True, now=now, limit=MOST
        )
        if found:
            return _told(connection, asked, found, now)
    return ()


def _told(
    connection: sa.Connection, asked: Notice, chosen: Sequence[Earlier], now: datetime
) -> tuple[Precedent, ...]:
    pks = [one.pk for one in chosen]
    known = {hit.pk: hit for hit in hits.load(connection, pks, now)}
    won = opportunities.awards_of(connection, pks)
    return tuple(
        Precedent(
            hit=known[one.pk],
            passage=likeness.passage(asked, one.description),
            awards=won.get(one.pk, ()),
        )
        for one in chosen
        if one.pk in known
    )
