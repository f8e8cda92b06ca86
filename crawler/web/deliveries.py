"""Staff and the post: subscribers and deliveries in figures; an address only on demand, and logged.

Addresses are masked. Showing one is a POST of its own, and stands in the audit log before it stands
on the page.
"""

from __future__ import annotations

from flask import abort, render_template, request

from crawler.store import audit, database, outbox, roster, subscribers
from crawler.web.access import Route, me
from crawler.web.context import here, now
from crawler.web.desk import PAGE, before

_FAILURES = 30


def page() -> str:
    """What was sent, what failed and what came back."""
    with here().engine.connect() as connection:
        post = roster.post(connection, now())
        failures = outbox.failures(connection, _FAILURES)
    shown = [(one, roster.masked(one.recipient)) for one in failures]
    return render_template("staff_deliveries.html", post=post, failures=shown)


def people() -> str:
    """Subscribers without their addresses."""
    state = request.args.get("state", "")
    chosen = state if state in subscribers.STATES else ""
    with here().engine.connect() as connection:
        found = roster.people(connection, PAGE + 1, before=before(), state=chosen)
        states = roster.states(connection)
    return render_template(
        "staff_subscribers.html",
        people=found[:PAGE],
        further=found[PAGE - 1].id if len(found) > PAGE else None,
        states=states,
        chosen=chosen,
    )


def show(number: int) -> str:
    """One subscriber's address, after the look at it has been logged."""
    if number >= 2**62:
        abort(404)
    with database.writing(here().engine) as connection:
        person = subscribers.by_id(connection, number)
        if person is None:
            abort(404)
        audit.record(
            connection,
            who=me().name,
            what="looked at an address",
            about=f"subscriber {number}",
            at=now(),
        )
    return render_template("staff_address.html", person=person)


ROUTES = (
    Route(path="/staff/deliveries", name="staff_deliveries", view=page, role="staff"),
    Route(path="/staff/subscribers", name="staff_subscribers", view=people, role="staff"),
    Route(
        path="/staff/subscribers/<int:number>/address",
        name="staff_address",
        view=show,
        methods=("POST",),
        role="staff",
        limit="60 per hour",
    ),
)
