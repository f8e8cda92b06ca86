"""Staff and the sources: how each is, read it now, leave it alone, the log of runs."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from crawler.digest import wording
from crawler.jobs import overseeing
from crawler.store import audit, database, requests
from crawler.web.access import Route, me
from crawler.web.context import here, now
from crawler.web.sparkline import sparkline

PAGE = 50


def page() -> str:
    """Every enabled source."""
    web = here()
    with web.engine.connect() as connection:
        found = overseeing.sources(connection, web.timetable(now()), now())
        scheduled = overseeing.scheduled(connection, now())
    return render_template(
        "staff_sources.html", sources=found, scheduled=scheduled, sparkline=sparkline
    )


def act(key: str) -> Response:
    """Asks for a source to be read now, pauses it or goes on with it."""
    if not overseeing.known(key):
        abort(404)
    deed = request.form.get("do", "")
    why = wording.plain(request.form.get("why", ""), 200)
    with database.writing(here().engine) as connection:
        who, at = me().name, now()
        if deed == "run":
            done, what = requests.ask(connection, key, who, at), "asked for a crawl"
        elif deed == "pause":
            done, what = requests.pause(connection, key, who, why, at), "paused a source"
        elif deed == "resume":
            done, what = requests.resume(connection, key), "resumed a source"
        else:
            abort(400)
        if done:
            audit.record(connection, who=who, what=what, about=key, at=at, detail=why)
        waits = deed == "run" and not overseeing.scheduled(connection, at)
    said = _SAID[deed] if done else _SAID_ALREADY[deed]
    flash(f"{said} {_NOBODY}" if waits else said)
    return redirect(f"/staff#{key}", 303)


_SAID = {
    "run": "Noted. Once the scheduler has taken it up, this page says how it went.",
    "pause": "Paused: it is left out when everything is read, until somebody resumes it.",
    "resume": "Resumed: it is read again when its time comes.",
}
_NOBODY = "No scheduler is running: it will be taken up once `tenders schedule` runs."
_SAID_ALREADY = {
    "run": "It has been asked for already, and waits to be taken up or is being read.",
    "pause": "It is paused already.",
    "resume": "It was not paused.",
}


def runs() -> str:
    """The log of runs."""
    source = request.args.get("source", "").replace("\0", "")[:40]
    with here().engine.connect() as connection:
        found = requests.log(connection, PAGE + 1, before=before(), source=source)
    return render_template(
        "staff_runs.html",
        runs=found[:PAGE],
        further=found[PAGE - 1].id if len(found) > PAGE else None,
        source=source,
    )


def before() -> int | None:
    """The number below which a page of a log begins, None for its first page."""
    text = request.args.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


ROUTES = (
    Route(path="/staff", name="staff", view=page, role="staff"),
    Route(
        path="/staff/sources/<key>", name="staff_source", view=act, methods=("POST",), role="staff"
    ),
    Route(path="/staff/runs", name="staff_runs", view=runs, role="staff"),
)
