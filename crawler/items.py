"""What travels between the rooms: frozen dataclasses, facts apart from judgements.

A spider reads a response into a `Batch` of `RawRelease`; pipelines decode each into `Facts`, add a
`Judgement` and a `Place`, and the last one keeps them. The knowledge rooms see only `Notice`, which
is also the shape that ``tenders classify`` reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

Relevance = Literal["arts", "commissionable", "adjacent", "none"]
Stage = Literal["planning", "tender", "award", "contract"]
Status = Literal["open", "closed", "awarded", "cancelled", "unknown"]

RELEVANCES: tuple[Relevance, ...] = ("arts", "commissionable", "adjacent", "none")
STAGES: tuple[Stage, ...] = ("planning", "tender", "award", "contract")
STATUSES: tuple[Status, ...] = ("open", "closed", "awarded", "cancelled", "unknown")
ART_FORMS = (
    "performing", "music", "visual", "film_digital", "literature_libraries", "museums_heritage",
    "festivals_events", "combined",
)  # fmt: skip
OUTCOMES = (
    "health_wellbeing", "older_people", "children_young_people", "criminal_justice",
    "learning_skills", "community_cohesion", "place_economy", "environment",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a judge of relevance or place may look at, whatever the source.

    `region`, `nuts` and `postcode` say where the work is delivered; the `buyer_…` fields where the
    buyer sits. `cpv` holds 8-digit codes, the main one first. `lots` holds each lot's words.
    """

    title: str
    id: str | None = None
    description: str = ""
    lots: tuple[str, ...] = ()
    cpv: tuple[str, ...] = ()
    category: str | None = None
    buyer: str | None = None
    region: tuple[str, ...] = ()
    nuts: tuple[str, ...] = ()
    postcode: tuple[str, ...] = ()
    buyer_nuts: tuple[str, ...] = ()
    buyer_postcode: str | None = None
    buyer_town: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One phrase that moved a judgement.

    `text` is in the notice's own words, `field` says where it stands (``title``, ``description``,
    ``lots``, ``cpv``, ``buyer``), `weight` is signed log-odds: above zero speaks for the label.
    """

    text: str
    field: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the classifier thinks of one notice, and why. `scores` are calibrated and sum to 1."""

    relevance: Relevance
    scores: Mapping[str, float]
    art_forms: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the work is: ITL1 codes (``("UK",)`` for nationwide, ``()`` for unknown).

    `authority` is a GSS code of a local authority or None; `reason` says what decided, in words.
    """

    regions: tuple[str, ...] = ()
    authority: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """The buying body as the release names it. `kinds` are the portal's own classifications."""

    name: str
    id: str | None = None
    kinds: tuple[str, ...] = ()
    street: str | None = None
    town: str | None = None
    nuts: str | None = None
    postcode: str | None = None
    country: str | None = None
    url: str | None = None
    contact_name: str | None = None
    contact_email: str | None = None
    contact_phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """One lot. Values in whole currency units, `duration_days` as the source gives it."""

    id: str
    title: str = ""
    description: str = ""
    status: str | None = None
    value: Decimal | None = None
    currency: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    duration_days: int | None = None
    renewal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """One award of a process: who won it, for how much, from when to when.

    `extension` keeps the source's words about renewal or options.
    """

    id: str
    suppliers: tuple[str, ...] = ()
    supplier_ids: tuple[str, ...] = ()
    status: str | None = None
    date: datetime | None = None
    value: Decimal | None = None
    currency: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    extension: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What one release says, and nothing that we think. Times are aware UTC.

    `deadline` is when bids must be in (tender stage) or when engagement ends (planning stage),
    `expected` when a plan says that its tender will be published.
    `references` are keys that name another portal's notice (``SC:829625``, ``WA:163232``).
    """

    source: str
    ocid: str
    release_id: str
    date: datetime
    tags: tuple[str, ...]
    stage: Stage
    status: Status
    title: str = ""
    description: str = ""
    language: str | None = None
    notice_type: str | None = None
    buyer: Buyer | None = None
    cpv: tuple[str, ...] = ()
    category: str | None = None
    procedure: str | None = None
    deadline: datetime | None = None
    expected: datetime | None = None
    value_min: Decimal | None = None
    value_max: Decimal | None = None
    currency: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    lots: tuple[Lot, ...] = ()
    delivery_regions: tuple[str, ...] = ()
    delivery_nuts: tuple[str, ...] = ()
    delivery_postcodes: tuple[str, ...] = ()
    awards: tuple[Award, ...] = ()
    urls: tuple[str, ...] = ()
    references: tuple[str, ...] = ()

    def notice(self) -> Notice:
        """The part of these facts that a judge may look at."""
        buyer = self.buyer
        return Notice(
            id=self.ocid,
            title=self.title,
            description=self.description,
            lots=tuple(f"{lot.title} {lot.description}".strip() for lot in self.lots),
            cpv=self.cpv,
            category=self.category,
            buyer=buyer.name if buyer else None,
            region=self.delivery_regions,
            nuts=self.delivery_nuts,
            postcode=self.delivery_postcodes,
            buyer_nuts=(buyer.nuts,) if buyer and buyer.nuts else (),
            buyer_postcode=buyer.postcode if buyer else None,
            buyer_town=buyer.town if buyer else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of publication time asked of one source, from `start` up to `end` (aware UTC)."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRelease:
    """One release exactly as fetched, then what was made of it on its way to the store.

    `content_hash` is a BLAKE2b-128 hex digest of `raw`. `error` says why nothing could be made of
    it; `warnings` name the fields that were dropped.
    """

    raw: bytes
    content_hash: str
    facts: Facts | None = None
    warnings: tuple[str, ...] = ()
    error: str | None = None
    judgement: Judgement | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Up to a hundred releases from one response of one source.

    `same` counts those taken out because they are stored already, unchanged.
    """

    source: str
    url: str
    fetched_at: datetime
    window: Window
    releases: tuple[RawRelease, ...] = field(default=())
    same: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRead:
    """Says that a window was read to its end and how many releases it held.

    `unmodified`: the source said that nothing has changed since the last good reading.
    `validators` is what to ask with next time, so that it can say so (JSON, the spider's own).
    """

    source: str
    window: Window
    releases: int
    unmodified: bool = False
    validators: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowFailed:
    """Says that a window could not be read whole, and why in words. It is asked again next time."""

    source: str
    window: Window
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemMissed:
    """Says that one item of a source was not read, and why in words; the others are."""

    source: str
    url: str
    reason: str
