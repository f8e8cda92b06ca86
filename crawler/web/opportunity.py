"""One opportunity: its page, its data, the releases behind it. Merged ids lead to the survivor."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from flask import Response, abort, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from crawler import dates
from crawler.coming import Signs
from crawler.digest import calendars, links, wording
from crawler.digest.local import local
from crawler.jobs import export, freshness, suggesting
from crawler.jobs.suggesting import Partner
from crawler.keys import forget_key
from crawler.opportunity import Opportunity
from crawler.store import browse, coming, database, listings, opportunities
from crawler.store.open_ones import OpenOnes
from crawler.store.rulings import rulings
from crawler.web import guide, resources, showing, speaking
from crawler.web.access import Route
from crawler.web.context import Remembered, here, now

_OVER = ("closed", "cancelled", "awarded")
_FRESH = timedelta(minutes=1)
"""How long the choice of similar opportunities rests on what was open then."""


class Elsewhere(Exception):  # noqa: N818
    """Raised where the id `was` names what has been merged into the opportunity `id`.

    Nobody need catch it: `redirected` answers.
    """

    def __init__(self, id: str, was: str) -> None:  # noqa: A002
        super().__init__(id)
        self.id = id
        self.was = was


def redirected(moved: Elsewhere) -> AnyResponse:
    """The same page of the opportunity that an id names now."""
    return redirect(request.path.replace(moved.was, moved.id), 301)


def find(connection: sa.Connection, id: str) -> tuple[int, Opportunity]:  # noqa: A002
    """The opportunity that `id` names; a 404 if none. Raises `Elsewhere` if it has another id."""
    found = opportunities.by_key(connection, id) if id.isalnum() and len(id) == 12 else None
    if found is None:
        abort(404)
    if found[1].id != id:
        raise Elsewhere(found[1].id, id)
    return found


def page(id: str) -> str | AnyResponse:  # noqa: A002
    """The page of one opportunity."""
    web = here()
    with database.reading(web.engine) as connection:
        pk, one = find(connection, id)
        ruling = rulings(connection, [pk]).get(pk)
        seen = listings.seen_of(one, ruling)
        related = browse.related(connection, pk, one, seen, _open_ones(), now=now())
        events = browse.timeline(connection, pk, one.changes)
        nearby = local(connection, one, forget_key(web.settings))
        signs = coming.signs_of(connection, pk)
        over = one.status_at(now()) in _OVER
        asked = suggesting.work_of(one, ruling=ruling)
        with_you: tuple[Partner, ...] = ()
        if not over and (asked.art_forms or asked.outcomes):
            with_you = suggesting.for_work(connection, web.directory.of(connection), asked)
    return render_template(
        "opportunity.html",
        one=one,
        ruling=ruling,
        seen=seen,
        related=related,
        nearby=nearby,
        history=showing.history(events),
        with_you=with_you,
        suggestions=resources.fitting(one),
        trouble=resources.trouble,
        helpful=guide.helpful(one),
        **_ahead(signs, one),
        **_shown(one),
    )


def _open_ones() -> OpenOnes:
    def look(at: datetime) -> object:
        with here().engine.connect() as connection:
            return OpenOnes(connection, at)

    found = here().remembered.setdefault("open ones", Remembered(look, _FRESH)).at(now())
    assert isinstance(found, OpenOnes)
    return found


def _ahead(signs: Signs, one: Opportunity) -> dict[str, Any]:
    """Meetings still to come, and contracts that are under way and will end."""
    today = now().astimezone(dates.LONDON).date()
    running = one.status_at(now()) in ("closed", "awarded")
    return {
        "today": today,
        "meetings": [met for met in signs.gatherings if met.day >= today],
        "relets": [relet for relet in signs.relets if running and relet.latest >= today],
    }


def _shown(one: Opportunity) -> dict[str, Any]:
    web, at = here(), now()
    address = web.addresses.opportunity(one.id)
    marked = showing.phrases(one.judgement)
    speaks, against = showing.spoken(one.judgement)
    title = wording.plain(one.title, 300) or "Untitled notice"
    return {
        "address": address,
        "title": title,
        "heading": speaking.segments(title, marked),
        "text": speaking.paragraphs(one.description, marked),
        "cut": len(one.description) > speaking.LONGEST_TEXT,
        "facts": showing.key_facts(one, at),
        "over": one.status_at(at) in _OVER,
        "countdown": showing.countdown(one, at),
        "speaks": speaks,
        "against": against,
        "warnings": showing.warnings(one, at),
        "awards": [showing.won(award) for award in one.awards[:20]],
        "portals": links.links(one.urls, freshness.portals()),
        "structured": showing.structured(one, address),
        "mail": _mail(title, address),
    }


def _mail(title: str, address: str) -> str:
    """A link that opens a mail about it; nobody is told who shared what."""
    text = f"{title}\r\n{address}"
    return f"mailto:?subject={quote(title)}&body={quote(text)}"


def data(id: str) -> AnyResponse:  # noqa: A002
    """The opportunity as `tenders export` writes it."""
    with here().engine.connect() as connection:
        _, one = find(connection, id)
    return jsonify(export.record(one, now()))


def releases(id: str) -> AnyResponse:  # noqa: A002
    """The OCDS releases it was made of, as the portals published them, in one package."""
    with here().engine.connect() as connection:
        _, one = find(connection, id)
        raws = [
            found.raw.decode("utf-8", errors="replace")
            for found in browse.releases_of(connection, id)
            if found.raw is not None
        ]
    head = json.dumps(
        {
            "uri": f"{here().addresses.opportunity(one.id)}/ocds.json",
            "version": "1.1",
            "publishedDate": one.updated.isoformat().replace("+00:00", "Z"),
            "publisher": {"name": "arts-tenders"},
            "license": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
        }
    )
    body = f'{head[:-1]}, "releases": [{",".join(raws)}]}}\n'
    return Response(body, mimetype="application/json")


def event(id: str) -> AnyResponse:  # noqa: A002
    """Its closing date for a calendar; a 404 if it never had one."""
    with here().engine.connect() as connection:
        _, one = find(connection, id)
    if calendars.event(one, here().addresses) is None:
        abort(404)
    body = calendars.calendar(wording.plain(one.title, 80), [one], here().addresses)
    made = Response(body, content_type=calendars.TYPE)
    made.headers["Content-Disposition"] = 'attachment; filename="deadline.ics"'
    return made


ROUTES = (
    Route(path="/opportunities/<id>", name="opportunity", view=page),
    Route(path="/opportunities/<id>.json", name="opportunity_data", view=data),
    Route(path="/opportunities/<id>/deadline.ics", name="opportunity_event", view=event),
    Route(path="/opportunities/<id>/ocds.json", name="opportunity_releases", view=releases),
)
