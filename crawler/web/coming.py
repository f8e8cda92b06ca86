"""What is coming: plans, meetings with buyers, decisions, contracts that end; one view, by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from flask import Response, abort, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from crawler import dates
from crawler.digest import calendars, diary, foretelling, wording
from crawler.store import coming as signs
from crawler.store import hits
from crawler.store.coming import Coming
from crawler.store.coming_sources import KINDS, Kind
from crawler.web import failures, filters
from crawler.web.access import Route
from crawler.web.context import here, now
from crawler.web.filters import Asked, Facet
from crawler.web.opportunity import find

PER_PAGE = 20
PATH = "/coming"
ORDER = ("kind", "relevance", "region", "art_form", "outcome", "authority")
_NO_CALL = "none"
"""What nobody is shown: nothing is kept of it that could be coming."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to see of what is coming: the search, and which kinds of things."""

    asked: Asked
    kinds: tuple[Kind, ...] = KINDS

    @property
    def kind(self) -> str:
        """The one kind that was chosen; empty for all."""
        return self.kinds[0] if len(self.kinds) == 1 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month of the diary and what is in it; without a `name` what has no day."""

    name: str
    items: tuple[Coming, ...]


def facets() -> tuple[Facet, ...]:
    """The filters of this view, as the search has them."""
    found = [facet for facet in filters.facets() if facet.param in ORDER]
    return tuple(
        replace(one, labels={key: name for key, name in one.labels.items() if key != _NO_CALL})
        for one in found
    )


def wanted(given: MultiDict[str, str]) -> Wanted:
    """What a query string asks for; what does not apply here is left out and said."""
    odd = [name for name in given if name in filters.ORDER and name not in ORDER]
    kept = MultiDict(
        (name, value)
        for name, value in given.items(multi=True)
        if name not in ("kind", *odd) and (name, value) != ("relevance", _NO_CALL)
    )
    asked = filters.read(kept)
    chosen: Kind | None = next((kind for kind in KINDS if kind == given.get("kind")), None)
    problems = [f"The filter “{name}” does not apply to what is coming." for name in odd]
    if given.get("kind") and chosen is None:
        said = wording.plain(given["kind"], 40)
        problems.append(f"We do not know the kind “{said}”, so we left it out.")
    return Wanted(
        asked=replace(
            asked,
            path=PATH,
            order=ORDER,
            values={**asked.values, **({"kind": (chosen,)} if chosen else {})},
            filters=replace(asked.filters, status=()),
            problems=(*asked.problems, *problems),
        ),
        kinds=(chosen,) if chosen else KINDS,
    )


def page() -> str | Response:
    """What is coming, a page at a time."""
    want = wanted(request.args)
    number = filters.page_number(request.args.get("page"))
    if number is None:
        return failures.no_page(want.asked.url(), _NO_PAGE)
    with here().engine.connect() as connection:
        found = signs.find(
            connection,
            want.asked.filters,
            want.kinds,
            now=now(),
            limit=PER_PAGE,
            offset=(number - 1) * PER_PAGE,
        )
    if number > 1 and not found.items:
        return failures.no_page(want.asked.url(), _NO_PAGE)
    every = replace(want.asked, values={**want.asked.values, "kind": ()})
    return render_template(
        "coming.html",
        asked=want.asked,
        kind=want.kind,
        tabs=[
            ("", "Everything", sum(found.counts.values()), every.url()),
            *(
                (one, foretelling.KINDS[one], found.counts[one], every.url(kind=one))
                for one in KINDS
            ),
        ],
        months=tuple(by_month(found.items)),
        page=number,
        more=found.more and number < filters.LAST_PAGE,
        facets=facets(),
        chips=tuple(want.asked.chips()),
        today=today(),
    )


def by_month(items: tuple[Coming, ...]) -> Iterator[Month]:
    """Things in the order of the days to act on them, month by month."""
    names = [f"{one.act:%B %Y}" if one.act else "" for one in items]
    for name in dict.fromkeys(names):
        mine = tuple(one for one, month in zip(items, names, strict=True) if month == name)
        yield Month(name=name, items=mine)


def today() -> date:
    """The day in London."""
    return now().astimezone(dates.LONDON).date()


_NO_PAGE = failures.Words(
    "There is no such page of what is coming",
    "There may be less to come since you were given this address.",
)


def meeting(id: str, which: str) -> AnyResponse:  # noqa: A002
    """The calendar entry of one meeting of an opportunity."""
    with here().engine.connect() as connection:
        pk, one = find(connection, id)
        met = signs.signs_of(connection, pk).gatherings
        (hit,) = hits.load(connection, [pk], now())
    chosen = next((each for each in met if each.mark == which), None)
    if chosen is None:
        abort(404)
    name = wording.plain(one.title, 100) or "Meeting"
    body = calendars.filled(name, [diary.meeting(hit, chosen, here().addresses)])
    made = Response(body, content_type=calendars.TYPE)
    made.headers["Content-Disposition"] = f'attachment; filename="meeting-{id}.ics"'
    made.add_etag()
    return made.make_conditional(request)


ROUTES = (
    Route(path=PATH, name="coming", view=page),
    Route(path="/opportunities/<id>/meetings/<which>.ics", name="meeting", view=meeting),
)
