"""Staff and the mail: deliveries in figures, and what was not delivered, under masked addresses."""

from __future__ import annotations

from flask import render_template

from crawler.store import outbox, roster
from crawler.web import subscriber_desk
from crawler.web.access import Route
from crawler.web.context import here, now

_FAILURES = 30


def page() -> str:
    """What was sent, what failed and what came back."""
    with here().engine.connect() as connection:
        post = roster.post(connection, now())
        failures = outbox.failures(connection, _FAILURES)
    return render_template(
        "staff_deliveries.html",
        post=post,
        failures=[
            (one, roster.masked(one.recipient), roster.hushed(one.words)) for one in failures
        ],
        kinds_of_mail=subscriber_desk.KINDS,
        states_of_mail=subscriber_desk.STATES,
    )


ROUTES = (Route(path="/staff/deliveries", name="staff_deliveries", view=page, role="staff"),)
