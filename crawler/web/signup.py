"""Signing up: the form, what it would have sent, and the mail in which the address is confirmed.

Whoever asks learns nothing of an address: the answer is the same for one that is known already.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from crawler.digest import wishes
from crawler.digest.consenting import WORDING, WORDINGS
from crawler.digest.wish_wording import when, wish
from crawler.digest.wishes import WishErrors
from crawler.errors import UsageError
from crawler.jobs import consent, hindsight
from crawler.mailboxes import address
from crawler.store.subscribers import Subscription
from crawler.web import wishing
from crawler.web.access import Route
from crawler.web.context import Remembered, here, now
from crawler.web.holders import network
from crawler.web.wishing import Filled

ORIGIN = "sign-up page"

FRESH = timedelta(minutes=5)
"""How long what came up of late is taken for the same: reading it takes most of a preview."""


def form() -> str:
    """The form, and what it would have sent as it stands."""
    filled = wishing.empty(request.args)
    return _page(filled, _preview(filled))


def preview() -> str:
    """What the form would have sent: a whole page, or for a script the part that changes."""
    filled = wishing.again(request.form)
    try:
        asked = wishes.read(wishing.given(request.form))
    except WishErrors as errors:
        filled = wishing.again(request.form, errors.problems)
        seen = None
    else:
        seen = would_have_sent(asked.subscription)
    if request.headers.get("X-Fragment"):
        return render_template("_preview.html", seen=seen, problems=filled.problems)
    return _page(filled, seen)


def subscribe() -> str | Response:
    """Takes the wish and mails the address; says the same whoever it is."""
    problems: dict[str, str] = {}
    try:
        asked = wishes.read(wishing.given(request.form))
    except WishErrors as errors:
        problems |= errors.problems
    email = request.form.get("email", "")[:300]
    try:
        address(email)
    except UsageError:
        problems["email"] = "Write your email address, like name@example.org."
    if not request.form.get("agree"):
        problems["agree"] = "Tick the box if we may write to you."
    if problems:
        return _page(wishing.again(request.form, problems), None)
    consent.ask(
        here().settings,
        here().engine,
        email=email,
        organisation=request.form.get("organisation", "")[:200] or None,
        subscription=asked.subscription,
        schedule=asked.schedule,
        origin=ORIGIN,
        network=network(),
        now=now(),
    )
    return redirect("/sign-up/sent", 303)


def sent() -> str:
    """What to do now."""
    return render_template("signup_sent.html")


def would_have_sent(subscription: Subscription) -> hindsight.Hindsight:
    """What a subscription would have had in the last four weeks."""
    kept = here().remembered.setdefault("lately", Remembered(_lately, FRESH))
    lately = kept.at(now())
    assert isinstance(lately, hindsight.Lately)
    return lately.would_have_sent(subscription)


def _lately(moment: datetime) -> hindsight.Lately:
    return hindsight.lately(here().engine, moment)


def _preview(filled: Filled) -> hindsight.Hindsight | None:
    try:
        return would_have_sent(wishes.read(filled.values).subscription)
    except WishErrors:
        return None


def _page(filled: Filled, seen: hindsight.Hindsight | None) -> str:
    spoken = None
    if not filled.problems:
        asked = wishes.read({k: v for k, v in filled.values.items() if k in _READ})
        spoken = (wish(asked.subscription), when(asked.schedule))
    return render_template(
        "signup.html",
        filled=filled,
        seen=seen,
        spoken=spoken,
        agreement=WORDINGS[WORDING],
        problems=filled.problems,
        **wishing.choices(),
    )


_READ = frozenset((*wishes.WISH_FIELDS, *wishes.SCHEDULE_FIELDS))

ROUTES = (
    Route(path="/sign-up", name="signup", view=form),
    Route(
        path="/sign-up", name="signup_send", view=subscribe, methods=("POST",), limit="20 per hour"
    ),
    Route(
        path="/sign-up/preview",
        name="signup_preview",
        view=preview,
        methods=("POST",),
        limit="60 per minute",
    ),
    Route(path="/sign-up/sent", name="signup_sent", view=sent),
)
