"""What is coming to take away: Atom, calendar, CSV and JSON under the view's own query string."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from crawler.digest import calendars, coming_feed, diary, feeds, foretelling
from crawler.jobs.export import cell
from crawler.store import coming as signs
from crawler.store.coming import Coming
from crawler.web.access import Route
from crawler.web.coming import PATH, Wanted, today, wanted
from crawler.web.context import here, now

MOST_ROWS = 1_000
MOST_ENTRIES = 200
COLUMNS = (
    "kind", "day", "tender_expected", "starts", "ends", "title", "buyer", "regions", "authority",
    "place", "online", "ends_earliest", "ends_latest", "lot", "certainty", "reasons", "incumbents",
    "value", "currency", "words", "id", "url",
)  # fmt: skip


def _found(want: Wanted, most: int) -> tuple[Coming, ...]:
    with here().engine.connect() as connection:
        found = signs.find(
            connection, want.asked.filters, want.kinds, now=now(), limit=most, counts=False
        )
    return found.items


def _name(want: Wanted) -> str:
    kind = [foretelling.KINDS[want.kind].lower()] if want.kind else []
    parts = [*kind, *(chip.text for chip in want.asked.chips())][:4]
    return f"arts-tenders: coming up{': ' if parts else ''}{', '.join(parts)}"


def atom() -> AnyResponse:
    """The soonest of what is coming as a feed."""
    want, web = wanted(request.args), here()
    body = coming_feed.atom(
        _name(want),
        _found(want, feeds.MOST),
        id=f"coming{want.asked.url('')}",
        address=web.addresses.base + want.asked.url(f"{PATH}.atom"),
        page=web.addresses.base + want.asked.url(),
        addresses=web.addresses,
        now=now(),
        today=today(),
    )
    return _answer(body, feeds.TYPE)


def calendar() -> AnyResponse:
    """The same as a calendar to subscribe to."""
    want = wanted(request.args)
    body = diary.diary(_name(want), _found(want, MOST_ENTRIES), here().addresses, today())
    return _answer(body, calendars.TYPE)


def table() -> AnyResponse:
    """The same as CSV."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS)
    writer.writeheader()
    for one in _found(wanted(request.args), MOST_ROWS):
        writer.writerow({name: cell(value) for name, value in record(one).items()})
    made = _answer(b"\xef\xbb\xbf" + buffer.getvalue().encode(), "text/csv; charset=utf-8")
    made.headers["Content-Disposition"] = 'attachment; filename="coming.csv"'
    return made


def data() -> AnyResponse:
    """The same as JSON."""
    want = wanted(request.args)
    told = {
        "search": {name: list(values) for name, values in want.asked.values.items() if values},
        "left_out": list(want.asked.problems),
        "items": [record(one) for one in _found(want, MOST_ROWS)],
    }
    return _answer(json.dumps(told, ensure_ascii=False).encode(), "application/json")


def record(one: Coming) -> dict[str, Any]:
    """One thing that is coming as plain data: days and moments in ISO form, values in pounds."""
    hit, met, ends = one.hit, one.gathering, one.relet
    moments = (met.starts, met.ends) if met else (None, None)
    starts, until = (m.isoformat().replace("+00:00", "Z") if m else None for m in moments)
    value = ends.value if ends else hit.value_max
    return {
        "kind": one.kind,
        "day": one.at.isoformat() if one.at else None,
        "tender_expected": one.expected,
        "starts": starts,
        "ends": until,
        "title": hit.title,
        "buyer": hit.buyer,
        "regions": list(hit.regions),
        "authority": hit.authority,
        "place": met.place if met else None,
        "online": met.online if met else None,
        "ends_earliest": ends.earliest.isoformat() if ends else None,
        "ends_latest": ends.latest.isoformat() if ends else None,
        "lot": ends.lot if ends else None,
        "certainty": ends.certainty if ends else None,
        "reasons": list(ends.reasons) if ends else [],
        "incumbents": list(ends.incumbents) if ends else [],
        "value": float(value) if value is not None else None,
        "currency": ends.currency if ends else hit.currency,
        "words": met.words if met else None,
        "id": hit.id,
        "url": here().addresses.opportunity(hit.id),
    }


def _answer(body: bytes, kind: str) -> AnyResponse:
    """The body, unless whoever asks has it already."""
    made = Response(body, content_type=kind)
    made.add_etag()
    return made.make_conditional(request)


ROUTES = (
    Route(path=f"{PATH}.atom", name="coming_atom", view=atom),
    Route(path=f"{PATH}.ics", name="coming_calendar", view=calendar),
    Route(path=f"{PATH}.csv", name="coming_csv", view=table),
    Route(path=f"{PATH}.json", name="coming_json", view=data),
)
