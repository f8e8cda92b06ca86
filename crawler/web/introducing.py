"""Asking to be introduced to a possible partner, and answering: a page each, and then a POST."""

from __future__ import annotations

from decimal import Decimal

from flask import abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from crawler.digest import considering, worth
from crawler.digest.fitting import Fit
from crawler.errors import UsageError
from crawler.jobs import introducing, partnering, suggesting
from crawler.mailboxes import address
from crawler.opportunity import Opportunity
from crawler.store import introductions, opportunities, subscribers
from crawler.store.subscribers import Subscriber
from crawler.web import opportunity as opportunity_page
from crawler.web.access import Route
from crawler.web.context import here, now
from crawler.web.holders import Holder, holder
from crawler.web.partnering import WORDS, state_at


def start(id: str) -> str:  # noqa: A002
    """Where a visitor says which address their page of partners goes to."""
    with here().engine.connect() as connection:
        _, one = opportunity_page.find(connection, id)
    return render_template("with_you_start.html", one=one, problems={}, email="")


def send(id: str) -> str | Response:  # noqa: A002
    """Mails the page's link to its owner; the answer is the same whoever asks."""
    email = request.form.get("email", "")[:300].strip()
    with here().engine.connect() as connection:
        _, one = opportunity_page.find(connection, id)
    try:
        address(email)
    except UsageError:
        problems = {"email": "Write the address in full, like name@example.org."}
        return render_template("with_you_start.html", one=one, problems=problems, email=email)
    introducing.send_page(
        here().settings, here().engine, email=email, opportunity=one.id, now=now()
    )
    here().deliver(here().settings, here().engine, now())
    return redirect(f"/opportunities/{one.id}/partners/sent", 303)


def sent(id: str) -> str:  # noqa: A002
    """What happens now."""
    with here().engine.connect() as connection:
        _, one = opportunity_page.find(connection, id)
    return render_template("with_you_sent.html", one=one)


def page(token: str) -> str:
    """Who could deliver one opportunity with the reader, with the buttons to ask them."""
    with here().engine.connect() as connection:
        who, one = _about(holder(connection, "partners", token))
        bodies = here().directory.of(connection)
        found = suggesting.partners(connection, bodies, one, who.person)
        states = {
            made.asked_id if made.asker_id == who.person.id else made.asker_id: made
            for made in introductions.of(connection, who.person.id, one.id)
        }
    return render_template(
        "with_you.html",
        token=token,
        person=who.person,
        one=one,
        partners=[
            {
                "organisation": partner.organisation,
                "reasons": partner.reasons,
                "asked": WORDS[state_at(states[at], now())]
                if (at := partner.organisation.subscriber_id) in states
                else "",
            }
            for partner in found
        ],
        hint=_hint(one, who.person),
        longest=partnering.PITCH,
        own=here().addresses.partnering(who.person.handle),
    )


def _hint(one: Opportunity, person: Subscriber) -> str:
    """What it takes beyond the reader, with the lots in their reach; empty if they could alone."""
    carried = [wish for wish in person.subscriptions if wish.largest is not None]
    if not carried:
        return ""
    most = max(carried, key=lambda wish: wish.largest or Decimal(0))
    fit = worth.largest(considering.consider(one, now()), most)
    return fit.caveats[0] if isinstance(fit, Fit) and fit.caveats else ""


def _about(who: Holder) -> tuple[Holder, Opportunity]:
    with here().engine.connect() as connection:
        found = opportunities.by_key(connection, who.words[0]) if len(who.words) == 1 else None
    if found is None:
        abort(404)
    return who, found[1]


def ask(token: str) -> Response:
    """Asks one of them."""
    with here().engine.connect() as connection:
        who, one = _about(holder(connection, "partners", token))
    try:
        introducing.ask(
            here().settings,
            here().engine,
            who.person,
            opportunity=one.id,
            partner=request.form.get("partner", "")[:20],
            message=request.form.get("words", "")[:2000],
            now=now(),
        )
    except UsageError as error:
        flash(str(error))
    else:
        flash("Asked. They have two weeks to answer, and you hear from us either way.")
    return redirect(f"/with-you/{token}", 303)


def look(token: str) -> str:
    """A request to be introduced, with its two buttons. Opening it changes nothing."""
    with here().engine.connect() as connection:
        who = holder(connection, "introduce", token)
        made = introductions.by_key(connection, who.words[0]) if len(who.words) == 1 else None
        if made is None or made.asked_id != who.person.id:
            abort(404)
        asker = subscribers.by_id(connection, made.asker_id)
        found = opportunities.by_key(connection, made.opportunity)
        if asker is None or found is None:
            abort(404)
    return render_template(
        "introduction.html",
        made=made,
        asker=asker.organisation or "Somebody",
        one=found[1],
        open=made.open_at(now()),
        state=WORDS[state_at(made, now())],
        own=here().addresses.partnering(who.person.handle),
    )


def answer(token: str) -> Response:
    """Agrees or declines."""
    deed = request.form.get("do", "")
    if deed not in ("agree", "decline"):
        abort(400)
    with here().engine.connect() as connection:
        who = holder(connection, "introduce", token)
    if len(who.words) != 1:
        abort(404)
    try:
        introducing.answer(
            here().settings,
            here().engine,
            who.person,
            who.words[0],
            agree=deed == "agree",
            now=now(),
        )
    except UsageError as error:
        flash(str(error))
    else:
        flash(
            "Thank you. Each of you gets the other’s address by email."
            if deed == "agree"
            else "Declined. They are told so, and not your address."
        )
    return redirect(f"/introductions/{token}", 303)


ROUTES = (
    Route(path="/opportunities/<id>/partners", name="with_you_start", view=start),
    Route(
        path="/opportunities/<id>/partners",
        name="with_you_send",
        view=send,
        methods=("POST",),
        limit="10 per hour",
    ),
    Route(path="/opportunities/<id>/partners/sent", name="with_you_sent", view=sent),
    Route(path="/with-you/<token>", name="with_you", view=page, role="holder"),
    Route(
        path="/with-you/<token>",
        name="with_you_ask",
        view=ask,
        methods=("POST",),
        role="holder",
        limit="30 per hour",
    ),
    Route(path="/introductions/<token>", name="introduction", view=look, role="holder"),
    Route(
        path="/introductions/<token>",
        name="introduction_answer",
        view=answer,
        methods=("POST",),
        role="holder",
    ),
)
