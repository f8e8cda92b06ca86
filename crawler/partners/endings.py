"""Which contracts an opportunity tells of, and when each ends: award by award, else lot by lot.

Pure. What is cancelled has no contract, what is only planned has none yet, what gives no date gets
no window, and what is done once does not come back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from crawler import dates
from crawler.coming import Relet
from crawler.items import Award, Lot
from crawler.opportunity import Opportunity
from crawler.partners.recurrence import comes_again
from crawler.partners.relet import Window, relet

MOST = 20
"""Contracts of one opportunity that are told apart; frameworks may have hundreds of winners."""

_DEAD = frozenset({"cancelled", "withdrawn", "unsuccessful"})
_YEAR = re.compile(r"(?:19|20)\d\d")
_DAYS = 30.4375
_MONTHS_MOST = 480


def contracts(one: Opportunity) -> tuple[Relet, ...]:
    """The contracts of an opportunity, those that end first in front; none without dates."""
    if one.status == "cancelled" or one.stage == "planning":
        return ()
    live = [award for award in one.awards if (award.status or "").lower() not in _DEAD]
    if one.awards and not live:
        return ()
    if any(award.start or award.end for award in live) or (live and len(one.lots) < 2):
        found = [_of_award(one, award) for award in live]
    elif len(_dated(one.lots)) > 1:
        found = [_of_lot(one, lot, live) for lot in _dated(one.lots)]
    else:
        found = [_of_whole(one, live)]
    told = _joined(made for made in found if made is not None)[:MOST]
    if len(told) == 1 and all(award.value is None for award in live) and told[0].value is None:
        # Where no award says what it is worth, the whole is what the call for bids put on it.
        return (replace(told[0], value=one.value_max, currency=one.currency),)
    return told


def _dated(lots: Sequence[Lot]) -> list[Lot]:
    """The lots that say themselves when they end or how long they run."""
    living = (lot for lot in lots if (lot.status or "").lower() not in _DEAD)
    return [lot for lot in living if lot.end or lot.start or lot.duration_days]


def _of_award(one: Opportunity, award: Award) -> Relet | None:
    lot = one.lots[0] if len(one.lots) == 1 else None
    own = award.start or award.end
    window = _window(
        one,
        start=award.start if own else one.start,
        end=award.end if own else one.end,
        signed=award.date,
        days=lot.duration_days if lot and not own else None,
        texts=(one.description, *([lot.description] if lot else [])),
        renewals=(award.extension, lot.renewal if lot else None),
    )
    if window is None:
        return None
    return _made(window, one, [award], value=award.value, currency=award.currency)


def _of_lot(one: Opportunity, lot: Lot, live: Sequence[Award]) -> Relet | None:
    window = _window(
        one,
        start=lot.start,
        end=lot.end,
        signed=_first(award.date for award in live),
        days=lot.duration_days,
        texts=(lot.description, one.description),
        renewals=(lot.renewal,),
        title=lot.title or "",
    )
    if window is None:
        return None
    made = _made(window, one, live, value=lot.value, currency=lot.currency)
    return replace(made, lot=lot.title or lot.id)


def _of_whole(one: Opportunity, live: Sequence[Award]) -> Relet | None:
    lots = one.lots[:MOST]
    window = _window(
        one,
        start=one.start,
        end=one.end,
        signed=_first(award.date for award in live),
        days=lots[0].duration_days if len(lots) == 1 else None,
        texts=(one.description, *(lot.description for lot in lots)),
        renewals=(*(award.extension for award in live), *(lot.renewal for lot in lots)),
    )
    if window is None:
        return None
    values = [award.value for award in live if award.value is not None]
    currency = next((award.currency for award in live if award.value is not None), None)
    return _made(
        window, one, live, value=sum(values, Decimal(0)) if values else None, currency=currency
    )


def _window(
    one: Opportunity,
    *,
    start: datetime | None,
    end: datetime | None,
    signed: datetime | None,
    days: int | None,
    texts: Sequence[str],
    renewals: Sequence[str | None],
    title: str = "",
) -> Window | None:
    """The window of one contract whose work comes back.

    Texts without a year are read only where a field has a date.
    """
    said = [text for text in texts if text]
    more = [text for text in renewals if text]
    if not (start or end or signed) and not any(_YEAR.search(text) for text in (*said, *more)):
        return None
    months = round(days / _DAYS) if days and 0 < days / _DAYS <= _MONTHS_MOST else None
    window = relet(
        start=_day(start),
        end=_day(end),
        signed=_day(signed),
        months=months,
        texts=tuple(dict.fromkeys(said)),
        renewals=tuple(dict.fromkeys(more)),
    )
    if window is None or not comes_again(
        title=" ".join((one.title, title)),
        texts=said,
        category=one.category,
        cpv=one.cpv,
        start=_day(start or signed),
        earliest=window.earliest,
        extended=window.latest > window.earliest and window.certainty != "estimated",
    ):
        return None
    return window


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(dates.LONDON).date() if moment else None


def _first(moments: Iterable[datetime | None]) -> datetime | None:
    return min((one for one in moments if one), default=None)


def _made(
    window: Window,
    one: Opportunity,
    live: Sequence[Award],
    *,
    value: Decimal | None,
    currency: str | None,
) -> Relet:
    names = (name for award in live for name in award.suppliers if name)
    return Relet(
        earliest=window.earliest,
        latest=window.latest,
        certainty=window.certainty,
        reasons=window.reasons,
        incumbents=tuple(dict.fromkeys(names)),
        awarded=one.stage in ("award", "contract") or bool(live),
        value=value,
        currency=currency,
    )


def _joined(found: Iterable[Relet]) -> tuple[Relet, ...]:
    """Contracts of one lot that end alike as one: all who hold them, and what they sum up to."""
    alike: dict[tuple[str, date, date], list[Relet]] = {}
    for one in found:
        alike.setdefault((one.lot, one.earliest, one.latest), []).append(one)
    made = [_sum(group) for group in alike.values()]
    return tuple(sorted(made, key=lambda one: (one.earliest, one.latest, one.lot)))


def _sum(group: Sequence[Relet]) -> Relet:
    names = dict.fromkeys(name for one in group for name in one.incumbents)
    values = [one.value for one in group if one.value is not None]
    currencies = {one.currency for one in group if one.value is not None}
    total = sum(values, Decimal(0)) if len(currencies) == 1 else None
    return replace(
        group[0],
        incumbents=tuple(names),
        value=total,
        currency=next(iter(currencies)) if total is not None else None,
    )
