"""How a site is reached: https before http, and what a robots.txt that cannot be had means."""

from __future__ import annotations

import asyncio
import pathlib
from typing import Any

import pytest
from council_site import Answer, contacts_of, crawl_sites, page, serving
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response
from scrapy.utils.test import get_crawler
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.python.failure import Failure

from crawler.pages import PageRefused, SiteFailed
from crawler.sources.councils import bodies
from spiders.authorities import AuthoritySpider
from spiders.council_pages import CouncilPages
from spiders.moderngov import Moderngov
from spiders.robots import RobotsMiddleware, closes

GLOUCESTER, HULL = "E07000081", "E06000010"
ARTS = "<h2>Arts team</h2><p>arts@exampleshire.gov.uk</p>"
PLAIN = next(body.gss for body in bodies().values() if (body.website or "").startswith("http://"))
PLAIN_DEMOCRACY = next(
    body.gss
    for body in bodies().values()
    if (body.democracy or "").startswith("http://") and body.platform == "moderngov"
)


def first(spider: AuthoritySpider) -> Request:
    async def take() -> Any:
        return [one async for one in spider.start()]

    (request,) = asyncio.run(take())
    assert isinstance(request, Request)
    return request


def fails(spider: AuthoritySpider, request: Request) -> list[Any]:
    failure = Failure(Refused("no"))
    failure.request = request  # type: ignore[attr-defined]
    return list(spider.failed(failure))


@pytest.mark.parametrize(("kind", "gss"), [(CouncilPages, PLAIN), (Moderngov, PLAIN_DEMOCRACY)])
def test_https_is_asked_first_and_http_only_when_it_does_not_answer(
    kind: type[AuthoritySpider], gss: str
) -> None:
    spider = kind(only=gss)
    asked = first(spider)
    assert asked.url.startswith("https://")
    refused, again = fails(spider, asked)
    assert isinstance(refused, PageRefused)
    assert refused.reason.startswith("read by http instead: by https no answer (")
    assert again.url == asked.url.replace("https://", "http://", 1)
    visit = again.meta["visit"]
    assert visit.within(again.url)
    assert all(url.startswith("http://") for url in visit.queue)
    assert [type(one) for one in fails(spider, again)] == [PageRefused, SiteFailed]


def test_a_site_that_answers_by_https_with_nothing_to_read_is_read_by_http() -> None:
    spider = CouncilPages(only=PLAIN)
    visit = first(spider).meta["visit"]
    home = spider.ask(visit, visit.home, home=True)
    found = list(spider.parse(Response(home.url, status=404, request=home)))
    assert [type(one) for one in found] == [PageRefused, PageRefused, Request]
    assert found[-1].url.startswith("http://")


def test_a_mirror_and_a_site_with_https_are_read_where_they_are() -> None:
    mirror = CouncilPages(only=PLAIN, base_url="http://127.0.0.1:1")
    assert first(mirror).url.startswith("http://127.0.0.1:1/")
    known = (one for one in bodies().values() if (one.website or "").startswith("https://"))
    secure = CouncilPages(only=next(known).gss)
    request = first(secure)
    assert request.url.startswith("https://")
    assert [type(one) for one in fails(secure, request)] == [PageRefused, SiteFailed]


@pytest.mark.parametrize(
    ("status", "closed"),
    [(200, False), (404, False), (403, False), (429, True), (500, True), (503, True)],
)
def test_what_a_status_of_robots_means(status: int, closed: bool) -> None:
    assert closes(status) is closed


class Engine:
    """Answers every download with one response, or with an exception."""

    def __init__(self, answer: Response | Exception) -> None:
        self.answer = answer

    async def download_async(self, request: Request) -> Response:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


RULES = b"User-agent: *\nDisallow: /private/"


@pytest.mark.parametrize(
    ("answer", "site", "portal"),
    [
        (Response("https://x.gov.uk/robots.txt", body=RULES), "private", "private"),
        (Response("https://x.gov.uk/robots.txt", status=404, body=RULES), "", "private"),
        (Response("https://x.gov.uk/robots.txt", status=503), "all", ""),
        (Response("https://x.gov.uk/robots.txt", status=429), "all", ""),
        (Refused("no"), "all", ""),
    ],
)
def test_robots_that_cannot_be_had_closes_an_authoritys_site(
    answer: Response | Exception, site: str, portal: str
) -> None:
    for meta, closed in (({"turn": HULL}, site), ({}, portal)):
        crawler = get_crawler(settings_dict={"ROBOTSTXT_OBEY": True, "USER_AGENT": "arts"})
        crawler.engine = Engine(answer)  # type: ignore[assignment]
        middleware = RobotsMiddleware(crawler)
        for path in ("private/a", "open"):
            request = Request(f"https://x.gov.uk/{path}", meta=dict(meta))
            shut = closed == "all" or (closed == "private" and path == "private/a")
            if shut:
                with pytest.raises(IgnoreRequest, match=r"robots\.txt"):
                    asyncio.run(middleware.process_request(request))
            else:
                asyncio.run(middleware.process_request(request))


def test_a_council_whose_robots_fails_is_named_and_not_read(tmp_path: pathlib.Path) -> None:
    closed = {
        "/robots.txt": Answer(status=503, body=b"down"),
        "/": page("Home", ARTS.replace("arts@", "never@")),
    }
    opened = {"/": page("Home", ARTS)}
    with serving(closed) as down, serving(opened) as up:
        counts, log = crawl_sites(tmp_path, {HULL: down.url, GLOUCESTER: up.url})
        assert "/" not in down.log
    assert counts["verdict"] == "partial"
    assert "robots.txt answers with status 503" in log
    assert [one["email"] for one in contacts_of(tmp_path)] == ["arts@exampleshire.gov.uk"]


def test_a_page_is_still_a_page() -> None:
    spider = CouncilPages(only=GLOUCESTER)
    visit = first(spider).meta["visit"]
    home = spider.ask(visit, visit.home, home=True)
    body = page("Home", ARTS).body
    response = HtmlResponse(home.url, body=body, encoding="utf-8", request=home)
    found = list(spider.parse(response))
    assert [type(one).__name__ for one in found] == ["PageRead", "SiteRead"]
