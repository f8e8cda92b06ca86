"""Who decided what, how far reviewers agree, and how much they get done."""

from __future__ import annotations

from flask import render_template, request

from crawler.relevance.agreement import agreements
from crawler.store import deciding, duplicates
from crawler.web.access import Route
from crawler.web.context import here, now
from crawler.web.desk import before

PAGE = 50
_PAIRS = 30


def page() -> str:
    """The newest decisions, and the figures of the people who made them."""
    reviewer = request.args.get("by", "").replace("\0", "")[:60]
    with here().engine.connect() as connection:
        found = deciding.decisions(connection, PAGE + 1, before=before(), reviewer=reviewer)
        paces = deciding.paces(connection, now())
        agreed = agreements(deciding.labels(connection).values())
        pairs = duplicates.settled(connection, _PAIRS, by=reviewer)
    return render_template(
        "decisions.html",
        decided=found[:PAGE],
        further=found[PAGE - 1].id if len(found) > PAGE else None,
        by=reviewer,
        paces=paces,
        agreed=agreed,
        pairs=pairs,
    )


ROUTES = (Route(path="/review/history", name="decisions", view=page, role="reviewer"),)
