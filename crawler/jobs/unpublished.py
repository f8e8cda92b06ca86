"""A notice before it is published, as somebody pasted it, and how it would stand once published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from crawler import dates
from crawler.items import Buyer, Judgement, Notice
from crawler.opportunity import Opportunity
from crawler.places import locate, outcode
from crawler.relevance.features import cpv_names
from crawler.relevance.model import Model

OPEN_FOR = timedelta(days=28)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody pasted. `cpv` holds 8-digit codes, `value` pounds; `closes` a London day."""

    title: str
    description: str
    cpv: tuple[str, ...] = ()
    buyer: str | None = None
    postcode: str | None = None
    value: Decimal | None = None
    closes: date | None = None

    def notice(self) -> Notice:
        """The part of it that a judge looks at."""
        return Notice(
            title=self.title,
            description=self.description,
            cpv=self.cpv,
            buyer=self.buyer,
            postcode=(self.postcode,) if self.postcode else (),
        )

    def unknown(self) -> tuple[str, ...]:
        """What it says that no list knows, in sentences: CPV codes, and a postcode."""
        names = cpv_names()
        codes = [code for code in self.cpv if code not in names]
        found = [f"{code} is no CPV code that we know: check its digits." for code in codes]
        if self.postcode and outcode(self.postcode) is None:
            found.append(f"{self.postcode} is no postcode that we know, so we left it out.")
        return tuple(found)


def seen(draft: Draft, model: Model, now: datetime) -> Opportunity:
    """The draft as an opportunity that was published at `now`. For one thread at a time."""
    notice = draft.notice()
    (judgement,) = model.judge([notice])
    return Opportunity(
        id="draft",
        ocids=(),
        sources=("draft",),
        title=draft.title,
        description=draft.description,
        stage="tender",
        status="open",
        published=now,
        updated=now,
        version=1,
        buyer=Buyer(name=draft.buyer) if draft.buyer else None,
        cpv=draft.cpv,
        deadline=_deadline(draft, now),
        value_min=draft.value,
        value_max=draft.value,
        currency="GBP",
        judgement=judgement,
        place=locate(notice),
    )


def _deadline(draft: Draft, now: datetime) -> datetime:
    """When it closes, as it says or as is usual; a day that has passed would reach nobody."""
    if draft.closes is None:
        return now + OPEN_FOR
    said = dates.end_of_day(datetime.combine(draft.closes, time(), tzinfo=dates.LONDON))
    return said if said > now else now + OPEN_FOR


def chance(judgement: Judgement) -> float:
    """The probability that people are shown what they could deliver, as `bands` counts it."""
    return judgement.scores["arts"] + judgement.scores["commissionable"]
