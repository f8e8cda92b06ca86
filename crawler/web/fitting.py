"""What fits somebody: their page of all matches, and the feeds of each subscription."""

from __future__ import annotations

from flask import Response, abort, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from crawler.digest import calendars, feeds, wording, worth
from crawler.digest.feeds import Listed
from crawler.digest.wish_wording import wish
from crawler.jobs import freshness
from crawler.store import fits, opportunities
from crawler.store.hits import load
from crawler.store.subscribers import Subscription
from crawler.web import filters
from crawler.web.access import Route
from crawler.web.context import here, now
from crawler.web.holders import Holder, holder

PER_PAGE = 25
MOST = 200


def matches(token: str) -> str:
    """Everything that fits somebody, beyond what one digest shows."""
    number = filters.page_number(request.args.get("page"))
    if number is None:
        abort(404)
    with here().engine.connect() as connection:
        who = holder(connection, "manage", token)
        found = fits.of(
            connection,
            who.person.id,
            limit=PER_PAGE + 1,
            offset=(number - 1) * PER_PAGE,
        )
        shown = {hit.pk: hit for hit in load(connection, [f.opportunity_id for f in found], now())}
    if number > 1 and not found:
        abort(404)
    addresses = here().addresses
    return render_template(
        "matches.html",
        token=token,
        person=who.person,
        page=number,
        more=len(found) > PER_PAGE,
        items=[
            {
                "hit": shown[fit.opportunity_id],
                "fit": fit,
                "save": addresses.mark(who.person.handle, shown[fit.opportunity_id].id, "save"),
                "hide": addresses.mark(who.person.handle, shown[fit.opportunity_id].id, "hide"),
                "partners": addresses.partners(who.person.handle, shown[fit.opportunity_id].id),
                "consortium": worth.beyond(fit.caveats),
            }
            for fit in found[:PER_PAGE]
            if fit.opportunity_id in shown
        ],
        preferences=addresses.preferences(who.person.handle),
    )


def calendar(token: str) -> AnyResponse:
    """The closing dates of what fits one subscription."""
    _, one, listed = _listed(token)
    body = calendars.calendar(_name(one), (item.opportunity for item in listed), here().addresses)
    return _answer(body, calendars.TYPE)


def atom(token: str) -> AnyResponse:
    """What fits one subscription, newest first, with why."""
    _, one, listed = _listed(token)
    addresses = here().addresses
    body = feeds.atom(
        _name(one),
        listed,
        id=f"subscription/{one.id}",
        address=addresses.base + request.path,
        page=addresses.home(),
        addresses=addresses,
        portals=freshness.portals(),
        now=now(),
    )
    return _answer(body, feeds.TYPE)


def _listed(token: str) -> tuple[Holder, Subscription, list[Listed]]:
    with here().engine.connect() as connection:
        who = holder(connection, "feed", token)
        wanted = who.words[0] if who.words else ""
        one = next((one for one in who.person.subscriptions if str(one.id) == wanted), None)
        if one is None:
            abort(404)
        found = fits.of(connection, who.person.id, one.id, limit=MOST)
        stored = opportunities.several(connection, [fit.opportunity_id for fit in found])
    return (
        who,
        one,
        [
            Listed(
                opportunity=stored[fit.opportunity_id].opportunity,
                reasons=fit.reasons,
                caveats=fit.caveats,
            )
            for fit in found
            if fit.opportunity_id in stored
        ],
    )


def _name(one: Subscription) -> str:
    return f"arts-tenders: {one.label or wording.plain(wish(one), 90)}"


def _answer(body: bytes, kind: str) -> AnyResponse:
    made = Response(body, content_type=kind)
    # Programs ask again and again; none of it may stay in a shared cache.
    made.headers["Cache-Control"] = "private, max-age=900"
    made.add_etag()
    return made.make_conditional(request)


ROUTES = (
    Route(path="/my-matches/<token>", name="matches", view=matches, role="holder"),
    Route(path="/feeds/<token>/calendar.ics", name="feed_calendar", view=calendar, role="holder"),
    Route(path="/feeds/<token>/matches.atom", name="feed_atom", view=atom, role="holder"),
)
