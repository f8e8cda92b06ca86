"""The pages about ourselves: the data and how it is judged, privacy, accessibility, robots."""

from __future__ import annotations

from flask import Response, render_template

from crawler import bands
from crawler.jobs import freshness
from crawler.web import figures
from crawler.web.access import Route
from crawler.web.context import here

_ROBOTS = "\n".join(
    (
        "User-agent: *",
        *(
            f"Disallow: /{path}/"
            for path in (
                "confirm",
                "preferences",
                "unsubscribe",
                "mark",
                "my-matches",
                "feeds",
                "outcome",
            )
        ),
        "",
    )
)


def about() -> str:
    """Sources, coverage and freshness, how relevance works and how well, licences."""
    with here().engine.connect() as connection:
        sources = freshness.sources(connection)
    return render_template(
        "about.html",
        sources=sources,
        figures=figures,
        shown=bands.SHOWN,
        months=here().settings.keep_raw_months,
    )


def privacy() -> str:
    """What we keep of whom, and for how long."""
    settings = here().settings
    return render_template(
        "privacy.html",
        raw_months=settings.keep_raw_months,
        contact_months=settings.keep_contacts_months,
    )


def accessibility() -> str:
    """The accessibility statement."""
    return render_template("accessibility.html")


def robots() -> Response:
    """What crawlers may read: everything public, no page of one person."""
    return Response(_ROBOTS, mimetype="text/plain")


ROUTES = (
    Route(path="/about", name="about", view=about),
    Route(path="/privacy", name="privacy", view=privacy),
    Route(path="/accessibility", name="accessibility", view=accessibility),
    Route(path="/robots.txt", name="robots", view=robots),
)
