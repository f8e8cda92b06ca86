"""A council's website for tests: pages in a dictionary, on loopback, every request logged."""

from __future__ import annotations

import json
import pathlib
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from crawling import environment, run


@dataclass
class Answer:
    """What one address answers; `body` may be repeated `times`."""

    body: bytes = b""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    location: str | None = None
    times: int = 1


@dataclass
class Site:
    """The site: `pages` by path (``*`` for any other), and the paths asked for, in order."""

    pages: dict[str, Answer]
    url: str = ""
    log: list[str] = field(default_factory=list)


def page(title: str, body: str, charset: str = "utf-8") -> Answer:
    """A small page under a heading."""
    head = f"<html><head><title>{title}</title></head>"
    html = f"{head}<body><main><h1>{title}</h1>{body}</main></body></html>"
    return Answer(body=html.encode(charset), kind=f"text/html; charset={charset}")


def links(*paths: str) -> str:
    """Links to `paths`, each named for its path."""
    return "".join(f'<a href="{path}">{path.strip("/")}</a> ' for path in paths)


@contextmanager
def serving(pages: Mapping[str, Answer]) -> Iterator[Site]:
    """Serves `pages` while the block lasts."""
    site = Site(pages=dict(pages))

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            site.log.append(self.path)
            missing = Answer(status=404, body=b"<html>none</html>")
            answer = site.pages.get(self.path) or site.pages.get("*", missing)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            if answer.location:
                self.send_header("Location", answer.location)
            if answer.times == 1:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            try:
                for _ in range(answer.times):
                    self.wfile.write(answer.body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def crawl_sites(home: pathlib.Path, mirrors: Mapping[str, str], *options: str) -> tuple[Any, str]:
    """Crawls the councils with these GSS codes from these addresses: summary and log."""
    command = [sys.executable, "-m", "crawler.cli", "crawl", "councils", "--json", *options]
    for gss, url in mirrors.items():
        command += ["--only", gss, "--base-url", f"{gss}={url}"]
    if "--pace" not in options:
        command += ["--pace", "councils=200/1"]
    done = run(command, environment(home))
    return json.loads(done.stdout.splitlines()[-1])["councils"], done.stderr


def contacts_of(home: pathlib.Path, *options: str) -> list[dict[str, Any]]:
    """What ``tenders contacts list --json`` writes."""
    command = [sys.executable, "-m", "crawler.cli", "contacts", "list", "--json", *options]
    done = run(command, environment(home))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
