"""Signing in by a mailed link, and out again; who is behind each request.

The link works once, for a quarter of an hour, and only in the browser that asked (a random word in
its session cookie). Opening it shows a button: mail scanners open every link. Signing in starts a
new session with a new token, so that a session planted before is worth nothing after.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from flask import Flask, Response, g, redirect, render_template, request, session
from flask_login import LoginManager, current_user, login_user
from werkzeug.wrappers import Response as AnyResponse

from crawler.errors import UsageError
from crawler.jobs import signing_in as links
from crawler.store import audit, database, users
from crawler.store.users import User
from crawler.web.access import Route
from crawler.web.context import here, now

_BROWSER = "browser"
_NEXT = "next"
_OWN_PATH = re.compile(r"/(?![/\\])[\w./?=&%+:-]{0,500}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user as flask-login knows them: by the token of one session, not by who they are."""

    user: User
    token: str
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """What the session cookie carries."""
        return self.token


def configure(app: Flask) -> None:
    """Has each request of one app know who asks."""
    manager = LoginManager(app)
    # Sessions lie in the store and end there; networks change on the train.
    manager.session_protection = None
    manager.user_loader(_of_session)
    app.before_request(_know)


def _of_session(token: str) -> SignedIn | None:
    with here().engine.connect() as connection:
        found = users.of_session(connection, token, now())
    if found is None:
        return None
    user, wants_touch = found
    if wants_touch:
        with database.writing(here().engine, alone=False) as connection:
            users.touch(connection, token, now())
    return SignedIn(user, token)


def _know() -> None:
    if request.endpoint == "static" or "_user_id" not in session:
        return
    if current_user.is_authenticated:
        g.user = current_user.user
        g.role = g.user.role


def form() -> str | AnyResponse:
    """Asks for the address to send a link to."""
    wanted = own_path(request.args.get(_NEXT, ""))
    if g.get("user"):
        return redirect(wanted or _first_page(g.user), 303)
    return render_template("sign_in.html", step="form", problem="", email="", next=wanted)


def ask() -> str | AnyResponse:
    """Sends a link to whoever may sign in; the answer is the same for everybody."""
    email = request.form.get("email", "")[:300].strip()
    wanted = own_path(request.form.get(_NEXT, ""))
    browser = session.setdefault(_BROWSER, secrets.token_urlsafe(24))
    web = here()
    try:
        queued = links.ask(web.settings, web.engine, email=email, browser=browser, now=now())
    except UsageError:
        words = "Write your address in full, like name@example.org."
        return render_template("sign_in.html", step="form", problem=words, email=email, next=wanted)
    session[_NEXT] = wanted
    if queued:
        web.deliver(web.settings, web.engine, now())
    return redirect("/sign-in/sent", 303)


def sent() -> str:
    """What happens now, whoever asked."""
    return render_template("sign_in.html", step="sent")


def look(token: str) -> Response:
    """The page with the button. Opening it signs nobody in."""
    with here().engine.connect() as connection:
        found = users.look_at(connection, token, session.get(_BROWSER, ""), now())
    return _answer(found)


def _answer(found: User | users.Refusal) -> Response:
    step = found if isinstance(found, str) else "confirm"
    page = render_template("sign_in.html", step=step)
    return Response(page, status=200 if step == "confirm" else 404, mimetype="text/html")


def enter(token: str) -> Response | AnyResponse:
    """Signs in, once."""
    browser = session.get(_BROWSER, "")
    with database.writing(here().engine) as connection:
        found = users.sign_in(connection, token, browser, now())
        if not isinstance(found, str):
            audit.record(connection, who=found[0].name, what="signed in", about="", at=now())
    if isinstance(found, str):
        return _answer(found)
    user, made = found
    wanted = own_path(session.get(_NEXT, ""))
    _leave_session()
    login_user(SignedIn(user, made))
    session.permanent = True
    return redirect(wanted or _first_page(user), 303)


def _leave_session() -> None:
    """Forgets all that the browser's session held, also in the store."""
    old = session.get("_user_id")
    if isinstance(old, str):
        with database.writing(here().engine, alone=False) as connection:
            users.sign_out(connection, old)
    session.clear()


def leave() -> AnyResponse:
    """Signs out."""
    _leave_session()
    return redirect("/", 303)


def own_path(text: str) -> str:
    """`text` if it is the path of a page of ours, else an empty text: nobody is sent elsewhere."""
    return text if _OWN_PATH.fullmatch(text) else ""


def _first_page(user: User) -> str:
    return "/review" if user.role == "reviewer" else "/staff"


ROUTES = (
    Route(path="/sign-in", name="sign_in", view=form),
    Route(path="/sign-in", name="sign_in_ask", view=ask, methods=("POST",), limit="10 per hour"),
    Route(path="/sign-in/sent", name="sign_in_sent", view=sent),
    Route(path="/sign-in/<token>", name="sign_in_look", view=look, role="holder"),
    Route(
        path="/sign-in/<token>",
        name="sign_in_enter",
        view=enter,
        methods=("POST",),
        role="holder",
        limit="20 per hour",
    ),
    Route(path="/sign-out", name="sign_out", view=leave, methods=("POST",), role="reviewer"),
)
