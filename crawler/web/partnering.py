"""Somebody's own page as a partner: offering themselves, taking that back, who asked whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from crawler.digest import wish_places, wording
from crawler.digest.consenting import PARTNERING, WORDINGS
from crawler.digest.wish_places import Unclear
from crawler.errors import UsageError
from crawler.jobs import introducing, partnering
from crawler.jobs.partnering import Offer
from crawler.store import introductions, opportunities, organisations, subscribers
from crawler.store.introductions import Introduction
from crawler.store.organisations import Organisation
from crawler.store.subscribers import Subscriber
from crawler.web.access import Route
from crawler.web.context import here, now
from crawler.web.holders import known, network
from crawler.web.speaking import body_name
from crawler.web.wishing import Filled

ORIGIN = "partnering page"
CHOICES = {"art_forms": wording.ART_FORMS, "outcomes": wording.OUTCOMES}
WORDS = {
    "asked": "waiting for an answer",
    "agreed": "agreed: both of you got the other’s address by email",
    "declined": "declined",
    "expired": "not answered in time",
    "withdrawn": "withdrawn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One introduction as a person sees it; `link` leads to its buttons, empty where it has none.

    `mine` if they asked. Nothing in it tells an address.
    """

    key: str
    title: str
    opportunity: str
    other: str
    mine: bool
    state: str
    at: datetime
    open: bool
    link: str = ""


def page(token: str) -> str:
    """What they offer, and who asked whom."""
    person = known("manage", token).person
    with here().engine.connect() as connection:
        entry = organisations.own(connection, person.id)
    return _page(person, token, entry, _stored(entry))


def _stored(entry: Organisation | None) -> Filled:
    if entry is None:
        return Filled()
    return Filled(
        values={
            "words": (entry.pitch or "",),
            "art_forms": entry.art_forms,
            "outcomes": entry.outcomes,
            "authority": (body_name(entry.authority),) if entry.authority else (),
        }
    )


def _page(person: Subscriber, token: str, entry: Organisation | None, filled: Filled) -> str:
    return render_template(
        "partnering.html",
        person=person,
        token=token,
        entry=entry,
        filled=filled,
        problems=filled.problems,
        choices_of=CHOICES,
        agreement=WORDINGS[PARTNERING],
        longest=partnering.PITCH,
        askings=_askings(person),
    )


def _askings(person: Subscriber) -> list[Asking]:
    with here().engine.connect() as connection:
        made = introductions.of(connection, person.id)[:50]
        found = []
        for one in made:
            mine = one.asker_id == person.id
            other = subscribers.by_id(connection, one.asked_id if mine else one.asker_id)
            told = opportunities.by_key(connection, one.opportunity)
            found.append(
                Asking(
                    key=one.key,
                    title=told[1].title if told else "",
                    opportunity=one.opportunity,
                    other=(other.organisation if other else None) or "Somebody",
                    mine=mine,
                    state=WORDS[state_at(one, now())],
                    at=one.asked_at,
                    open=one.open_at(now()),
                    link=""
                    if mine or not one.open_at(now())
                    else here().addresses.introduction(person.handle, one.key),
                )
            )
    return found


def state_at(one: Introduction, at: datetime) -> str:
    """The state of an asking on the day: what nobody answered in time has run out."""
    return "expired" if one.state == "asked" and not one.open_at(at) else one.state


def act(token: str) -> str | Response:
    """Does what a button says."""
    person = known("manage", token).person
    deed = request.form.get("do", "")
    if deed == "open":
        return _open(person, token)
    if deed == "withdraw":
        gone = partnering.withdraw(
            here().engine, person, origin=ORIGIN, network=network(), now=now()
        )
        flash("You are not shown as a partner any more." if gone else "You were not shown.")
    elif deed == "unask":
        done = introducing.withdraw(here().engine, person, request.form.get("key", ""), now())
        flash("Taken back." if done else "That request is not open any more.")
    else:
        abort(400)
    return redirect(f"/preferences/{token}/partnering", 303)


def _open(person: Subscriber, token: str) -> str | Response:
    with here().engine.connect() as connection:
        entry = organisations.own(connection, person.id)
    problems: dict[str, str] = {}
    if not request.form.get("agree") and entry is None:
        problems["agree"] = "tick the box to say that you agree."
    said = request.form.get("authority", "")[:200].strip()
    authority = None
    if said:
        try:
            authority = wish_places.council(said).codes[0]
        except Unclear as error:
            problems["authority"] = str(error)
    offer = Offer(
        words=request.form.get("words", "")[:2000],
        art_forms=tuple(request.form.getlist("art_forms")[:20]),
        outcomes=tuple(request.form.getlist("outcomes")[:20]),
        authority=authority,
    )
    if not problems:
        try:
            partnering.open_up(
                here().engine, person, offer, origin=ORIGIN, network=network(), now=now()
            )
        except UsageError as error:
            problems["words"] = str(error)
    if problems:
        values = {
            "words": (offer.words,),
            "art_forms": offer.art_forms,
            "outcomes": offer.outcomes,
            "authority": (said,),
        }
        return _page(person, token, entry, Filled(values=values, problems=problems))
    flash("Saved. People who look for partners find you from now on.")
    return redirect(f"/preferences/{token}/partnering", 303)


ROUTES = (
    Route(path="/preferences/<token>/partnering", name="partnering", view=page, role="holder"),
    Route(
        path="/preferences/<token>/partnering",
        name="partnering_send",
        view=act,
        methods=("POST",),
        role="holder",
    ),
)
