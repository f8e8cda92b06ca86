"""Who in an area could deliver an outcome: counted by art form and distance, some of them named.

Counted are bodies within `BANDS_KM` that public lists or awards name, and subscribers who said that
they are open to partnering; whoever is named is one of those counted. Of all other subscribers
nothing but a count in fives is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crawler.items import ART_FORMS, Judgement, Place
from crawler.jobs import suggesting
from crawler.jobs.checking import Audience, Reach, reach
from crawler.jobs.directory import Directory
from crawler.jobs.suggesting import Partner
from crawler.opportunity import Opportunity
from crawler.partners import ranking
from crawler.places import nearness, outcodes, resolve_buyer
from crawler.places.authorities import Authority, authorities, authority
from crawler.places.nearness import Point
from crawler.store.listings import mask
from crawler.store.organisations import Organisation, tags

BANDS_KM = (10, 25, 60)
"""How far away the bodies are that are counted: within the first, the second, the last."""

NAMED = 12
_OPEN = 30
_ALL = 50_000
_WEIGHED = 300
"""So many of the nearest are weighed for being named."""

_AROUND_KM = 40
"""How far a body may lie from the middle of its authority, at most."""

_SURE = dict.fromkeys(("arts", "commissionable", "adjacent", "none"), 0.0) | {"commissionable": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Where somebody wants work to be done: a point, the authority there, its ITL1 regions."""

    name: str
    middle: Point
    authority: str | None
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearby:
    """A body that is counted, and how far away it is, as the crow flies."""

    organisation: Organisation
    km: float

    @property
    def band(self) -> int:
        """Which of `BANDS_KM` it is in."""
        return next(at for at, most in enumerate(BANDS_KM) if self.km <= most)

    @property
    def about_km(self) -> int:
        """The distance as people say it."""
        return nearness.roughly(self.km)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """Who could deliver it. `counts` has for each art form the bodies in each of `BANDS_KM`.

    A body that works in several forms counts in each; `total` counts each body once, by band.
    `named` are public bodies, `open` subscribers who agreed to be named; all are among the counted.
    """

    counts: Mapping[str, tuple[int, ...]]
    total: tuple[int, ...]
    named: tuple[Partner, ...]
    open: tuple[Nearby, ...]
    reach: Reach


def area(where: str) -> Area | None:
    """The place that a GSS code, an authority's name or a postcode names; None for all else."""
    words = " ".join(where.split())[:80]
    body = authority(words.upper()) or _named(words)
    if body is not None:
        middle = nearness.middle(body.gss)
        if middle is None:
            return None
        return Area(
            name=body.short_name, middle=middle, authority=body.gss, regions=tuple(body.regions)
        )
    found = outcodes.outcode(words)
    home = nearness.home(words)
    if found is None or home is None:
        return None
    first = found.authorities[0][0] if found.authorities else None
    region = (found.regions[0][0],) if found.regions else ()
    return Area(name=found.code, middle=home, authority=first, regions=region)


def _named(words: str) -> Authority | None:
    """The authority that goes by that name, as buyers are known by theirs."""
    if not words:
        return None
    wanted = words.casefold()
    for one in authorities().values():
        if one.ended is None and wanted in (one.short_name.casefold(), one.name.casefold()):
            return one
    for name in (words, f"{words} Council"):
        found = resolve_buyer(name)
        if found and found.kind == "authority" and found.authority:
            return authority(found.authority)
    return None


def supply(
    connection: sa.Connection,
    bodies: Directory,
    place: Area,
    outcome: str,
    people: Audience,
    now: datetime,
    *,
    art_form: str = "",
) -> Supply:
    """Who could deliver work for `outcome` (by `art_form`, if given) at `place`."""
    work = _work(place, outcome, art_form, now)
    forms = (art_form,) if art_form else ()
    asked = suggesting.work_of(work)
    serving = ranking.serving(asked)
    card = tags(forms, () if forms else (outcome,)) | mask("art_forms", serving)
    found = bodies.around(connection, tiers=[_places(place.middle)], card=card, limit=_ALL)
    near = _near([one.organisation for one in found], place)
    known = {one.organisation.id: one for one in found}
    public = [one for one in near if one.organisation.subscriber_id is None][:_WEIGHED]
    opened = [one for one in near if one.organisation.subscriber_id is not None]
    opened.sort(key=lambda one: (one.km, one.organisation.name_key))
    counts, total = _counted(near)
    return Supply(
        counts=counts,
        total=total,
        named=suggesting.among(asked, (known[one.organisation.id] for one in public), most=NAMED),
        open=tuple(opened[:_OPEN]),
        reach=reach(work, people, now),
    )


def _work(place: Area, outcome: str, art_form: str, now: datetime) -> Opportunity:
    """A call for such work as it would be published now."""
    judgement = Judgement(
        relevance="commissionable",
        scores=_SURE,
        outcomes=(outcome,),
        art_forms=(art_form,) if art_form else (),
    )
    return Opportunity(
        id="buyers",
        ocids=(),
        sources=(),
        title="",
        description="",
        stage="tender",
        status="open",
        published=now,
        updated=now,
        version=1,
        judgement=judgement,
        place=Place(regions=place.regions, authority=place.authority),
    )


def _places(middle: Point) -> tuple[str, ...]:
    """The authorities, also former ones, whose bodies may lie within the last band."""
    near = nearness.reach(BANDS_KM[-1] + _AROUND_KM)
    return tuple(
        gss
        for gss in authorities()
        if (there := nearness.middle(gss)) and nearness.apart(middle, there) <= near
    )


def _near(found: Sequence[Organisation], place: Area) -> list[Nearby]:
    """Those within the last band, the nearest band first, each body once: its own words count.

    Whoever is counted and whoever is named comes out of this.
    """
    own = {(one.name_key, one.authority) for one in found if one.subscriber_id is not None}
    near = [
        Nearby(organisation=one, km=km)
        for one in found
        if (km := _away(one, place)) is not None
        and km <= BANDS_KM[-1]
        and (one.subscriber_id is not None or (one.name_key, one.authority) not in own)
    ]
    return sorted(near, key=lambda one: one.band)


def _counted(near: Sequence[Nearby]) -> tuple[Mapping[str, tuple[int, ...]], tuple[int, ...]]:
    counts = {form: [0] * len(BANDS_KM) for form in ART_FORMS}
    total = [0] * len(BANDS_KM)
    for one in near:
        total[one.band] += 1
        for form in one.organisation.art_forms:
            counts[form][one.band] += 1
    told = {form: tuple(numbers) for form, numbers in counts.items() if any(numbers)}
    return told, tuple(total)


def _away(one: Organisation, place: Area) -> float | None:
    there = nearness.home(one.postcode) if one.postcode else None
    there = there or (nearness.middle(one.authority) if one.authority else None)
    return nearness.kilometres(place.middle, there) if there else None
