"""Staff and the classifier: the model in force and its figures, training it, going back."""

from __future__ import annotations

from typing import get_args

from flask import abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from crawler.jobs import teaching
from crawler.store import deciding, requests
from crawler.store.requests import Job
from crawler.web import figures
from crawler.web.access import Route, me
from crawler.web.context import here, now

_ASKED = 10


def page() -> str:
    """The model, what it has learnt from, and how the last jobs went."""
    web = here()
    with web.engine.connect() as connection:
        asked = requests.jobs(connection, _ASKED)
        notices, decisions = deciding.reviewed(connection)
    under_way = [one for one in asked if one.waits and one.at > now() - teaching.PATIENCE]
    return render_template(
        "staff_classifier.html",
        standing=teaching.standing(web.settings.model),
        asked=asked,
        under_way=under_way,
        notices=notices,
        decisions=decisions,
        figures=figures,
    )


def act() -> Response:
    """Begins training or going back; the page does not wait for it."""
    job = next((job for job in get_args(Job) if job == request.form.get("do")), None)
    if job is None:
        abort(400)
    web = here()
    begun = teaching.ask(web.settings, web.engine, job, by=me().name, now=now())
    flash(
        "Begun. It takes a minute or two; look at this page again then."
        if begun
        else "One is under way already: wait until it has ended."
    )
    return redirect("/staff/classifier", 303)


ROUTES = (
    Route(path="/staff/classifier", name="staff_classifier", view=page, role="staff"),
    Route(
        path="/staff/classifier",
        name="staff_classifier_act",
        view=act,
        methods=("POST",),
        role="staff",
        limit="20 per hour",
    ),
)
