"""What the service brings, in figures: for everybody, as CSV for funders, and exactly for staff."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

from flask import Response, render_template

from crawler.disclosure import FEWEST
from crawler.jobs import impact
from crawler.web.access import Route
from crawler.web.context import Remembered, here, now

FRESH = timedelta(minutes=10)


def page() -> str:
    """The figures that may be published."""
    return render_template(
        "impact.html",
        report=_report(),
        measures=impact.MEASURES,
        facets=impact.FACETS,
        fewest=FEWEST,
        exact=False,
    )


def exact() -> str:
    """Every number as it is, for staff."""
    with here().engine.connect() as connection:
        report = impact.exact(connection, now())
    return render_template(
        "impact.html",
        report=report,
        measures=impact.MEASURES,
        facets=impact.FACETS,
        fewest=FEWEST,
        exact=True,
    )


def table() -> Response:
    """The figures that may be published, as CSV."""
    file = io.StringIO()
    impact.write(_report(), file)
    made = Response(file.getvalue(), content_type="text/csv; charset=utf-8")
    made.headers["Content-Disposition"] = 'attachment; filename="impact.csv"'
    return made


def _report() -> impact.Report:
    def look(at: datetime) -> object:
        with here().engine.connect() as connection:
            return impact.safe(connection, at)

    found = here().remembered.setdefault("impact", Remembered(look, FRESH)).at(now())
    assert isinstance(found, impact.Report)
    return found


ROUTES = (
    Route(path="/impact", name="impact", view=page),
    Route(path="/impact.csv", name="impact_csv", view=table),
    Route(path="/staff/impact", name="staff_impact", view=exact, role="staff"),
)
