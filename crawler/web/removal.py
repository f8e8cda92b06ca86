"""Removing somebody's details: the form, and the page that the link in their mail leads to."""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from crawler.errors import UsageError
from crawler.jobs import removal
from crawler.mailboxes import address
from crawler.web.access import Route
from crawler.web.context import Web, here, now

log = logging.getLogger(__name__)


def form() -> str:
    """The form."""
    return render_template("removal.html", problems={}, email="", words="", step="form")


def ask() -> str | AnyResponse:
    """Takes a request; the answer is the same whatever is kept."""
    email = request.form.get("email", "")[:300].strip()
    words = request.form.get("words", "")[: removal.LONGEST]
    problems = _problems(email, words)
    if problems:
        return render_template(
            "removal.html", problems=problems, email=email, words=words, step="form"
        )
    removal.ask(here().settings, here().engine, email=email, words=words, now=now())
    return redirect("/remove-my-details/asked", 303)


def _problems(email: str, words: str) -> dict[str, str]:
    if not email and not words.strip():
        return {"email": "Write the address to remove, or tell us below what it is about."}
    if email:
        try:
            address(email)
        except UsageError:
            return {"email": "Write the address in full, like name@example.org."}
    return {}


def asked() -> str:
    """What happens now."""
    return render_template("removal.html", problems={}, email="", words="", step="asked")


def look(token: str) -> Response:
    """The page with the button. Opening it changes nothing."""
    email = removal.owner(here().settings, here().engine, token, now())
    page = render_template(
        "removal.html",
        problems={},
        email=email or "",
        words="",
        step="confirm" if email else "unknown",
    )
    return Response(page, status=200 if email else 404, mimetype="text/html")


def confirm(token: str) -> str | Response:
    """Forgets the address. Going through old notices takes a while, and goes on by itself."""
    web, at = here(), now()
    email = removal.owner(web.settings, web.engine, token, at)
    if email is None:
        return look(token)
    worker = threading.Thread(target=_forget, args=(web, email, at), name="forgetting")
    worker.start()
    worker.join(timeout=5)
    return render_template("removal.html", problems={}, email="", words="", step="done")


def _forget(web: Web, email: str, at: datetime) -> None:
    """The job boundary: what goes wrong is recorded, and staff can forget again by command."""
    try:
        removal.forget(web.settings, web.engine, email, at)
    except Exception as error:
        log.error(
            "forgetting an address failed (%s): run `tenders contacts forget` for it",
            type(error).__name__,
        )


ROUTES = (
    Route(path="/remove-my-details", name="removal", view=form),
    Route(
        path="/remove-my-details",
        name="removal_send",
        view=ask,
        methods=("POST",),
        limit="10 per hour",
    ),
    Route(path="/remove-my-details/asked", name="removal_asked", view=asked),
    Route(path="/remove-my-details/<token>", name="removal_look", view=look, role="holder"),
    Route(
        path="/remove-my-details/<token>",
        name="removal_confirm",
        view=confirm,
        methods=("POST",),
        role="holder",
    ),
)
