"""The factory: one app from settings, an engine and a clock. Nothing happens at import."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from flask import Flask, url_for

from crawler.addresses import Addresses
from crawler.config import Settings
from crawler.errors import ConfigError
from crawler.jobs import signing_in as links
from crawler.store import database
from crawler.web import (
    about,
    answering,
    api,
    authorities,
    buyers,
    checking,
    classifier,
    coming,
    coming_takeaway,
    consenting,
    decisions,
    deeds,
    deliveries,
    desk,
    failures,
    fitting,
    guide,
    home,
    impact,
    introducing,
    library_desk,
    listing,
    marking,
    opportunity,
    pairs,
    partnering,
    partners,
    preferences,
    removal,
    resources,
    reviewing,
    roles,
    security,
    showing,
    signing_in,
    signup,
    speaking,
    subscriber_desk,
    takeaway,
    undoing,
    watching,
)
from crawler.web.access import Route, guarded
from crawler.web.context import Deliver, Timetable, Web

STATIC = Path(__file__).with_name("static")
_SHORTEST_SECRET = 32


def utc_now() -> datetime:
    """The time by this machine's clock."""
    return datetime.now(UTC)


def unknown(_: datetime) -> Mapping[str, datetime]:
    """The timetable of an app that is not told of the scheduler's."""
    return {}


def routes() -> tuple[Route, ...]:
    """Every address of the app but ``/static``, with the role it needs."""
    concerns: tuple[Iterable[Route], ...] = (
        home.ROUTES,
        listing.ROUTES,
        takeaway.ROUTES,
        opportunity.ROUTES,
        coming.ROUTES,
        coming_takeaway.ROUTES,
        introducing.ROUTES,
        partners.ROUTES,
        partnering.ROUTES,
        authorities.ROUTES,
        signup.ROUTES,
        consenting.ROUTES,
        preferences.ROUTES,
        marking.ROUTES,
        answering.ROUTES,
        fitting.ROUTES,
        removal.ROUTES,
        resources.ROUTES,
        guide.ROUTES,
        impact.ROUTES,
        about.ROUTES,
        api.ROUTES,
        signing_in.ROUTES,
        pairs.ROUTES,
        decisions.ROUTES,
        undoing.ROUTES,
        reviewing.ROUTES,
        checking.ROUTES,
        buyers.ROUTES,
        desk.ROUTES,
        deeds.ROUTES,
        deliveries.ROUTES,
        subscriber_desk.ROUTES,
        classifier.ROUTES,
        library_desk.ROUTES,
        roles.ROUTES,
        watching.ROUTES,
    )
    return tuple(route for concern in concerns for route in concern)


def create_app(
    settings: Settings,
    engine: sa.Engine | None = None,
    *,
    clock: Callable[[], datetime] = utc_now,
    deliver: Deliver = links.hand_over,
    timetable: Timetable = unknown,
) -> Flask:
    """A ready app. Raises `ConfigError` for a weak secret, `StoreError` without a database."""
    if settings.secret_key and len(settings.secret_key) < _SHORTEST_SECRET:
        raise ConfigError(
            f"TENDERS_SECRET_KEY has {len(settings.secret_key)} characters, and links signed with"
            f" so short a key can be guessed. Set {_SHORTEST_SECRET} random characters or more."
        )
    app = Flask("crawler.web", static_folder=str(STATIC), static_url_path="/static")
    web = Web(
        settings=settings,
        engine=engine if engine is not None else database.engine(settings.database),
        clock=clock,
        addresses=Addresses.of(settings),
        deliver=deliver,
        timetable=timetable,
    )
    app.extensions["tenders"] = web
    app.json.sort_keys = False  # type: ignore[attr-defined]
    security.configure(app, web)
    failures.configure(app)
    app.register_error_handler(opportunity.Elsewhere, opportunity.redirected)
    signing_in.configure(app)
    speaking.configure(app)
    app.jinja_env.filters["won"] = showing.won
    _template_globals(app, web)
    _mount(app, web)
    return app


def _mount(app: Flask, web: Web) -> None:
    app.config["ONE_CLICK"] = set()
    forms = security.protection(app)
    limits = security.limiter(app, web)
    for route in routes():
        view = guarded(route)
        if route.limit:
            view = limits.limit(route.limit, methods=["POST"])(view)
        if route.one_click:
            app.config["ONE_CLICK"].add(route.name)
            # flask-wtf knows views by module and name, which `wraps` took from the bare view.
            forms.exempt(view)
        app.add_url_rule(route.path, route.name, view, methods=list(route.methods))


def _template_globals(app: Flask, web: Web) -> None:
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    versions = {
        path.name: hashlib.blake2b(path.read_bytes(), digest_size=6).hexdigest()
        for path in STATIC.iterdir()
        if path.is_file()
    }

    def static(name: str) -> str:
        return url_for("static", filename=name, v=versions[name])

    app.jinja_env.globals.update(
        static=static, contact=web.settings.contact, base_url=web.addresses.base
    )
