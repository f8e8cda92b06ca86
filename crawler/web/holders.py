"""Whoever opens a signed link: whose it is, and what their pages share."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from flask import abort, request

from crawler.store import subscribers
from crawler.store.subscribers import Subscriber
from crawler.tokens import Purpose, TokenExpired, TokenForged
from crawler.web.context import here


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody known by a link of ours, and the words that the link carries."""

    person: Subscriber
    words: tuple[str, ...]


def holder(connection: sa.Connection, purpose: Purpose, token: str) -> Holder:
    """Whose `token` this is; a 410 for one that has run out, a 404 for one that is not ours."""
    try:
        ticket = here().addresses.tokens.read(purpose, token)
    except TokenExpired:
        abort(410)
    except TokenForged:
        abort(404)
    person = subscribers.by_handle(connection, ticket.handle)
    if person is None:
        abort(404)
    return Holder(person, ticket.words)


def known(purpose: Purpose, token: str) -> Holder:
    """The same, on a connection of its own."""
    with here().engine.connect() as connection:
        return holder(connection, purpose, token)


def network() -> str | None:
    """The address that the request came from; what is kept of it is the network alone."""
    return request.remote_addr
