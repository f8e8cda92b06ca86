"""Who may see what: each route names the role it needs, in one table that tests walk through.

Roles rise from ``anyone`` to ``admin``. ``holder`` is whoever opens a signed link: the view reads
the token itself, since the token says whose it is. Whoever signs people in sets ``flask.g.role``
before the view is called; until then every visitor is ``anyone``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, get_args

from flask import abort, g
from flask.typing import ResponseReturnValue

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


def guarded(route: Route) -> View:
    """The route's view behind its role."""

    @wraps(route.view)
    def view(**given: Any) -> ResponseReturnValue:
        if not allowed(route.role, visitor()):
            abort(403)
        return route.view(**given)

    return view


def visitor() -> Role:
    """The role of whoever asks."""
    role: Role = g.get("role", "anyone")
    return role


def allowed(needed: Role, has: Role) -> bool:
    """Whether somebody with the role `has` may see what needs `needed`."""
    if needed in ("anyone", "holder"):
        return True
    return ROLES.index(has) >= ROLES.index(needed)
