"""What people see when something cannot be done: what happened and what to do; never a trace."""

from __future__ import annotations

import logging
import secrets
import traceback
from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, Response, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from crawler.errors import StoreError, UsageError
from crawler.web.access import RoleTooLow

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Words:
    """A heading, and what to do next."""

    heading: str
    advice: str


RESULTS = Words(
    "There is no such page of results",
    "The results may have become fewer since you were given this address.",
)
"""For an address beyond the last page of a search."""


def no_page(first: str, words: Words = RESULTS, *, text: str = "") -> Response:
    """The 404 for a page beyond the last one; `first` leads to the first, of results for `text`."""
    made = render_template("no_page.html", words=words, first=first, text=text)
    return Response(made, status=404, mimetype="text/html")


WORDS = {
    400: Words(
        "We could not read that request",
        "Something in the address or the form was not as we expected."
        " Please go back and try again.",
    ),
    403: Words(
        "You cannot do that from here",
        "This page is for people who are signed in, or the request came from another site."
        " Please open the page on this site and try again.",
    ),
    404: Words(
        "We cannot find that page",
        "The address may have been cut off or mistyped, or the page may have moved."
        " Search for what you were looking for, or start from the home page.",
    ),
    405: Words(
        "That does not work this way",
        "The address is right, but it cannot be used like this. Please go back and try again.",
    ),
    409: Words(
        "Somebody else was quicker",
        "What you were changing has changed in the meantime. Please look at it again first.",
    ),
    410: Words(
        "This link has run out",
        "Links in our mails work for a while only. The newest mail from us has a fresh one.",
    ),
    413: Words(
        "That was too much at once",
        "The form you sent is larger than we take. Please shorten it and try again.",
    ),
    414: Words(
        "That address is too long",
        "Please search for fewer words, or choose fewer filters at once.",
    ),
    429: Words(
        "Please slow down a little",
        "We have had a lot of requests from your network. Wait a minute, then try again.",
    ),
    500: Words(
        "Something went wrong on our side",
        "It was not your doing. Please try again in a few minutes.",
    ),
    503: Words(
        "We are not ready just now",
        "The database cannot be read at the moment. Please try again in a few minutes.",
    ),
}  # fmt: skip
STALE_FORM = Words(
    "That form had gone stale",
    "Forms work for half a day, and need the one cookie we set. Nothing was changed:"
    " please go back, reload the page and send it again.",
)


def configure(app: Flask) -> None:
    """Answers every error of one app in our own words."""
    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(UsageError, _unusable)
    app.register_error_handler(StoreError, _not_ready)
    app.register_error_handler(Exception, _broken)


def answer(
    status: int, words: Words | None = None, detail: str | None = None, reference: str | None = None
) -> Response:
    """A page that explains `status`; for the API the same as problem details (RFC 9457)."""
    known = words or WORDS.get(status) or Words(HTTPStatus(status).phrase, WORDS[400].advice)
    if wants_problem():
        return problem(status, known.heading, detail or known.advice, reference)
    page = render_template(
        "failure.html", status=status, words=known, detail=detail, reference=reference
    )
    return Response(page, status=status, mimetype="text/html")


def problem(
    status: int, title: str, detail: str, reference: str | None = None, **more: object
) -> Response:
    """Problem details as JSON."""
    told = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    if reference:
        told["reference"] = reference
    made = jsonify(told)
    made.status_code = status
    made.mimetype = "application/problem+json"
    return made


def wants_problem() -> bool:
    """Whether the request was the API's."""
    return request.path.startswith("/api/")


def _refused(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:  # a redirect that routing asks for
        made = error.get_response()
        assert isinstance(made, Response)
        return made
    words = None
    if isinstance(error, RoleTooLow):
        words = Words("That is not for your role", error.description or WORDS[403].advice)
    response = answer(status, words)
    made_headers = error.get_headers() if error.response is None else []
    for name, value in made_headers:
        if name.lower() in ("retry-after", "allow"):
            response.headers[name] = value
    return response


def _stale(error: CSRFError) -> Response:
    del error
    return answer(400, STALE_FORM)


def _unusable(error: UsageError) -> Response:
    return answer(400, detail=str(error))


def _not_ready(error: StoreError) -> Response:
    log.error("the database cannot be used: %s", error)
    return answer(503)


def _broken(error: Exception) -> Response:
    """Records where it broke, and not what was said: messages quote what people typed."""
    reference = secrets.token_hex(4)
    frames = traceback.extract_tb(error.__traceback__)
    # Not the lines themselves: what stands in them may be somebody's.
    where = "\n".join(f"  {one.filename}:{one.lineno} {one.name}" for one in frames)
    rule = request.url_rule.rule if request.url_rule else "no route"
    log.error(
        "%s at %s %s, reference %s\n%s",
        type(error).__name__,
        request.method,
        rule,
        reference,
        where,
    )
    return answer(500, reference=reference)
