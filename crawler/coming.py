"""What is coming, as facts of the floor: contracts that end, and meetings before a tender.

`crawler.partners` works them out of an opportunity, `crawler.store.coming` keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal
from zlib import crc32

Certainty = Literal["stated", "worked out", "estimated"]
LEAD = timedelta(days=270)
"""How long before the end a buyer usually begins: nine months, for markets are sounded first."""

Kind = Literal["webinar", "briefing", "meeting", "open day", "site visit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relet:
    """A contract that ends, and so the work that may be put out again.

    It ends on `earliest` without extensions, on `latest` with every one of them. `lot` is empty for
    the whole. `reasons` are sentences, the notice's own words among them. `awarded` is false where
    the dates are those of a call for bids whose award nobody has published. `value` is in whole
    units of `currency`.
    """

    earliest: date
    latest: date
    certainty: Certainty
    reasons: tuple[str, ...]
    lot: str = ""
    incumbents: tuple[str, ...] = ()
    awarded: bool = True
    value: Decimal | None = None
    currency: str | None = None

    @property
    def watch_from(self) -> date:
        """The day from which a new tender may be prepared."""
        return self.earliest - LEAD

    @property
    def mark(self) -> str:
        """What tells it from other contracts of its opportunity, in feeds and calendars."""
        lot = f"-{crc32(self.lot.encode()):x}" if self.lot else ""
        return f"{self.earliest:%Y%m%d}-{self.latest:%Y%m%d}{lot}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """A meeting to which a buyer invites those who might bid, as its notice says it.

    `day` is a London day; `starts` and `ends` are aware UTC, None where no hour is named. `place`
    is in the notice's own words, empty where none is; `words` is the passage that was read.
    """

    kind: Kind
    day: date
    words: str
    starts: datetime | None = None
    ends: datetime | None = None
    place: str = ""
    online: bool = False

    @property
    def mark(self) -> str:
        """What tells it from other meetings of its notice, in addresses and calendars."""
        hour = f"-{self.starts:%H%M}" if self.starts else ""
        return f"{self.day:%Y%m%d}{hour}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What one opportunity says of what comes next."""

    relets: tuple[Relet, ...] = ()
    gatherings: tuple[Gathering, ...] = ()
