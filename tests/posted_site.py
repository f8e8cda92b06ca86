"""A website that posts opportunities, for tests: on loopback, with a row of the registry for it."""

from __future__ import annotations

import asyncio
import json
import pathlib
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from crawling import environment, run
from pytest_httpserver import HTTPServer
from scrapy import Request
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

PUBLISHED = "https://board.example"
FEED_ROW = """
[town-board]
name = "Town board"
publisher = "A town"
platform = "feed"
base_url = "https://board.example/feed/"
buyer = "Calderdale Council"
terms = "We wrote this site ourselves"
use = "use"
"""
LISTING_ROW = """
[town-list]
name = "Town list"
publisher = "A town"
platform = "listing"
base_url = "https://board.example/opportunities/"
place = "Scotland"
terms = "We wrote this site ourselves"
use = "use"
page = { links = "ul.open li", title = "h1.call", body = "div.call" }
"""


def feed(items: Iterable[str], version: str = "2.0") -> bytes:
    """An RSS feed of these items."""
    inner = "".join(f"<item>{item}</item>" for item in items)
    text = f'<?xml version="1.0" encoding="utf-8"?><rss version="{version}"><channel>{inner}'
    return (text + "</channel></rss>").encode()


def item(number: int, **fields: str) -> str:
    """One item of a feed."""
    said = {
        "title": f"Muralist wanted for hall number {number}",
        "link": f"/calls/{number}?utm_source=feed",
        "description": "An artist is wanted. Deadline: 5 March 2027, 5pm. Budget: £12,000.",
        "pubDate": "Mon, 02 Nov 2026 09:00:00 GMT",
        **fields,
    }
    return "".join(f"<{name}>{words}</{name}>" for name, words in said.items() if words)


def web_page(body: str) -> bytes:
    return f"<!doctype html><html><head><title>x</title></head><body>{body}</body></html>".encode()


def serve(site: HTTPServer, path: str, body: bytes, kind: str = "text/html", **more: Any) -> None:
    """Answers `path`; robots.txt is always there."""
    site.expect_request("/robots.txt").respond_with_data("User-agent: *\nAllow: /\n")
    site.expect_request(path).respond_with_data(body, content_type=kind, **more)


def asked(site: HTTPServer) -> list[str]:
    """The paths that were asked for, robots.txt left out."""
    return [request.path for request, _ in site.log if request.path != "/robots.txt"]


def crawl_posted(
    home: pathlib.Path, key: str, url: str, *options: str
) -> tuple[dict[str, Any], str]:
    """Crawls one source from its mirror: its summary, and the log."""
    command = [sys.executable, "-m", "crawler.cli", "crawl", key, "--json"]
    command += ["--base-url", f"{key}={url}", "--pace", f"{key}=200/1", *options]
    done = run(command, environment(home))
    assert done.stdout, done.stderr
    return json.loads(done.stdout.splitlines()[-1])[key], done.stderr


def drive(spider: Any, pages: Mapping[str, bytes], kind: str = "text/html") -> list[Any]:
    """What a spider yields when the addresses answer these bodies (others 404); no network."""

    async def first() -> list[Request]:
        return [request async for request in spider.start()]

    waiting, items = asyncio.run(first()), []
    while waiting:
        request = waiting.pop(0)
        made = HtmlResponse if kind == "text/html" else TextResponse
        body = pages.get(request.url)
        if body is None:
            missing = Response(request.url, status=404, request=request)
            failure = Failure(HttpError(missing, "ignored"))
            failure.request = request  # type: ignore[attr-defined]
            found = spider.failed(failure)
        else:
            headers = {"Content-Type": kind, "ETag": '"1"'}
            found = request.callback(made(request.url, headers=headers, body=body, request=request))
        for one in found:
            (waiting if isinstance(one, Request) else items).append(one)
    return items
