"""Admins and the people who may sign in: adding, giving another role, removing."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Response, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from crawler.errors import UsageError
from crawler.store import audit, database, users
from crawler.web.access import Route, me
from crawler.web.context import here, now

_HIGHEST = 2**62


def page(problem: str = "") -> Response:
    """Who may sign in."""
    with here().engine.connect() as connection:
        people = users.everybody(connection)
    made = render_template(
        "staff_people.html",
        people=people,
        ranks=users.RANKS,
        problem=problem,
        filled=request.form,
    )
    return Response(made, mimetype="text/html")


def add() -> Response | AnyResponse:
    """Lets somebody in."""
    given = {name: request.form.get(name, "")[:300] for name in ("email", "name", "role")}
    try:
        with database.writing(here().engine) as connection:
            user = users.add(connection, **given, now=now())
            _record(connection, "added a user", user.name, user.role)
    except UsageError as error:
        return page(str(error))
    flash(f"{user.name} may sign in now. Tell them where: {here().addresses.base}/sign-in")
    return redirect("/staff/people", 303)


def ask(number: int) -> str:
    """Asks whether somebody is to be removed; nothing is changed by looking."""
    with here().engine.connect() as connection:
        user = users.get(connection, number) if number < _HIGHEST else None
    if user is None:
        abort(404)
    return render_template("staff_person_remove.html", one=user)


def change(number: int) -> Response | AnyResponse:
    """Gives somebody another role, or removes them."""
    deed, role = request.form.get("do", ""), request.form.get("role", "")[:20]
    if deed not in ("role", "remove") or number >= _HIGHEST:
        abort(400)
    try:
        with database.writing(here().engine) as connection:
            user = users.get(connection, number)
            if user is None:
                abort(404)
            if deed == "remove":
                users.remove(connection, user)
                _record(connection, "removed a user", user.name)
            else:
                users.change_role(connection, user, role)
                _record(connection, "changed a role", user.name, f"{user.role} to {role}")
    except UsageError as error:
        return page(str(error))
    gone = f"{user.name} is signed out and can no longer sign in."
    flash(gone if deed == "remove" else f"{user.name} is {role} from now on.")
    # Whoever removes or demotes themselves cannot come back to this page.
    own = user.id == me().id and (deed == "remove" or role != "admin")
    return redirect("/" if own else "/staff/people", 303)


def _record(connection: sa.Connection, what: str, about: str, detail: str = "") -> None:
    audit.record(connection, who=me().name, what=what, about=about, at=now(), detail=detail)


ROUTES = (
    Route(path="/staff/people", name="staff_people", view=page, role="admin"),
    Route(path="/staff/people", name="staff_people_add", view=add, methods=("POST",), role="admin"),
    Route(
        path="/staff/people/<int:number>/remove", name="staff_people_ask", view=ask, role="admin"
    ),
    Route(
        path="/staff/people/<int:number>",
        name="staff_people_change",
        view=change,
        methods=("POST",),
        role="admin",
    ),
)
