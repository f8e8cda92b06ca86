"""Browse and search: the page of results with its filters, and the same in other formats."""

from __future__ import annotations

from flask import Response, render_template, request

from crawler.digest import wording
from crawler.store import browse
from crawler.web import failures, filters
from crawler.web.access import Route
from crawler.web.context import here, now

PER_PAGE = 20


def opportunities() -> str | Response:
    """What fits the filters, a page at a time; an unknown page is a helpful 404."""
    asked = filters.read(request.args)
    page = filters.page_number(request.args.get("page"))
    if page is None:
        return _no_page(asked)
    with here().engine.connect() as connection:
        found = browse.find(
            connection,
            asked.filters,
            asked.sort,
            now=now(),
            limit=PER_PAGE,
            offset=(page - 1) * PER_PAGE,
            counts=True,
        )
    if page > 1 and not found.items:
        return _no_page(asked)
    return render_template(
        "opportunities.html",
        asked=asked,
        found=found,
        page=page,
        more=found.next is not None and page < filters.LAST_PAGE,
        facets=filters.facets(),
        status=filters.STATUS,
        sorts=filters.SORTS,
        spans=filters.CLOSING,
        chips=tuple(asked.chips()),
    )


def _no_page(asked: filters.Asked) -> Response:
    return failures.no_page(asked.url(), text=wording.plain(asked.first("q"), 80))


ROUTES = (Route(path="/opportunities", name="opportunities", view=opportunities),)
