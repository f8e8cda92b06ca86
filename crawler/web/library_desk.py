"""Staff and the library: add a resource, correct one, retire it or bring it back."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from crawler.digest import wording
from crawler.errors import UsageError
from crawler.jobs import library
from crawler.library import Resource
from crawler.partners import shelf
from crawler.store import database, resources
from crawler.store.resources import Kept
from crawler.web.access import Route, me
from crawler.web.context import here, now
from crawler.web.resources import ART_FORMS, KINDS, NATIONS, OUTCOMES, trouble

_LONGEST = 600
_MANY = ("outcomes", "art_forms")


def page() -> str:
    """Everything that the library holds; what needs a person comes first."""
    with here().engine.connect() as connection:
        kept = resources.everything(connection, retired=True)
    dead = [one for one in kept if not one.retired_at and _dead(one)]
    shown = [one for one in kept if not one.retired_at and not _dead(one)]
    return render_template(
        "staff_resources.html",
        shelves=(
            ("dead", "Links that do not answer", dead),
            ("shown", "In the library", shown),
            ("retired", "Retired", [one for one in kept if one.retired_at]),
        ),
        kinds=KINDS,
        nations=NATIONS,
    )


def _dead(one: Kept) -> bool:
    return one.link is not None and one.link.state == "dead"


def new() -> Response:
    """The empty form."""
    return _form({"nation": "UK"}, {}, None)


def edit(key: str) -> Response:
    """The form of one resource."""
    kept = _found(key)
    return _form(shelf.cells(kept.resource), {}, kept)


def _form(filled: Mapping[str, str], problems: Mapping[str, str], kept: Kept | None) -> Response:
    made = render_template(
        "staff_resource.html",
        filled=filled,
        chosen={name: filled.get(name, "").split(";") for name in _MANY},
        problems={name: _as_labelled(name, words) for name, words in problems.items()},
        kept=kept,
        trouble=trouble(kept) if kept else "",
        kinds=KINDS,
        nations=NATIONS,
        choices={"outcomes": OUTCOMES, "art_forms": ART_FORMS},
    )
    return Response(made, mimetype="text/html")


def _as_labelled(name: str, words: str) -> str:
    """What is wrong with a cell, by the name that the form gives it."""
    label = _LABELS.get(name, wording.sentence(name.replace("_", " ")))
    return label + words.removeprefix(name) if words.startswith(f"{name} ") else words


def _found(key: str) -> Kept:
    with here().engine.connect() as connection:
        kept = resources.get(connection, key[:60])
    if kept is None:
        abort(404)
    return kept


def _cells() -> dict[str, str]:
    """What the form says, as cells of a list."""
    said = {name: request.form.get(name, "")[:_LONGEST] for name in shelf.COLUMNS}
    for name in _MANY:
        said[name] = ";".join(request.form.getlist(name))[:_LONGEST]
    said["confirmed"] = "yes" if request.form.get("confirmed") else "no"
    return said


def add() -> Response | AnyResponse:
    """Adds what the form says."""
    said = _cells()
    try:
        made = shelf.resource(said)
        with database.writing(here().engine, alone=False) as connection:
            library.add(connection, made, me().name, now())
    except shelf.Unfit as error:
        return _form(said, error.problems, None)
    except UsageError as error:
        return _form(said, {"key": str(error)}, None)
    return _done(made, "It is in the library.")


def act(key: str) -> Response | AnyResponse:
    """Changes a resource, retires it or brings it back."""
    kept, deed, who = _found(key), request.form.get("do", ""), me().name
    if deed not in ("change", "retire", "back"):
        abort(400)
    said = _cells() | {"key": key} if deed == "change" else {}
    try:
        made = shelf.resource(said) if deed == "change" else kept.resource
    except shelf.Unfit as error:
        return _form(said, error.problems, kept)
    with database.writing(here().engine, alone=False) as connection:
        if deed == "change":
            words = _CHANGED[library.change(connection, made, who, now())]
        elif deed == "retire":
            why = wording.plain(request.form.get("why", ""), 200)
            library.retire(connection, key, who, now(), why)
            words = "Retired: nobody is shown it any more."
        else:
            library.bring_back(connection, key, who, now())
            words = "It is back in the library."
    return _done(made, words)


_LABELS = {
    "key": "Short name",
    "url": "Address",
    "kind": "What it is",
    "nation": "For which nation",
}
_CHANGED = {
    True: "Changed. The library that ships leaves it alone from now on.",
    False: "Nothing was different, so nothing was changed.",
}


def _done(made: Resource, words: str) -> AnyResponse:
    # The opportunity pages of this process show it at once, others within a minute.
    here().remembered.pop("library", None)
    flash(f"{wording.plain(made.title, 80)}: {words}")
    return redirect("/staff/resources", 303)


ROUTES = (
    Route(path="/staff/resources", name="staff_resources", view=page, role="staff"),
    Route(path="/staff/resources/new", name="staff_resource_new", view=new, role="staff"),
    Route(
        path="/staff/resources/new",
        name="staff_resource_add",
        view=add,
        methods=("POST",),
        role="staff",
    ),
    Route(path="/staff/resources/of/<key>", name="staff_resource", view=edit, role="staff"),
    Route(
        path="/staff/resources/of/<key>",
        name="staff_resource_act",
        view=act,
        methods=("POST",),
        role="staff",
    ),
)
