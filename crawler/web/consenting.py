"""Confirming and stopping by the links in mails: a GET shows a button, a POST acts."""

from __future__ import annotations

from flask import Response, abort, render_template, request

from crawler.digest.consenting import WORDING, WORDINGS
from crawler.digest.wish_wording import when, wish
from crawler.jobs import consent
from crawler.jobs.consent import Confirmation
from crawler.store.subscribers import Subscriber
from crawler.web.access import Route
from crawler.web.context import here, now
from crawler.web.holders import known, network

_STATUS = {"confirmed": 200, "already": 200, "superseded": 409, "expired": 410, "unknown": 404}


def look(token: str) -> Response:
    """The page with the button that completes a double opt-in."""
    return _confirmation(consent.look_at(here().settings, here().engine, token), done=False)


def confirm(token: str) -> Response:
    """The address's owner agrees."""
    found = consent.confirm(
        here().settings,
        here().engine,
        token,
        origin="confirmation page",
        network=network(),
        now=now(),
    )
    return _confirmation(found, done=True)


def _confirmation(found: Confirmation, *, done: bool) -> Response:
    page = render_template(
        "confirm.html",
        outcome=found.outcome,
        person=found.person,
        done=done,
        agreement=WORDINGS[WORDING],
        wishes=_wishes(found.person),
        when=when(found.person.schedule) if found.person else "",
        preferences=_preferences(found.person) if done else "",
    )
    return Response(page, status=_STATUS[found.outcome], mimetype="text/html")


def _wishes(person: Subscriber | None) -> list[str]:
    return [wish(one) for one in person.subscriptions] if person else []


def _preferences(person: Subscriber | None) -> str:
    return here().addresses.preferences(person.handle) if person else ""


def ask_to_stop(token: str) -> str:
    """The page with the stop button. Opening it changes nothing."""
    person = known("unsubscribe", token).person
    return render_template(
        "unsubscribe.html",
        done=False,
        person=person,
        preferences=_preferences(person),
    )


def stop(token: str) -> str | Response:
    """Stops at once: by the button, or by a mail program (RFC 8058), which brings no cookie."""
    stopped = consent.stop(
        here().settings,
        here().engine,
        token,
        origin="one click" if request.form.get("List-Unsubscribe") else "unsubscribe page",
        network=network(),
        now=now(),
    )
    if not stopped:
        abort(404)
    if request.form.get("List-Unsubscribe") == "One-Click":
        return Response("You will get no more mails from us.\n", mimetype="text/plain")
    return render_template("unsubscribe.html", done=True, person=None, preferences="")


ROUTES = (
    Route(path="/confirm/<token>", name="confirm", view=look, role="holder"),
    Route(
        path="/confirm/<token>",
        name="confirm_send",
        view=confirm,
        methods=("POST",),
        role="holder",
    ),
    Route(path="/unsubscribe/<token>", name="unsubscribe", view=ask_to_stop, role="holder"),
    Route(
        path="/unsubscribe/<token>",
        name="unsubscribe_send",
        view=stop,
        methods=("POST",),
        role="holder",
        one_click=True,
    ),
)
