"""One narrow row per opportunity: all that people filter, count and sort by.

Opportunities are wide rows; browsing a hundred thousand of them must not read their texts. A
listing is derived from its opportunity and what reviewers decided of that, and nothing else:
`opportunities.save` writes it, `renew` makes it anew, and it goes when the opportunity goes.

What comes out of a fixed list of words is one bit each in `card`, so that filters and counts are
one AND. Places of bits are part of the schema: a new word goes to the end of a list with room
left, anything else needs a migration that calls `renew`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from crawler.bands import SHOWN_AS, ShownAs, shown_as
from crawler.buyers import BUYER_KINDS, kind_of
from crawler.items import ART_FORMS, OUTCOMES, STAGES, STATUSES
from crawler.opportunity import Opportunity
from crawler.store.rulings import Ruling, rulings
from crawler.store.statements import chunks, insert_or_ignore
from crawler.store.tables import listings, opportunities, origins
from crawler.text import key

NOWHERE = "unknown"
"""The region of what does not say where it is."""

REGIONS = (
    "TLC", "TLD", "TLE", "TLF", "TLG", "TLH", "TLI", "TLJ", "TLK", "TLL", "TLM", "TLN", "UK",
    NOWHERE,
)  # fmt: skip

WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "relevance": SHOWN_AS,
        "stages": STAGES,
        "status": STATUSES,
        "buyer_kinds": BUYER_KINDS,
        "regions": REGIONS,
        "art_forms": ART_FORMS,
        "outcomes": OUTCOMES,
    }
)
"""The facets with a fixed list of words, in the order of their bits."""


def _layout() -> dict[str, dict[str, int]]:
    bits: dict[str, dict[str, int]] = {}
    at = 0
    for facet, words in WORDS.items():
        bits[facet] = {word: 1 << at + number for number, word in enumerate(words)}
        at += len(words)
    return bits


BITS: Mapping[str, Mapping[str, int]] = MappingProxyType(_layout())
"""The bit of every word of every facet."""

_NEEDED = (
    "id", "relevance", "scores", "stage", "status", "buyer_name", "regions", "art_forms",
    "outcomes", "sources", "authority", "published", "deadline", "value_min", "value_max",
)  # fmt: skip
_HIGHEST = 2**63 - 1
_GSS = re.compile(r"[A-Z][0-9]{8}")


def mask(facet: str, words: Collection[str]) -> int:
    """The bits of those of `words` that `facet` knows."""
    bits = BITS[facet]
    return sum(bits[word] for word in set(words) if word in bits)


@lru_cache(maxsize=16_384)
def words_in(card: int, facet: str) -> tuple[str, ...]:
    """The words of `facet` that `card` holds."""
    return tuple(word for word, bit in BITS[facet].items() if card & bit)


def row(pk: int, said: Mapping[str, Any], ruling: Ruling | None = None) -> dict[str, Any]:
    """The listing of the opportunity `pk` whose columns are `said`, but for its origin.

    What a reviewer decided wins over the judgement.
    """
    seen = as_seen(said["relevance"], said["scores"], said["art_forms"], said["outcomes"], ruling)
    low, high = said["value_min"], said["value_max"]
    card = (
        mask("relevance", [seen.shown_as])
        | mask("stages", [said["stage"]])
        | mask("status", [said["status"]])
        | mask("buyer_kinds", [kind_of(said["buyer_name"])])
        | mask("regions", said["regions"] or [NOWHERE])
        | mask("art_forms", seen.art_forms)
        | mask("outcomes", seen.outcomes)
    )
    return {
        "opportunity_id": pk,
        "card": card,
        "authority": gss_number(said["authority"]),
        "buyer_key": key(said["buyer_name"] or ""),
        "published": seconds(said["published"]),
        "closes": seconds(said["deadline"]) if said["deadline"] else None,
        "value_low": pence(low if low is not None else high),
        "value_high": pence(high if high is not None else low),
        "chance": round(seen.chance * 1e6),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an opportunity is shown under; `chance` is that of being for arts organisations."""

    shown_as: ShownAs
    art_forms: tuple[str, ...]
    outcomes: tuple[str, ...]
    chance: float


