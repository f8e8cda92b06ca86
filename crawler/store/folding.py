"""Makes one opportunity, with its history, out of all its releases: pure and order-independent.

Releases are taken by date. Within a process a field that is said anew and differently is a change;
a field that is left out keeps its value. A further portal's copy fills gaps and may bring a longer
description, but only what changes on a portal changes the opportunity. Every release that changed
something makes one version.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from crawler.items import Award, Facts, Judgement, Lot, Place, Stage
from crawler.opportunity import Change, Opportunity
from crawler.text import key as words
from crawler.text import one_line

_RANK: dict[Stage, int] = {"planning": 0, "tender": 1, "award": 2, "contract": 3}
_MATERIAL = frozenset({"deadline", "status", "value", "title", "lots"})
_SAME_SCOPE = 0.85
_FIELDS = (
    "status", "stage", "deadline", "expected", "value", "title", "description", "lots", "cpv",
    "buyer", "start", "end", "procedure", "category", "notice_type", "language",
)  # fmt: skip
_UNTOLD = frozenset({"procedure", "category", "notice_type", "language"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A stored release: what it says and what was thought of it."""

    facts: Facts
    judgement: Judgement | None = None
    place: Place | None = None
    revision: int = 1


def public_key(source: str, ocid: str) -> str:
    """The 12 characters by which people's links name a process; from source and OCID alone."""
    digest = blake2b(f"{source}|{ocid}".encode(), digest_size=8).digest()
    return base64.b32encode(digest).decode().lower()[:12]


def fold(kept: Iterable[Kept], base: Opportunity | None = None) -> Opportunity:
    """The opportunity that `kept` (at least one, any order) tell of.

    With `base`, its earlier releases have been pruned: `kept` are only the new ones and build on
    what is stored.
    """
    ordered = sorted(kept, key=_order)
    first = ordered[0].facts
    state = _State(first) if base is None else _State.resumed(base)
    for one in ordered:
        state.take(one)
    return state.opportunity()


def _order(kept: Kept) -> tuple[datetime, str, str, str, int]:
    facts = kept.facts
    return facts.date, facts.source, facts.ocid, facts.release_id, kept.revision


