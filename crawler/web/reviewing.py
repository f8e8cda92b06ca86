"""The review queue: one opportunity at a time, a decision, the next.

A form carries the mark of what its reviewer saw (`crawler.store.deciding.mark`). If somebody else
has decided since, or the notice has changed, nothing is written: the page says what happened.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Response, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from crawler.digest import links, wording
from crawler.errors import UsageError
from crawler.items import RELEVANCES
from crawler.jobs import freshness
from crawler.opportunity import Opportunity
from crawler.relevance.bands import doubt
from crawler.store import audit, database, deciding, opportunities, reviews
from crawler.store.reviews import Said
from crawler.web import showing, speaking, undoing
from crawler.web.access import Route, me
from crawler.web.context import here, now
from crawler.web.opportunity import Elsewhere, find
from crawler.web.undoing import Filled

QUEUES = ("", "second")
_LONGEST_NOTE = 500
_FIRST = ("Kind of buyer", "Value", "Stage", "Closing date", "Classified as")
"""The facts that stand above the decision."""

_WORDS = {"accept": "confirmed", "reject": "rejected", "label": "relabelled"}


def queue() -> str:
    """The next opportunity of the reader's queue, or that there is none."""
    which = _queue(request.args.get("queue"))
    with here().engine.connect() as connection:
        found, total = _next(connection, which)
        if found is None:
            undo = undoing.last(connection)
            return render_template("review_empty.html", queue=which, undo=undo)
        return _page(connection, *found, which, total)


def _queue(text: str | None) -> str:
    return text if text is not None and text in QUEUES else ""


def _next(connection: sa.Connection, which: str) -> tuple[tuple[int, Opportunity] | None, int]:
    """The first of a queue by internal key, and how long the queue is."""
    if which == "second":
        keys = deciding.second_opinions(connection, me(), now())
        if not keys:
            return None, 0
        return (keys[0], opportunities.get(connection, keys[0])), len(keys)
    passed = deciding.skipped(connection, me(), now())
    waiting = reviews.to_review(connection, doubt, now(), 1, passed)
    if not waiting.first:
        return None, 0
    return opportunities.by_key(connection, waiting.first[0].id), waiting.total


def one(id: str) -> str | AnyResponse:  # noqa: A002
    """One opportunity, whatever the queue."""
    which = _queue(request.args.get("queue"))
    with here().engine.connect() as connection:
        pk, found = find(connection, id)
        return _page(connection, pk, found, which, None, undoing.taken_back(found.id))


def _page(
    connection: sa.Connection,
    pk: int,
    found: Opportunity,
    which: str,
    total: int | None,
    filled: Filled | None = None,
    problem: str = "",
) -> str:
    mine = deciding.decisions(connection, 1, reviewer=me().name, opportunity_id=pk)
    # A second opinion is worth something only if the first is not known.
    shown = mine or which != "second"
    return render_template(
        "review.html",
        queue=which,
        total=total,
        mark=deciding.mark(connection, pk),
        decided=deciding.decisions(connection, 20, opportunity_id=pk) if shown else [],
        undo=undoing.last(connection),
        filled=filled or _unfilled(found),
        problem=problem,
        relevances=RELEVANCES,
        **_shown(found),
    )


def _unfilled(found: Opportunity) -> Filled:
    judgement = found.judgement
    if judgement is None:
        return Filled(relevance="", art_forms=(), outcomes=())
    return Filled(
        relevance=judgement.relevance,
        art_forms=judgement.art_forms,
        outcomes=judgement.outcomes,
    )


def _shown(found: Opportunity) -> dict[str, Any]:
    marked = showing.phrases(found.judgement)
    speaks, against = showing.spoken(found.judgement)
    title = wording.plain(found.title, 300) or "Untitled notice"
    facts = showing.key_facts(found, now())
    return {
        "one": found,
        "title": title,
        "heading": speaking.segments(title, marked),
        "text": speaking.paragraphs(found.description, marked),
        "facts": [one for one in facts if one.label in _FIRST],
        "more_facts": [one for one in facts if one.label not in _FIRST],
        "speaks": speaks,
        "against": against,
        "scores": found.judgement.scores if found.judgement else {},
        "portals": links.links(found.urls, freshness.portals()),
    }


def decide(id: str) -> str | Response | AnyResponse:  # noqa: A002
    """Keeps a decision or a skip, unless somebody was quicker, and goes on to the next."""
    which = _queue(request.form.get("queue"))
    deed = request.form.get("do", "")
    if deed not in (*_WORDS, "skip"):
        abort(400)
    filled = _filled()
    with database.writing(here().engine) as connection:
        try:
            pk, found = find(connection, id)
        except Elsewhere as moved:
            return _late(connection, moved.id, which)
        if deed == "skip":
            deciding.skip(connection, me(), pk, now())
            flash(f"Skipped until tomorrow: {wording.plain(found.title, 80)}.")
            return _onward(which)
        if request.form.get("mark") != deciding.mark(connection, pk):
            return _late(connection, found.id, which)
        try:
            decided = reviews.decide(connection, found.id, _said(deed, filled), now())
        except UsageError as error:
            return _page(connection, pk, found, which, None, filled, str(error))
        detail = decided.relevance
        what = f"{_WORDS[deed]} a judgement"
        audit.record(connection, who=me().name, what=what, about=found.id, at=now(), detail=detail)
    name = speaking.RELEVANCE[decided.relevance]
    flash(f"Kept: {wording.plain(found.title, 80)} is “{name}”. The site shows it so from now on.")
    return _onward(which)


def _filled() -> Filled:
    form = request.form
    return Filled(
        relevance=form.get("relevance", ""),
        art_forms=tuple(dict.fromkeys(form.getlist("art_form"))),
        outcomes=tuple(dict.fromkeys(form.getlist("outcome"))),
        note=wording.plain(form.get("note", ""), _LONGEST_NOTE),
    )


def _said(deed: str, filled: Filled) -> Said:
    if deed == "accept":
        return Said(decision="accept", reviewer=me().name, note=filled.note or None)
    if deed == "reject":
        return Said(decision="reject", reviewer=me().name, note=filled.note or None)
    nothing = filled.relevance == "none"
    return Said(
        decision="label",
        reviewer=me().name,
        relevance=filled.relevance,
        # What is none has no tags, whatever boxes are still ticked.
        art_forms=() if nothing else filled.art_forms,
        outcomes=() if nothing else filled.outcomes,
        note=filled.note or None,
    )


def _onward(which: str) -> AnyResponse:
    return redirect(f"/review?queue={which}" if which else "/review", 303)


def _late(connection: sa.Connection, id: str, which: str) -> Response:  # noqa: A002
    """Says kindly who was quicker, and what they decided."""
    pk, found = find(connection, id)
    page = render_template(
        "review_late.html",
        one=found,
        title=wording.plain(found.title, 300) or "Untitled notice",
        decided=deciding.decisions(connection, 5, opportunity_id=pk),
        note=_filled().note,
        queue=which,
    )
    return Response(page, status=409, mimetype="text/html")


ROUTES = (
    Route(path="/review", name="review", view=queue, role="reviewer"),
    Route(path="/review/<id>", name="review_one", view=one, role="reviewer"),
    Route(
        path="/review/<id>", name="review_decide", view=decide, methods=("POST",), role="reviewer"
    ),
)
