"""Saving, hiding and saying what became of a bid, by the links in mails: a button, then a POST."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from crawler.store import database, marks, opportunities
from crawler.web.access import Route
from crawler.web.context import here, now
from crawler.web.holders import Holder, holder

WHYS = {
    "place": "It is too far away",
    "size": "It is too large or too small for us",
    "subject": "It is not what we do",
    "not_arts": "It is not for arts organisations at all",
    "time": "There is not enough time",
    "other": "Something else",
}
OUTCOMES = {
    "bidding": "We are bidding",
    "won": "We won it",
    "lost": "We did not win it",
    "no_bid": "We decided not to bid",
}
_DONE = {
    "save": "Saved. We will remind you before it closes, if you asked for that.",
    "unsave": "It is no longer saved.",
    "hide": "Thank you. You will not see it again.",
    "unhide": "It is back among your matches.",
    "clear": "We have forgotten what we knew of your bid.",
    **dict.fromkeys(OUTCOMES, "Thank you, noted."),
}


def page(token: str) -> str:
    """What somebody may say about one opportunity. Opening it says nothing."""
    with here().engine.connect() as connection:
        who = holder(connection, "mark", token)
        id, what = _words(who)  # noqa: A001
        found = opportunities.by_key(connection, id)
        if found is None:
            abort(404)
        mark = marks.find(connection, who.person.id, id)
    return render_template(
        "mark.html",
        token=token,
        what=what,
        one=found[1],
        mark=mark,
        whys=WHYS,
        outcomes_of_bids=OUTCOMES,
        matches=here().addresses.all_matches(who.person.handle),
        partners=here().addresses.partners(who.person.handle, found[1].id),
    )


def _words(who: Holder) -> tuple[str, str]:
    if len(who.words) != 2:
        abort(404)
    return who.words[0], who.words[1]


def act(token: str) -> Response:
    """Does what a button says."""
    deed = request.form.get("do", "")
    if deed not in _DONE:
        abort(400)
    with database.writing(here().engine) as connection:
        who = holder(connection, "mark", token)
        id, _ = _words(who)  # noqa: A001
        at, person = now(), who.person.id
        if deed == "save":
            marks.save(connection, person, id, at)
        elif deed == "unsave":
            marks.unsave(connection, person, id)
        elif deed == "hide":
            marks.hide(connection, person, id, at, _why())
        elif deed == "unhide":
            marks.unhide(connection, person, id)
        else:
            marks.outcome(connection, person, id, None if deed == "clear" else deed, at)
    flash(_DONE[deed])
    return redirect(f"/mark/{token}", 303)


def _why() -> str | None:
    """The reason in words: that chosen, and what was typed beside it."""
    chosen = WHYS.get(request.form.get("why", ""))
    typed = " ".join(request.form.get("words", "")[:400].split())
    return ": ".join(part for part in (chosen, typed) if part) or None


ROUTES = (
    Route(path="/mark/<token>", name="mark", view=page, role="holder"),
    Route(path="/mark/<token>", name="mark_send", view=act, methods=("POST",), role="holder"),
)
