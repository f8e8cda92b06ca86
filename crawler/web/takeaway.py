"""Results of a search to take away: Atom, calendar, CSV and JSON under the same query string."""

from __future__ import annotations

import json
from collections.abc import Iterator

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from crawler.digest import calendars, feeds, wording
from crawler.digest.feeds import Listed
from crawler.jobs import export, freshness
from crawler.opportunity import Opportunity
from crawler.store import browse, opportunities
from crawler.web import filters
from crawler.web.access import Route
from crawler.web.context import here, now
from crawler.web.filters import Asked

MOST_ROWS = 1_000
MOST_ENTRIES = 100


def _found(asked: Asked, most: int) -> Iterator[Opportunity]:
    """The first `most` results in their order, read a page at a time."""
    at, after = now(), None
    with here().engine.connect() as connection:
        while most > 0:
            page = browse.find(
                connection,
                asked.filters,
                asked.sort,
                now=at,
                limit=min(most, browse.MOST),
                after=after,
            )
            stored = opportunities.several(connection, [hit.pk for hit in page.items])
            yield from (stored[hit.pk].opportunity for hit in page.items if hit.pk in stored)
            most -= len(page.items)
            after = page.next
            if after is None:
                return


def _name(asked: Asked) -> str:
    words = wording.plain(asked.first("q"), 60)
    chips = [chip.text for chip in asked.chips()][:4]
    parts = [f"“{words}”"] * bool(words) + chips
    return f"arts-tenders: {', '.join(parts) or 'open opportunities'}"


def atom() -> AnyResponse:
    """The newest of a search's first results as a feed."""
    asked = filters.read(request.args)
    web = here()
    body = feeds.atom(
        _name(asked),
        (Listed(opportunity=one) for one in _found(asked, MOST_ENTRIES)),
        id=f"search{asked.url('')}",
        address=web.addresses.base + asked.url("/opportunities.atom"),
        page=web.addresses.base + asked.url(),
        addresses=web.addresses,
        portals=freshness.portals(),
        now=now(),
    )
    return _answer(body, feeds.TYPE)


def calendar() -> AnyResponse:
    """The closing dates of a search's first results."""
    asked = filters.read(request.args)
    body = calendars.calendar(_name(asked), _found(asked, MOST_ENTRIES), here().addresses)
    return _answer(body, calendars.TYPE)


def table() -> AnyResponse:
    """A search's results as CSV, in the columns of `tenders export`."""
    asked, at = filters.read(request.args), now()
    records = (export.record(one, at) for one in _found(asked, MOST_ROWS))
    body = "".join(export.csv_lines(records)).encode()
    made = _answer(b"\xef\xbb\xbf" + body, "text/csv; charset=utf-8")
    made.headers["Content-Disposition"] = 'attachment; filename="opportunities.csv"'
    return made


def data() -> AnyResponse:
    """A search's results as JSON, each as `tenders export` writes it."""
    asked, at = filters.read(request.args), now()
    told = {
        "search": {name: list(values) for name, values in asked.values.items()},
        "left_out": list(asked.problems),
        "items": [export.record(one, at) for one in _found(asked, MOST_ROWS)],
    }
    return _answer(json.dumps(told, ensure_ascii=False).encode(), "application/json")


def _answer(body: bytes, kind: str) -> AnyResponse:
    """The body, unless whoever asks has it already."""
    made = Response(body, content_type=kind)
    made.add_etag()
    return made.make_conditional(request)


ROUTES = (
    Route(path="/opportunities.atom", name="search_atom", view=atom),
    Route(path="/opportunities.ics", name="search_calendar", view=calendar),
    Route(path="/opportunities.csv", name="search_csv", view=table),
    Route(path="/opportunities.json", name="search_json", view=data),
)
