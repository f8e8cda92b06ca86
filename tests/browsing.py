"""A served web app, for tests in a browser."""

from __future__ import annotations

import pathlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
import web_app
from web_app import NOW
from werkzeug.serving import BaseWSGIServer, make_server

from crawler.config import Settings
from crawler.jobs import library
from crawler.store import database
from crawler.web import create_app


@contextmanager
def served(home: pathlib.Path, **options: Any) -> Iterator[tuple[Settings, sa.Engine]]:
    """The app on sample notices, under its settings' `base_url`; `options` go to the factory."""
    engine = database.engine(f"sqlite:///{home / 'site.sqlite'}")
    web_app.fill(engine)
    library.refresh(engine, NOW)
    server: BaseWSGIServer = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    base = f"http://127.0.0.1:{server.server_port}"
    settings = web_app.settings(home, base_url=base, rate_limit=1_000_000)
    server.app = create_app(settings, engine, clock=lambda: NOW, **options)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield settings, engine
    server.shutdown()
    server.server_close()
    thread.join()
    engine.dispose()
