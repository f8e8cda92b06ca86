"""Feeds and lists: what websites post becomes notices; what is no posting is no silence."""

from __future__ import annotations

import pathlib

import pytest
from crawling import environment, export
from posted_site import (
    FEED_ROW,
    LISTING_ROW,
    PUBLISHED,
    asked,
    crawl_posted,
    feed,
    item,
    serve,
    web_page,
)  # fmt: skip
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

KIND = "application/rss+xml"


@pytest.fixture
def home(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "sources.toml").write_text(FEED_ROW + LISTING_ROW)
    return tmp_path


def detail(title: str, text: str) -> bytes:
    return web_page(f'<h1 class="call">{title}</h1><div class="call">{text}</div>')


def listing(*hrefs: str, css: str = "open") -> bytes:
    rows = "".join(f'<li><a href="{href}">Call {href}</a> for artists</li>' for href in hrefs)
    return web_page(f'<ul class="{css}">{rows}</ul>')


def test_a_feed_becomes_notices_once(httpserver: HTTPServer, home: pathlib.Path) -> None:
    again = item(1, link="https://board.example/calls/1")
    serve(httpserver, "/feed/", feed([item(1), item(2, pubDate=""), again]), KIND)
    url = httpserver.url_for("/feed/")
    first, log = crawl_posted(home, "town-board", url)
    assert (first["verdict"], first["releases"], first["new"]) == ("ok", 2, 2), log
    second, _ = crawl_posted(home, "town-board", url)
    assert (second["same"], second["new"], second["changed"]) == (2, 0, 0)
    rows = sorted(export(environment(home)), key=lambda row: row["title"])
    assert [row["title"][-1] for row in rows] == ["1", "2"]
    row = rows[0]
    assert row["urls"] == [f"{PUBLISHED}/calls/1?utm_source=feed"]
    assert row["published"].startswith("2026-11-02T09:00")
    assert row["deadline"].startswith("2027-03-05T17:00")
    assert float(row["value_max"]) == 12000
    assert row["buyer"] == "Calderdale Council"
    assert (row["authority"], row["stage"], row["relevance"]) == ("E08000033", "tender", "arts")


def test_an_edited_item_is_a_change_of_the_same_opportunity(
    httpserver: HTTPServer, home: pathlib.Path
) -> None:
    url = httpserver.url_for("/feed/")
    serve(httpserver, "/feed/", feed([item(1)]), KIND)
    crawl_posted(home, "town-board", url)
    httpserver.clear()
    moved = "An artist is wanted. Deadline extended to 12 March 2027. Budget: £12,000."
    serve(httpserver, "/feed/", feed([item(1, description=moved)]), KIND)
    second, log = crawl_posted(home, "town-board", url)
    assert (second["new"], second["changed"]) == (0, 1), log
    (row,) = export(environment(home))
    assert row["deadline"].startswith("2027-03-12")
    assert row["version"] == 2


def test_what_has_not_changed_is_asked_for_conditionally(
    httpserver: HTTPServer, home: pathlib.Path
) -> None:
    def answer(request: Request) -> Response:
        if request.headers.get("If-None-Match") == '"one"':
            return Response(status=304)
        told = {"ETag": '"one"', "Last-Modified": "Mon, 02 Nov 2026 09:00:00 GMT"}
        return Response(feed([item(1)]), content_type=KIND, headers=told)

    httpserver.expect_request("/robots.txt").respond_with_data("")
    httpserver.expect_request("/feed/").respond_with_handler(answer)
    url = httpserver.url_for("/feed/")
    first, _ = crawl_posted(home, "town-board", url)
    second, log = crawl_posted(home, "town-board", url)
    third, _ = crawl_posted(home, "town-board", url)
    assert (first["verdict"], first["releases"]) == ("ok", 1)
    assert (second["verdict"], second["releases"]) == ("ok", 0), log
    assert third == second, "what was told once is remembered after a 304 too"
    last = httpserver.log[-1][0].headers
    assert last["If-Modified-Since"] == "Mon, 02 Nov 2026 09:00:00 GMT"
    (home / "sources.toml").write_text(FEED_ROW.replace("Calderdale", "Kirklees"))
    other, _ = crawl_posted(home, "town-board", url)
    assert (other["releases"], other["changed"]) == (1, 1), "the row says something else now"


