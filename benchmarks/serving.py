"""The HTTP part of ``benchmarks/web.py``: the app on waitress, asked over one kept connection.

Beside it stands a route of the same server that says "hello" and nothing else.
"""

from __future__ import annotations

import http.client
import pathlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
import waitress
from seeding import NOW

from crawler.bands import SHOWN_AS
from crawler.config import Settings
from crawler.web import create_app

_NAMES = {
    "regions": "region", "authorities": "authority", "art_forms": "art_form",
    "outcomes": "outcome", "stages": "stage", "buyer_kinds": "buyer_kind", "sources": "source",
    "value_min": "min", "value_max": "max", "closing_within": "closing",
}  # fmt: skip
PER_PAGE = 20


def address(asked: Mapping[str, Any], sort: str, offset: int) -> str:
    """The page on which a person sees the search."""
    pairs: list[tuple[str, str]] = [("sort", sort)]
    for field, value in asked.items():
        # No choice of relevance means the usual ones: all are named for "whatever".
        values = SHOWN_AS if field == "relevance" and not value else value
        several = not isinstance(values, str) and isinstance(values, Iterable)
        name = _NAMES.get(field, field)
        pairs += [(name, str(one)) for one in (values if several else [values])]
    if "status" not in asked:
        pairs.append(("status", "any"))
    if offset:
        pairs.append(("page", str(offset // PER_PAGE + 1)))
    return f"/opportunities?{urlencode(pairs)}"


@contextmanager
def served(engine: sa.Engine, home: pathlib.Path) -> Iterator[Callable[[str], bytes]]:
    """A function that asks the running app for an address and gives the body of its 200."""
    settings = Settings(home=home, secret_key="b" * 40, rate_limit=10_000_000)
    app = create_app(settings, engine, clock=lambda: NOW)
    app.add_url_rule("/hello", "hello", lambda: "hello")
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=4, ident=None)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.effective_port)

    def ask(path: str) -> bytes:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (answer.status, path)
        return body

    try:
        yield ask
    finally:
        connection.close()
        server.task_dispatcher.shutdown()
        server.close()
        thread.join(5)
