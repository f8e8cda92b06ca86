"""Who may see what: each route names the role it needs, in one table that tests walk through.

Roles rise from ``anyone`` to ``admin``. ``holder`` is whoever opens a signed link: the view reads
the token itself, since the token says whose it is. `crawler.web.signing_in` sets ``flask.g.user``
and ``flask.g.role`` before the view is called; until then every visitor is ``anyone``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, get_args
from urllib.parse import quote

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden

from crawler.store.users import User

Role = Literal["anyone", "holder", "reviewer", "staff", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
View = Callable[..., ResponseReturnValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One address of ours. `name` is its endpoint, `limit` how often a visitor may POST there.

    `one_click` marks the one POST that a mail program sends without a form (RFC 8058): its token is
    all it can bring.
    """

    path: str
    name: str
    view: View
    methods: tuple[str, ...] = ("GET",)
    role: Role = "anyone"
    limit: str | None = None
    one_click: bool = False


class RoleTooLow(Forbidden):
    """Raised by guarded views for somebody who is signed in; `description` says why, for them."""


def guarded(route: Route) -> View:
    """The route's view behind its role; who is not signed in is asked to, if they only look."""

    @wraps(route.view)
    def view(**given: Any) -> ResponseReturnValue:
        if not allowed(route.role, visitor()):
            if visitor() == "anyone" and request.method in ("GET", "HEAD"):
                return redirect(f"/sign-in?next={quote(request.full_path.rstrip('?'))}", 303)
            raise RoleTooLow(_too_low(route.role)) if g.get("user") else Forbidden
        return route.view(**given)

    return view


def _too_low(needed: Role) -> str:
    """Why somebody who is signed in may not see a page."""
    many = {"reviewer": "reviewers", "staff": "staff", "admin": "admins"}.get(needed, needed)
    who = {"reviewer": "a reviewer", "admin": "an admin"}.get(visitor(), visitor())
    return f"This page is for {many}; you are signed in as {who}."


def visitor() -> Role:
    """The role of whoever asks."""
    role: Role = g.get("role", "anyone")
    return role


def me() -> User:
    """Whoever is signed in. Only behind a role that nobody has without signing in."""
    user: User | None = g.get("user")
    if user is None:
        abort(403)
    return user


def allowed(needed: Role, has: Role) -> bool:
    """Whether somebody with the role `has` may see what needs `needed`."""
    if needed in ("anyone", "holder"):
        return True
    return ROLES.index(has) >= ROLES.index(needed)
