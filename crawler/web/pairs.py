"""Possible duplicates: two processes side by side, merged or kept apart by a person."""

from __future__ import annotations

from typing import Any, get_args

import sqlalchemy as sa
from flask import Response, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from crawler.digest import links, wording
from crawler.jobs import freshness, pairing
from crawler.opportunity import Opportunity
from crawler.store import deciding, duplicates, opportunities
from crawler.store.duplicates import Pair, Word
from crawler.web import showing, speaking
from crawler.web.access import Route, me
from crawler.web.context import here, now

_DONE = {
    "merge": "Merged: they are one opportunity from now on.",
    "apart": "Kept apart: they stay two opportunities.",
}
_HIGHEST = 2**62


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
            undo=deciding.last_step(connection, me(), now()),
        )


def _sides(connection: sa.Connection, pair: Pair) -> list[dict[str, Any]]:
    found = []
    for key, source in ((pair.first_key, pair.first_source), (pair.second_key, pair.second_source)):
        known = opportunities.by_key(connection, key)
        if known is not None:
            found.append(_side(known[1], source))
    return found


def _side(one: Opportunity, source: str) -> dict[str, Any]:
    return {
        "one": one,
        "title": wording.plain(one.title, 300) or "Untitled notice",
        "source": source,
        "facts": showing.key_facts(one, now()),
        "text": speaking.paragraphs(one.description[:1_500]),
        "portals": links.links(one.urls, freshness.portals()),
    }


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
