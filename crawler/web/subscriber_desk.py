"""Staff and subscribers: looking one up, what they asked for, what became of their mail.

Addresses are masked. Showing one is a POST of its own, and stands in the audit log before it stands
on the page. Looking somebody up is a POST as well, and logged: what is typed may be an address, and
addresses belong into no address line, history or log of requests.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import abort, render_template, request

from crawler import keys
from crawler.digest import wish_wording, wording
from crawler.store import audit, database, roster, subscribers, suppressions
from crawler.store.subscribers import Subscriber
from crawler.web.access import Route, me
from crawler.web.context import here, now
from crawler.web.desk import PAGE, before

KINDS = {
    "digest": "Digest",
    "early": "Closing before the next digest",
    "reminder": "Reminder of something saved",
    "asking": "Question what became of a bid",
    "introduce": "Introduction to a partner",
    "partners": "Link to their page of partners",
    "confirm": "About their sign-up",
    "removal": "Removal of details",
    "sign-in": "Link to sign in",
}
"""What the kinds of mails that people get are called."""

STATES = {
    "queued": "Waits",
    "sending": "Being sent",
    "sent": "Sent",
    "failed": "Not delivered",
    "held": "Held back",
}
_STANDING = {
    "pending": "Asked to confirm, and has not done so yet",
    "active": "Gets the digest",
    "paused": "Has paused",
    "stopped": "Has stopped the digest",
}
REPORTS = {
    "hard": "There is no such mailbox, or it takes none of our mail",
    "soft": "It could not be delivered for the moment",
    "complaint": "It was reported as spam",
}
_MAILS = 30
_LONGEST = 254
_HIGHEST = 2**62


def page() -> str:
    """Subscribers without their addresses."""
    state = request.args.get("state", "")
    chosen = state if state in subscribers.STATES else ""
    with here().engine.connect() as connection:
        found = roster.people(connection, PAGE + 1, before=before(), state=chosen)
        return _listed(connection, found, chosen=chosen)


def find() -> str:
    """Whoever has exactly this address, or an organisation with these words in its name."""
    asked = wording.plain(request.form.get("q", ""), _LONGEST).strip()
    with database.writing(here().engine) as connection:
        found = roster.search(connection, asked, PAGE) if asked else []
        if asked:
            _note_search(connection, asked, found)
        return _listed(connection, found, asked=asked, searched=True)


def _note_search(connection: sa.Connection, asked: str, found: list[roster.Person]) -> None:
    by_address = "@" in asked
    about = f"subscriber {found[0].id}" if by_address and found else ""
    nobody = "by address" if found else "by address: nobody"
    audit.record(
        connection,
        who=me().name,
        what="looked for a subscriber",
        about=about,
        at=now(),
        detail=nobody if by_address else f"by organisation: {asked}",
    )


def _listed(connection: sa.Connection, found: list[roster.Person], **more: Any) -> str:
    further = len(found) > PAGE and not more.get("searched")
    return render_template(
        "staff_subscribers.html",
        people=found[:PAGE],
        further=found[PAGE - 1].id if further else None,
        states=roster.states(connection),
        **({"chosen": "", "asked": "", "searched": False} | more),
    )


def one(number: int) -> str:
    """One subscriber: what they asked for, and what became of the mails to them."""
    web = here()
    with web.engine.connect() as connection:
        person = _known(connection, number)
        barred = suppressions.of(connection, keys.suppression_key(web.settings), person.email)
        letters = roster.letters(connection, number, _MAILS + 1)
        reports = roster.reports(connection, number, _MAILS)
    return render_template(
        "staff_subscriber.html",
        person=person,
        masked=roster.masked(person.email),
        standing=_STANDING.get(person.state, person.state),
        when=wish_wording.when(person.schedule),
        wishes=[(wish.id, wish.label, wish_wording.wish(wish)) for wish in person.subscriptions],
        barred=barred,
        letters=letters[:_MAILS],
        more=len(letters) > _MAILS,
        reports=reports,
        kinds_of_mail=KINDS,
        states_of_mail=STATES,
        report_names=REPORTS,
    )


def _known(connection: sa.Connection, number: int) -> Subscriber:
    person = subscribers.by_id(connection, number) if number < _HIGHEST else None
    if person is None:
        abort(404)
    return person


def show(number: int) -> str:
    """One subscriber's address, after the look at it has been logged."""
    with database.writing(here().engine) as connection:
        person = _known(connection, number)
        audit.record(
            connection,
            who=me().name,
            what="looked at an address",
            about=f"subscriber {number}",
            at=now(),
        )
    return render_template("staff_address.html", person=person)


ROUTES = (
    Route(path="/staff/subscribers", name="staff_subscribers", view=page, role="staff"),
    Route(
        path="/staff/subscribers",
        name="staff_subscribers_find",
        view=find,
        methods=("POST",),
        role="staff",
        limit="120 per hour",
    ),
    Route(path="/staff/subscribers/<int:number>", name="staff_subscriber", view=one, role="staff"),
    Route(
        path="/staff/subscribers/<int:number>/address",
        name="staff_address",
        view=show,
        methods=("POST",),
        role="staff",
        limit="60 per hour",
    ),
)
