"""Possible duplicates: two processes side by side, merged or kept apart by a person."""

from __future__ import annotations

from typing import Any, get_args

import sqlalchemy as sa
from flask import Response, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from crawler.digest import links, wording
from crawler.jobs import freshness, pairing
from crawler.opportunity import Opportunity
from crawler.store import duplicates, opportunities
from crawler.store.duplicates import Pair, Word
from crawler.web import contrast, showing, undoing
from crawler.web.access import Route, me
from crawler.web.context import here, now

_DONE = {
    "merge": "Merged: they are one opportunity from now on.",
    "apart": "Kept apart: they stay two opportunities.",
}
_HIGHEST = 2**62
_SHOWN = 1_500


def page() -> str:
    """The next pair that waits."""
    text = request.args.get("after", "")
    after = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    with here().engine.connect() as connection:
        pair, total = duplicates.waiting(connection, after)
        return render_template(
            "pairs.html",
            pair=pair,
            total=total,
            after=after,
            sides=_sides(connection, pair) if pair else (),
            undo=undoing.last(connection),
        )


def _sides(connection: sa.Connection, pair: Pair) -> list[dict[str, Any]]:
    sources = (pair.first_source, pair.second_source)
    known = [opportunities.by_key(connection, key) for key in (pair.first_key, pair.second_key)]
    if any(one is None for one in known):
        return []
    first, second = (one[1] for one in known if one)
    return [_side(first, second, sources[0]), _side(second, first, sources[1])]


def _side(one: Opportunity, other: Opportunity, source: str) -> dict[str, Any]:
    """One of the two, with what the other does not have marked."""
    return {
        "one": one,
        "title": contrast.title(_title(one), _title(other)),
        "source": source,
        "facts": contrast.facts(showing.key_facts(one, now()), showing.key_facts(other, now())),
        "text": contrast.text(one.description[:_SHOWN], other.description[: 2 * _SHOWN]),
        "portals": links.links(one.urls, freshness.portals()),
    }


def _title(one: Opportunity) -> str:
    return wording.plain(one.title, 300) or "Untitled notice"


def decide(number: int) -> Response | AnyResponse:
    """Merges a pair or keeps it apart, unless somebody was quicker."""
    word = next((word for word in get_args(Word) if word == request.form.get("do")), None)
    if word is None or number > _HIGHEST:
        abort(400)
    try:
        pair = pairing.decide(here().engine, number, word, by=me().name, now=now())
    except pairing.DecidedAlready as late:
        made = render_template("pairs_late.html", pair=late.pair)
        return Response(made, status=409, mimetype="text/html")
    if pair is None:
        abort(404)
    flash(_DONE[word])
    return redirect(f"/review/pairs?after={number}", 303)


ROUTES = (
    Route(path="/review/pairs", name="pairs", view=page, role="reviewer"),
    Route(
        path="/review/pairs/<int:number>",
        name="pairs_decide",
        view=decide,
        methods=("POST",),
        role="reviewer",
    ),
)
