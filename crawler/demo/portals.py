"""A replay server for the sample notices: the four portals' interfaces, on loopback alone.

Last step of the sample world. Each portal lies under its source key, so a spider needs only another
base URL::

    with SamplePortals(now=now) as portals:
        crawl("find-a-tender", base_url=portals.base_url("find-a-tender"))
        portals.publish_later()

What the portals say on a wrong request they say here too; limits and faults are not replayed.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from crawler.demo.notices import (
    CONTRACTS_FINDER,
    FIND_A_TENDER,
    PROACTIS,
    SOURCES,
    sample_notices,
)
from crawler.demo.publication import first_publication, later_publications, stamp_utc
from crawler.demo.shelf import Served, of_month, published_between, served

# Path, and the parameters that bound the time of publication.
_SEARCHES = {
    FIND_A_TENDER: ("api/1.0/ocdsReleasePackages", "updatedFrom", "updatedTo"),
    CONTRACTS_FINDER: ("Published/Notices/OCDS/Search", "publishedFrom", "publishedTo"),
}
_LICENCE = "http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"
_MOST_A_PAGE = 100


class SamplePortals:
    """The four sample portals, served from entering the context until leaving it.

    The same `now` gives the same bytes, but for the port in links. Until `publish_later` only each
    process's first release is served.
    """

    def __init__(self, *, now: datetime) -> None:
        """Takes an aware `now`, from which every date of the sample notices counts."""
        if now.tzinfo is None:
            raise ValueError("SamplePortals needs an aware time; give now a timezone such as UTC")
        self._now = now
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._first = [served(first_publication(notice, now)) for notice in sample_notices()]

    def __enter__(self) -> Self:
        self._server = _Server(self._now, self._first)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server and self._thread:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
        self._server = self._thread = None

    def base_url(self, source: str) -> str:
        """The address under which a portal, named by its source key, is served."""
        if source not in SOURCES:
            raise KeyError(f"no sample portal {source!r}; there are {', '.join(SOURCES)}")
        return f"http://127.0.0.1:{self._running().server_address[1]}/{source}"

    def publish_later(self, at: datetime | None = None) -> int:
        """Also serves the later releases from here on, dated `at` (default: now); gives how many.

        Days in them still count from the demo's `now`. Calling it again changes only their dates.
        """
        moment = at or self._now
        later = [
            served(publication)
            for notice in sample_notices()
            for publication in later_publications(notice, self._now, moment)
        ]
        self._running().publish(self._first + later)
        return len(later)

    def _running(self) -> _Server:
        if self._server is None:
            raise RuntimeError("the sample portals are not being served; enter the context first")
        return self._server


class _Server(ThreadingHTTPServer):
    """Listens on a free port of 127.0.0.1; what it serves is replaced as a whole."""

    daemon_threads = True

    def __init__(self, now: datetime, releases: Sequence[Served]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.now = now
        self.releases: Mapping[str, Sequence[Served]] = {}
        self.publish(releases)

    def publish(self, releases: Sequence[Served]) -> None:
        """Serves these releases from the next request on, each portal's newest first."""
        newest_first = sorted(releases, key=lambda one: one.date, reverse=True)
        self.releases = {
            source: tuple(one for one in newest_first if one.source == source) for source in SOURCES
        }

    def handle_error(self, request: object, client_address: object) -> None:
        """Keeps quiet about a client that went away, as a crawl that is stopped does."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "sample-portals"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing: the spiders keep their own account."""

    def do_GET(self) -> None:
        """Answers as the portal under this path would."""
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        source, _, rest = parts.path.lstrip("/").partition("/")
        if source not in SOURCES:
            self._send(404, "<html><body><h1>404</h1></body></html>", "text/html")
        elif rest == "robots.txt":
            self._send(200, "User-agent: *\nDisallow: /admin\n", "text/plain")
        else:
            try:
                body = self._answer(source, rest, query)
            except (ValueError, KeyError) as error:
                self._send(400, json.dumps({"error": str(error)}))
            else:
                self._send(*((200, body) if body else (404, '{"message": "Not found"}')))

    def _send(self, status: int, body: str, kind: str = "application/json") -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _answer(self, source: str, rest: str, query: Mapping[str, str]) -> str | None:
        """The package asked for, or None where this portal has no such path."""
        releases = self.server.releases[source]
        if source in PROACTIS:
            if rest != "v1/Notices":
                return None
            return self._package(source, of_month(releases, query))
        path, since, until = _SEARCHES[source]
        if rest != path:
            return None
        found = published_between(releases, query.get(since), query.get(until), query.get("stages"))
        start, limit = _start(query.get("cursor")), int(query.get("limit", _MOST_A_PAGE))
        if not 1 <= limit <= _MOST_A_PAGE:
            raise ValueError(f"limit: 1 to {_MOST_A_PAGE}")
        links = {}
        if start + limit < len(found):
            onward = urlencode({**query, "cursor": _cursor(start + limit)})
            links = {"next": f"{self._origin()}/{source}/{path}?{onward}"}
        return self._package(source, found[start : start + limit], links=links)

    def _package(self, source: str, chosen: Sequence[Served], **more: Any) -> str:
        head = {
            "uri": f"{self._origin()}{self.path}",
            "version": "1.1",
            "publishedDate": stamp_utc(self.server.now),
            "publisher": {"name": source},
            "license": _LICENCE,
            **more,
        }
        releases = ", ".join(one.text for one in chosen)
        return f'{json.dumps(head)[:-1]}, "releases": [{releases}]}}'

    def _origin(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode()


def _start(cursor: str | None) -> int:
    if cursor is None:
        return 0
    return int(base64.urlsafe_b64decode(cursor.encode()).decode().removeprefix("at:"))
