"""For whoever watches over the installation: ``/healthz``, and ``/metrics`` for Prometheus.

The figures name nobody, but say how the house fares: without TENDERS_METRICS_TOKEN they are for
this machine only, with it for whoever brings it.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging

import sqlalchemy as sa
from flask import Response, request

from crawler.jobs import metrics
from crawler.store import sources as source_states
from crawler.web.access import Route
from crawler.web.context import here, now

logger = logging.getLogger(__name__)

_AWAY = "the database does not answer\n"
_CLOSED = "the figures are read on this machine, or with TENDERS_METRICS_TOKEN\n"


def healthz() -> Response:
    """Whether the app and its database answer."""
    try:
        with here().engine.connect() as connection:
            source_states.states_of(connection)
    except sa.exc.SQLAlchemyError as error:
        return _away(error)
    return Response("ok\n", mimetype="text/plain")


def figures() -> Response:
    """The figures, as Prometheus reads them."""
    token = here().settings.metrics_token
    if token:
        # As bytes: what a stranger writes may be anything.
        brought = request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(brought, f"Bearer {token}".encode()):
            closed = Response(_CLOSED, status=401, mimetype="text/plain")
            closed.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
            return closed
    elif not _from_here():
        return Response(_CLOSED, status=403, mimetype="text/plain")
    try:
        text = metrics.exposition(here().engine, now())
    except sa.exc.SQLAlchemyError as error:
        return _away(error)
    return Response(text, content_type=metrics.CONTENT_TYPE)


def _from_here() -> bool:
    """Whether this machine itself asks: what a proxy passes on comes from anywhere."""
    if any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP")):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _away(error: sa.exc.SQLAlchemyError) -> Response:
    logger.error("the database does not answer: %s", type(error).__name__)
    return Response(_AWAY, status=503, mimetype="text/plain")


ROUTES = (
    Route(path="/healthz", name="healthz", view=healthz),
    Route(path="/metrics", name="metrics", view=figures),
)
