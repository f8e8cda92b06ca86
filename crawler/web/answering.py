"""What became of a bid, by the links of our question: a button, then a POST."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from crawler.store import database, impact, marks, opportunities
from crawler.store.impact import Answer, Asked
from crawler.web.access import Route
from crawler.web.context import here, now
from crawler.web.holders import Holder, holder

OUTCOMES = {
    "won": "We won it",
    "lost": "We bid and did not win it",
    "bidding": "We bid and do not know yet",
    "no_bid": "We did not bid",
}
COMPANIES = {"alone": "Alone", "others": "With others"}
WHY_NOTS = {
    "time": "There was not enough time",
    "size": "It was too large or too small for us",
    "partners": "We found no partner for it",
    "cost": "It would not have paid",
    "subject": "It was not what we do, after all",
    "late": "We heard of it too late",
    "other": "Something else",
}
_TAKEN_BACK = "Taken back: we know nothing of your bid."
_OTHERS = 10
"""Further questions that stand beneath one."""


def page(token: str) -> str:
    """What somebody may answer about one opportunity, and the others that they were asked about."""
    with here().engine.connect() as connection:
        who = holder(connection, "outcome", token)
        key = _key(who)
        found = opportunities.by_key(connection, key)
        if found is None:
            abort(404)
        said = impact.of(connection, who.person.id, key)
        mark = marks.find(connection, who.person.id, key)
        rest = [one for one in impact.of(connection, who.person.id) if one.key != found[1].id]
    say = request.args.get("say", "")
    return render_template(
        "outcome.html",
        one=found[1],
        outcome=mark.outcome if mark else None,
        said=said[0] if said else None,
        say=say if say in OUTCOMES else "",
        outcomes_of_bids=OUTCOMES,
        companies=COMPANIES,
        why_nots=WHY_NOTS,
        longest=impact.LONGEST_WITH,
        others=[(one, _address(who, one)) for one in rest if one.answered_at is None][:_OTHERS],
        preferences=here().addresses.preferences(who.person.handle),
    )


def _key(who: Holder) -> str:
    if len(who.words) != 1:
        abort(404)
    return who.words[0]


def _address(who: Holder, one: Asked) -> str:
    return here().addresses.outcome(who.person.handle, one.key)


def act(token: str) -> Response:
    """Keeps the answer that a button gives."""
    deed = request.form.get("do", "")
    outcome = next((word for word in marks.BID_OUTCOMES if word == deed), None)
    if outcome is None and deed != "clear":
        abort(400)
    company, why_not = request.form.get("company"), request.form.get("why_not")
    said = Answer(
        outcome=outcome,
        company=next((one for one in impact.COMPANIES if one == company), None),
        with_whom=request.form.get("with_whom", "")[: impact.LONGEST_WITH].replace("\0", ""),
        why_not=next((one for one in impact.WHY_NOTS if one == why_not), None),
    )
    with database.writing(here().engine, alone=False) as connection:
        who = holder(connection, "outcome", token)
        key = _key(who)
        if opportunities.internal(connection, key) is None:
            abort(404)
        impact.answer(connection, who.person.id, key, said, now())
    flash(
        f"Thank you, noted: {OUTCOMES[deed][0].lower()}{OUTCOMES[deed][1:]}."
        if outcome
        else _TAKEN_BACK
    )
    return redirect(f"/outcome/{token}", 303)


ROUTES = (
    Route(path="/outcome/<token>", name="outcome", view=page, role="holder"),
    Route(path="/outcome/<token>", name="outcome_send", view=act, methods=("POST",), role="holder"),
)