def test_a_list_is_read_item_by_item(httpserver: HTTPServer, home: pathlib.Path) -> None:
    hrefs = ("2.html", "/opportunities/2.html#how", "https://portal.example/77", "mailto:a@b.c")
    serve(httpserver, "/opportunities/", listing("1.html", *hrefs, "3.html", "4.html"))
    text = "<p>Craft workshops.</p><script>var x</script><p>Closing date: 12/01/2027, 12 noon</p>"
    for number in ("1", "2"):
        page = detail(f"Workshops in Leith {number}", text)
        serve(httpserver, f"/opportunities/{number}.html", page)
    private = {"Location": "http://10.0.0.1/opportunities/3.html"}
    serve(httpserver, "/opportunities/3.html", b"", status=302, headers=private)
    serve(httpserver, "/opportunities/4.html", b"gone", status=404)
    found, log = crawl_posted(home, "town-list", httpserver.url_for("/opportunities/"))
    assert (found["verdict"], found["releases"], found["dropped"]) == ("ok", 3, 2), log
    assert "3.html: http://10.0.0.1/opportunities/3.html: requests to private addresses" in log
    assert "4.html: status 404" in log
    assert asked(httpserver) == [
        f"/opportunities/{name}" for name in ("", "1.html", "2.html", "3.html", "4.html")
    ]
    rows = {row["title"]: row for row in export(environment(home))}
    one = rows["Workshops in Leith 1"]
    assert one["urls"] == [f"{PUBLISHED}/opportunities/1.html"]
    assert one["description"] == "Craft workshops.\n\nClosing date: 12/01/2027, 12 noon"
    assert one["deadline"].startswith("2027-01-12T12:00")
    assert one["regions"] == ["TLM"]
    away = rows["Call https://portal.example/77"]
    assert away["urls"] == ["https://portal.example/77"], "kept as the list names it, not read"


def test_a_web_page_then_a_flood_instead_of_the_feed_fail_and_cost_nothing(
    httpserver: HTTPServer, home: pathlib.Path
) -> None:
    url = httpserver.url_for("/feed/")
    serve(httpserver, "/feed/", feed([item(1)]), KIND)
    crawl_posted(home, "town-board", url)
    httpserver.clear()
    serve(httpserver, "/feed/", web_page("<h1>We moved</h1>"))
    found, log = crawl_posted(home, "town-board", url)
    assert (found["verdict"], found["releases"]) == ("failed", 0)
    assert "the answer is a web page, no feed" in log
    httpserver.clear()
    serve(httpserver, "/feed/", feed([item(1, description="x" * 50_000_000)]), KIND)
    found, log = crawl_posted(home, "town-board", url)
    assert (found["verdict"], found["releases"]) == ("failed", 0)
    assert len(log) < 5000
    assert len(export(environment(home))) == 1, "the last good reading is kept"


def test_robots_txt_is_obeyed_and_private_addresses_are_not_asked(
    httpserver: HTTPServer, home: pathlib.Path
) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("User-agent: *\nDisallow: /feed")
    httpserver.expect_request("/feed/").respond_with_data(feed([item(1)]))
    found, log = crawl_posted(home, "town-board", httpserver.url_for("/feed/"))
    assert found["verdict"] == "failed"
    assert "robots.txt" in log
    assert asked(httpserver) == []
    httpserver.clear()
    serve(httpserver, "/feed/", b"", status=301, headers={"Location": "http://192.168.0.1/feed"})
    found, log = crawl_posted(home, "town-board", httpserver.url_for("/feed/"))
    assert found["verdict"] == "failed"
    assert "private addresses" in log
