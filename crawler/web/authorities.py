"""Places: the authorities by region, and one of them with its work, plans, awards, contacts."""

from __future__ import annotations

from flask import abort, redirect, render_template
from werkzeug.wrappers import Response

from crawler import dates
from crawler.places import Authority, authorities, authority
from crawler.places.authorities import current
from crawler.places.regions import regions
from crawler.store import browse, coming, contacts
from crawler.store.filters import Filters
from crawler.web.access import Route
from crawler.web.context import here, now

KINDS = {
    "county": "County council",
    "district": "District council",
    "unitary": "Unitary authority",
    "metropolitan": "Metropolitan borough",
    "london_borough": "London borough",
    "city_corporation": "City corporation",
    "scottish": "Scottish council",
    "welsh": "Welsh principal council",
    "ni": "Northern Irish district council",
    "combined_authority": "Combined authority",
    "strategic_regional_authority": "Regional authority",
}

_AHEAD = 8
"""Things that are coming on an authority's page; the rest is a link away."""


def index() -> str:
    """Every authority that stands today, by region."""
    living = [body for body in authorities().values() if body.ended is None]
    shelves = {
        code: sorted((b for b in living if b.region == code), key=lambda b: b.short_name)
        for code in regions()
    }
    return render_template("authorities.html", shelves=shelves, names=regions())


def page(gss: str) -> str | Response:
    """One authority; former codes lead to the present one."""
    body = authority(gss.upper())
    if body is None:
        abort(404)
    if body.gss != gss:
        return redirect(f"/authorities/{body.gss}", 301)
    with here().engine.connect() as connection:
        work = browse.of_authority(connection, body.gss, now=now())
        ahead = coming.find(connection, _near(body.gss), now=now(), limit=_AHEAD, counts=False)
        known = [one for one in contacts.listed(connection, [body.gss]) if not one.stale_since]
    return render_template(
        "authority.html",
        body=body,
        kind=KINDS.get(body.kind, ""),
        work=work,
        ahead=ahead,
        today=now().astimezone(dates.LONDON).date(),
        contacts=known,
        parents=_parents(body),
        heirs=current(body) if body.ended else (),
    )


def _near(gss: str) -> Filters:
    """What comes at one authority, work around the arts among it: there is never much."""
    return Filters(authorities=(gss,), relevance=("arts", "commissionable", "adjacent"))


def _parents(body: Authority) -> tuple[Authority, ...]:
    found = (authority(code) for code in (body.county, body.combined_authority) if code)
    return tuple(one for one in found if one)


ROUTES = (
    Route(path="/authorities", name="authorities", view=index),
    Route(path="/authorities/<gss>", name="authority", view=page),
)
