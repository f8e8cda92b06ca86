"""What people change about themselves by their own link: wishes, times, pause, feeds, erasing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

from flask import Response, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from crawler.digest import wishes
from crawler.digest.refusing import why
from crawler.digest.wish_wording import when, wish
from crawler.digest.wishes import WishErrors
from crawler.errors import UsageError
from crawler.jobs import preferences, reconfirming
from crawler.store import impact
from crawler.store.impact import Asked
from crawler.store.subscribers import Subscriber, Subscription
from crawler.web import answering, signup, wishing
from crawler.web.access import Route
from crawler.web.context import here, now
from crawler.web.holders import known, network
from crawler.web.wishing import Filled

ORIGIN = "preferences page"
MOST_ASKED = 20
PAUSES = {
    "14": "for two weeks",
    "30": "for a month",
    "90": "for three months",
    "": "until I say so",
}


def page(token: str) -> str:
    """Everything at a glance."""
    person = known("manage", token).person
    return _page(person, token, wishing.stored(_first(person), person.schedule))


def _first(person: Subscriber) -> Subscription:
    return person.subscriptions[0] if person.subscriptions else Subscription()


def _page(person: Subscriber, token: str, filled: Filled) -> str:
    addresses = here().addresses
    barred = reconfirming.suppression(here().settings, here().engine, person.email)
    return render_template(
        "preferences.html",
        person=person,
        token=token,
        filled=filled,
        problems=filled.problems,
        barred=why(barred, "your") if barred else "",
        when=when(person.schedule),
        pauses=PAUSES,
        matches=addresses.all_matches(person.handle),
        wishes=[
            {
                "id": one.id,
                "label": one.label,
                "words": wish(one),
                "calendar": addresses.calendar(person.handle, one.id),
                "atom": addresses.atom(person.handle, one.id),
            }
            for one in person.subscriptions
        ],
        most=preferences.MOST_WISHES,
        asked=_asked(person),
        **wishing.choices(),
    )


def _asked(person: Subscriber) -> list[tuple[Asked, str, str]]:
    """What they were asked about their bids, what they said, and where they change it."""
    with here().engine.connect() as connection:
        found = impact.of(connection, person.id)[:MOST_ASKED]
    addresses = here().addresses
    return [
        (
            one,
            answering.OUTCOMES[one.outcome] if one.outcome else "",
            addresses.outcome(person.handle, one.key),
        )
        for one in found
    ]


def act(token: str) -> str | AnyResponse:
    """Does what a button says, and shows the page again."""
    person = known("manage", token).person
    deed = _DEEDS.get(request.form.get("do", ""))
    if deed is None:
        abort(400)
    try:
        words = deed(person)
    except WishErrors as errors:
        return _page(person, token, wishing.again(request.form, errors.problems))
    except UsageError as error:
        words = str(error)
    if words is None:
        return redirect("/goodbye", 303)
    flash(words)
    return redirect(f"/preferences/{token}", 303)


def _times(person: Subscriber) -> str:
    asked = wishes.read(wishing.times(request.form), _first(person), person.schedule)
    preferences.change(
        here().engine,
        person,
        organisation=request.form.get("organisation", "")[:200] or None,
        schedule=asked.schedule,
        origin=ORIGIN,
        network=network(),
        now=now(),
    )
    return f"Saved. We write {when(asked.schedule)}."


def _pause(person: Subscriber) -> str:
    days = request.form.get("days", "")
    if days not in PAUSES:
        raise UsageError("choose one of the pauses in the list.")
    until = now() + timedelta(days=int(days)) if days else None
    preferences.pause(here().engine, person, until, origin=ORIGIN, network=network(), now=now())
    return f"Paused {PAUSES[days]}."


def _resume(person: Subscriber) -> str:
    preferences.resume(here().engine, person, origin=ORIGIN, network=network(), now=now())
    if reconfirming.suppression(here().settings, here().engine, person.email):
        return "Your emails are not paused any more, but you have to confirm them anew."
    return "Welcome back: your emails go on."


def _confirm(person: Subscriber) -> str:
    reconfirming.ask_anew(
        here().settings, here().engine, person, origin=ORIGIN, network=network(), now=now()
    )
    return "A mail is on its way to you. Press its button, and your emails go on."


def _stop(person: Subscriber) -> str:
    preferences.stop(here().engine, person, origin=ORIGIN, network=network(), now=now())
    return "Stopped: you will get no more emails from us."


def _remove(person: Subscriber) -> str:
    number = request.form.get("wish", "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        abort(400)
    preferences.remove_wish(
        here().engine, person, int(number), origin=ORIGIN, network=network(), now=now()
    )
    return "Removed."


def _erase(person: Subscriber) -> str | None:
    if not request.form.get("sure"):
        raise UsageError("tick the box beside “erase” if you are sure; nothing was erased.")
    preferences.erase_person(here().settings, here().engine, person)
    return None


_DEEDS: dict[str, Callable[[Subscriber], str | None]] = {
    "times": _times,
    "pause": _pause,
    "resume": _resume,
    "confirm": _confirm,
    "stop": _stop,
    "remove": _remove,
    "erase": _erase,
}


def edit(token: str, number: int) -> str:
    """The form for one subscription; number 0 is for a new one."""
    person = known("manage", token).person
    one = _wish(person, number)
    return _form(token, number, wishing.stored(one, person.schedule), one)


def _wish(person: Subscriber, number: int) -> Subscription:
    if number == 0:
        return Subscription()
    found = next((one for one in person.subscriptions if one.id == number), None)
    if found is None:
        abort(404)
    return found


def _form(token: str, number: int, filled: Filled, one: Subscription | None) -> str:
    return render_template(
        "wish.html",
        token=token,
        number=number,
        filled=filled,
        problems=filled.problems,
        seen=signup.would_have_sent(one) if one else None,
        **wishing.choices(),
    )


def change(token: str, number: int) -> str | AnyResponse:
    """Saves a subscription, or shows what it would have sent."""
    person = known("manage", token).person
    old = _wish(person, number)
    try:
        asked = wishes.read(wishing.given(request.form, schedule=False), old)
    except WishErrors as errors:
        return _form(token, number, wishing.again(request.form, errors.problems), None)
    if request.form.get("do") == "preview":
        return _form(token, number, wishing.again(request.form), asked.subscription)
    save = preferences.change_wish if number else preferences.add_wish
    try:
        save(here().engine, person, asked.subscription, origin=ORIGIN, network=network(), now=now())
    except UsageError as error:
        flash(str(error))
    else:
        flash(" ".join(["Saved.", *asked.notes]))
    return redirect(f"/preferences/{token}", 303)


def export(token: str) -> Response:
    """Everything that is kept about somebody."""
    person = known("manage", token).person
    told = preferences.export_person(here().settings, here().engine, person, now())
    body = json.dumps(told, ensure_ascii=False, indent=2, default=str)
    made = Response(body, mimetype="application/json")
    made.headers["Content-Disposition"] = 'attachment; filename="my-arts-tenders.json"'
    return made


def goodbye() -> str:
    """After everything was erased."""
    return render_template("goodbye.html")


ROUTES = (
    Route(path="/preferences/<token>", name="preferences", view=page, role="holder"),
    Route(
        path="/preferences/<token>",
        name="preferences_send",
        view=act,
        methods=("POST",),
        role="holder",
    ),
    Route(path="/preferences/<token>/wishes/<int:number>", name="wish", view=edit, role="holder"),
    Route(
        path="/preferences/<token>/wishes/<int:number>",
        name="wish_send",
        view=change,
        methods=("POST",),
        role="holder",
    ),
    Route(
        path="/preferences/<token>/export.json",
        name="preferences_export",
        view=export,
        role="holder",
    ),
    Route(path="/goodbye", name="goodbye", view=goodbye),
)