def as_seen(
    relevance: str | None,
    scores: Mapping[str, float] | None,
    art_forms: Collection[str],
    outcomes: Collection[str],
    ruling: Ruling | None,
) -> Seen:
    """The judgement as people see it: overruled where a reviewer decided."""
    if ruling is None:
        return Seen(
            shown_as=shown_as(relevance, scores),
            art_forms=tuple(art_forms),
            outcomes=tuple(outcomes),
            chance=scores["arts"] + scores["commissionable"] if scores else 0.0,
        )
    forms, aims = ruling.tags(art_forms, outcomes)
    return Seen(
        shown_as=ruling.relevance,
        art_forms=forms,
        outcomes=aims,
        chance=float(ruling.relevance in ("arts", "commissionable")),
    )


def seen_of(one: Opportunity, ruling: Ruling | None) -> Seen:
    """The same of a whole opportunity."""
    judged = one.judgement
    if judged is None:
        return as_seen(None, None, (), (), ruling)
    return as_seen(judged.relevance, judged.scores, judged.art_forms, judged.outcomes, ruling)


def gss_number(code: str | None) -> int:
    """A GSS code as a number, which is what many of them are counted by; 0 for what is none."""
    if code and _GSS.fullmatch(code):
        return ord(code[0]) * 10**8 + int(code[1:])
    return 0


def gss_code(number: int) -> str:
    """The GSS code that `number` stands for."""
    return f"{chr(number // 10**8)}{number % 10**8:08}"


def spelt(sources: Collection[str]) -> str:
    """`sources` as one text, equal for equal sets, in which each stands between blanks."""
    return f" {' '.join(sorted(set(sources)))} "


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970, rounded up: what closes within this second has not closed yet."""
    exact = moment.astimezone(UTC).timestamp()
    return int(-(-exact // 1))


def pence(amount: Decimal | None) -> int | None:
    """`amount` as the store counts it, within what a column holds."""
    if amount is None:
        return None
    return max(min(int((amount * 100).to_integral_value()), _HIGHEST), -_HIGHEST)


def write(
    connection: sa.Connection,
    said: Mapping[int, Mapping[str, Any]],
    new: Collection[int] = frozenset(),
) -> None:
    """Replaces the listings of opportunities, given their columns by internal id.

    Those of `new` opportunities are not there yet.
    """
    known = said.keys() - new
    for part in chunks(known):
        connection.execute(sa.delete(listings).where(listings.c.opportunity_id.in_(part)))
    if said:
        ids = _origins(connection, {spelt(columns["sources"]) for columns in said.values()})
        ruled = rulings(connection, known) if known else {}
        rows = [
            row(pk, columns, ruled.get(pk)) | {"origin": ids[spelt(columns["sources"])]}
            for pk, columns in said.items()
        ]
        connection.execute(sa.insert(listings), rows)


def _origins(connection: sa.Connection, wanted: set[str]) -> dict[str, int]:
    """The ids of sets of sources as `spelt`; there are as few of them as portals that overlap."""
    query = sa.select(origins.c.sources, origins.c.id)
    ids: dict[str, int] = dict(connection.execute(query).all())
    if missing := sorted(wanted - ids.keys()):
        rows = [{"sources": one} for one in missing]
        connection.execute(insert_or_ignore(connection, origins), rows)
        ids = dict(connection.execute(query).all())
    return ids


def renew(connection: sa.Connection, ids: Collection[int] | None = None) -> None:
    """Makes the listings of these opportunities, or of all, anew from what is stored of them."""
    if ids is None:
        connection.execute(sa.delete(listings))
    for part in _stored(connection, ids):
        write(connection, part)


def _stored(
    connection: sa.Connection, ids: Collection[int] | None
) -> Iterator[dict[int, Mapping[str, Any]]]:
    query = sa.select(*(opportunities.c[name] for name in _NEEDED))
    if ids is not None:
        for part in chunks(ids):
            found = connection.execute(query.where(opportunities.c.id.in_(part))).mappings()
            yield {one["id"]: dict(one) for one in found}
        return
    last = 0
    while True:
        after = query.where(opportunities.c.id > last).order_by(opportunities.c.id).limit(1000)
        rows = connection.execute(after).mappings().all()
        if not rows:
            return
        yield {one["id"]: dict(one) for one in rows}
        last = rows[-1]["id"]