class _State:
    """The opportunity so far."""

    def __init__(self, first: Facts) -> None:
        self.now: dict[str, Any] = dict.fromkeys(_FIELDS)
        self.said: dict[tuple[str, str], dict[str, Any]] = {}
        self.judgement: Judgement | None = None
        self.place = Place()
        self.awards: dict[tuple[str, ...], Award] = {}
        self.horizon: datetime | None = None
        self.urls: dict[str, None] = {}
        self.ocids: dict[str, None] = {}
        self.sources: dict[str, None] = {}
        self.published = self.updated = first.date
        self.id = public_key(first.source, first.ocid)
        self.version = 1
        self.changes: list[Change] = []

    @classmethod
    def resumed(cls, base: Opportunity) -> _State:
        """The state that `base` was stored in."""
        state = cls.__new__(cls)
        value = (base.value_min, base.value_max, base.currency)
        state.now = {name: getattr(base, name, None) or None for name in _FIELDS}
        state.horizon = base.updated
        state.now["value"] = value if any(value) else None
        state.said = {
            (source, ocid): dict(state.now) for source in base.sources for ocid in base.ocids
        }
        state.judgement, state.place = base.judgement, base.place
        only = len(base.sources) == len(base.ocids) == 1
        process = (*base.sources, *base.ocids) if only else ()
        state.awards = {(*process, award.id): award for award in base.awards}
        state.urls, state.ocids = dict.fromkeys(base.urls), dict.fromkeys(base.ocids)
        state.sources = dict.fromkeys(base.sources)
        state.published, state.updated = base.published, base.updated
        state.id, state.version, state.changes = base.id, base.version, list(base.changes)
        return state

    def take(self, kept: Kept) -> None:
        """Adds one release."""
        facts = kept.facts
        new = _said(facts)
        process = (facts.source, facts.ocid)
        known = self.said.get(process)
        if self.horizon is not None and facts.date < self.horizon:
            self._fill(new)
        elif known is None:
            joins = bool(self.said)
            self.said[process] = new
            self._join(kept, new) if joins else self._begin(kept, new)
        else:
            self._change(kept, known, new)
            known.update({name: value for name, value in new.items() if value is not None})
        for award in facts.awards:
            place = (*process, award.id)
            self.awards[place] = _completed(self.awards.get(place), award)
        self.urls.update(dict.fromkeys(facts.urls))
        self.ocids[facts.ocid] = None
        self.sources[facts.source] = None
        self.published = min(self.published, facts.date)
        self.updated = max(self.updated, facts.date)
        if not self.place.regions and kept.place and kept.place.regions:
            self.place = kept.place

    def _begin(self, kept: Kept, new: dict[str, Any]) -> None:
        self.now.update(new)
        self._judge_by(kept)

    def _judge_by(self, kept: Kept) -> None:
        """The judgement is that of the release whose description stands."""
        self.judgement = kept.judgement
        if kept.place and (kept.place.regions or not self.place.regions):
            self.place = kept.place

    def _join(self, kept: Kept, new: dict[str, Any]) -> None:
        """A further process: fills gaps, and may say that things have moved on."""
        changed = False
        further = _RANK[new["stage"]] > _RANK[self.now["stage"]]
        if further or (new["status"] == "cancelled" != self.now["status"]):
            for name in ("stage", "status"):
                changed |= self._set(name, new[name], kept.facts)
        self.version += changed
        self._fill(new)
        longer = len(new["description"] or "") >= 2 * len(self.now["description"] or "") + 100
        if longer or self.judgement is None:
            self.now["description"] = new["description"] or self.now["description"]
            self._judge_by(kept)

    def _fill(self, new: dict[str, Any]) -> None:
        for name, value in new.items():
            if self.now[name] is None:
                self.now[name] = value

    def _change(self, kept: Kept, known: dict[str, Any], new: dict[str, Any]) -> None:
        changed = False
        late = _RANK[kept.facts.stage] >= _RANK["award"]
        for name, value in new.items():
            if value is None or value == known[name]:
                continue
            # Award notices retitle and shorten; what people read is what was tendered for.
            if late and name in ("title", "description", "lots", "cpv") and self.now[name]:
                continue
            changed |= self._set(name, value, kept.facts)
            if name in ("title", "description", "lots", "cpv"):
                self._judge_by(kept)
        self.version += changed

    def _set(self, name: str, value: Any, facts: Facts) -> bool:
        """Sets a field; whether that is a change to be kept in the history."""
        old = self.now[name]
        if old == value:
            return False
        self.now[name] = value
        if name in _UNTOLD or _in_words(old) == _in_words(value):
            return False
        material = name in _MATERIAL or (name == "description" and not _alike(old, value))
        self.changes.append(
            Change(
                version=self.version + 1,
                at=facts.date,
                field="scope" if name == "description" else name,
                old=_in_words(old),
                new=_in_words(value),
                material=material,
                source=facts.source,
            )
        )
        return True

    def opportunity(self) -> Opportunity:
        """The opportunity as it stands."""
        now = self.now
        low, high, currency = now["value"] or (None, None, None)
        same = {name: now[name] for name in _FIELDS if name not in ("value", "lots", "cpv")}
        return Opportunity(
            id=self.id,
            ocids=tuple(self.ocids),
            sources=tuple(self.sources),
            published=self.published,
            updated=self.updated,
            version=self.version,
            value_min=low,
            value_max=high,
            currency=currency,
            lots=now["lots"] or (),
            cpv=now["cpv"] or (),
            awards=tuple(self.awards.values()),
            urls=tuple(self.urls),
            judgement=self.judgement,
            place=self.place,
            changes=tuple(self.changes),
            **(same | {"title": now["title"] or "", "description": now["description"] or ""}),
        )


def _said(facts: Facts) -> dict[str, Any]:
    """The fields that this release states; None where it is silent."""
    value = (facts.value_min, facts.value_max, facts.currency)
    stated = {name: getattr(facts, name) or None for name in _FIELDS if name != "value"}
    return stated | {"value": value if facts.value_max is not None else None}


def _alike(old: str | None, new: str) -> bool:
    """Whether two descriptions ask for the same, mended spelling and added dates aside."""
    ours, theirs = set(words(old or "").split()), set(words(new).split())
    return len(ours & theirs) >= _SAME_SCOPE * len(ours | theirs)


def _completed(known: Award | None, said: Award) -> Award:
    """The award with what is said of it now over what was said before."""
    if known is None:
        return said
    fresh = {one.name: getattr(said, one.name) for one in fields(said) if getattr(said, one.name)}
    return replace(known, **fresh)


def _lot_in_words(lot: Lot) -> str:
    words = f"{lot.id}: {one_line(lot.title or lot.description, 80)}"
    return f"{words} ({lot.value})" if lot.value is not None else words


def _in_words(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        if value and isinstance(value[0], Lot):
            return "; ".join(_lot_in_words(lot) for lot in value)
        if len(value) == 3 and any(isinstance(part, Decimal) for part in value):
            low, high, currency = value
            span = f"{high}" if low == high else f"{low}–{high}"
            return f"{span} {currency or ''}".strip()
        return " ".join(str(part) for part in value)
    return value if isinstance(value, str) else str(getattr(value, "name", value))
