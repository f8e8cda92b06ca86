"""The first page: what this is in one breath, this week's numbers, the map, what closes next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from flask import render_template

from crawler.store import browse
from crawler.store.browse import Filters, Found, Week
from crawler.web import tiles
from crawler.web.access import Route
from crawler.web.context import Remembered, here, now

_SHOWN = 5
FRESH = timedelta(minutes=5)


def _numbers(at: datetime) -> tuple[Week, Found, Found]:
    """This week's numbers, what closes next and what came last."""
    open_now = Filters(status=("open", "unknown"))
    with here().engine.connect() as connection:
        return (
            browse.week(connection, at),
            browse.find(connection, open_now, "closing", now=at, limit=_SHOWN, counts=False),
            browse.find(connection, open_now, "newest", now=at, limit=_SHOWN, counts=False),
        )


def home() -> str:
    """The first page. Its numbers are at most five minutes old."""
    kept = here().remembered.setdefault("home", Remembered(_numbers, FRESH))
    week, closing, newest = cast("tuple[Week, Found, Found]", kept.at(now()))
    return render_template(
        "home.html",
        week=week,
        closing=closing.items,
        newest=newest.items,
        tiles=tiles.tiles(week.by_region),
        side=tiles.SIDE,
        width=tiles.WIDTH,
        height=tiles.HEIGHT,
    )


ROUTES = (Route(path="/", name="home", view=home),)
