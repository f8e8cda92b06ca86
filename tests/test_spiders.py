"""Every spider loads, is documented and asks; windows have no gaps; odd answers are no silence."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from release_samples import release
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from crawler import settings
from crawler.errors import UsageError
from crawler.items import Batch, Window, WindowFailed, WindowRead
from crawler.sources import find, load
from spiders import ocds
from spiders.contracts_finder import ContractsFinder
from spiders.find_a_tender import FindATender
from spiders.ocds import OcdsSpider
from spiders.pacing import TRIES
from spiders.proactis import Proactis

LOADER = SpiderLoader.from_settings(Settings({"SPIDER_MODULES": settings.SPIDER_MODULES}))
NAMES = sorted(LOADER.list())
OCDS = [name for name in NAMES if issubclass(LOADER.load(name), OcdsSpider)]
HOST = "https://portal.example"


def spider(name: str, **arguments: str) -> Any:
    return LOADER.load(name)(**arguments)


def first_requests(one: OcdsSpider) -> list[Request]:
    async def ask() -> list[Request]:
        return [request async for request in one.start()]

    return asyncio.run(ask())


def test_every_platform_of_the_registry_has_its_spider() -> None:
    assert {source.platform for source in load().values()} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_spider_is_named_like_its_file_and_class_and_is_documented(name: str) -> None:
    made = LOADER.load(name)
    assert made.__module__ == f"spiders.{name}"
    assert made.__name__ == "".join(part.title() for part in name.split("_"))
    lines = [line.strip() for line in (made.__doc__ or "").splitlines() if line.strip()]
    for heading in ("Publisher", "Covers", "API", "Caveats"):
        assert heading in lines, heading
        assert lines[-1] not in ("Publisher", "Covers", "API", "Caveats")


@pytest.mark.parametrize("name", OCDS)
def test_every_spider_yields_a_first_request_to_each_of_its_sources(name: str) -> None:
    one = spider(name, since="7d")
    requests = first_requests(one)
    assert [request.meta["source"] for request in requests] == [row.key for row in one.sources]
    for row, request in zip(one.sources, requests, strict=True):
        assert request.url.startswith(row.base_url)
        assert request.dont_filter, "the same address may be asked again"


def test_find_a_tender_asks_six_hours_by_time_of_update() -> None:
    source = find(["find-a-tender"])[0]
    start = datetime(2026, 3, 31, 6, tzinfo=UTC)
    (url,) = FindATender().addresses(source, Window(start=start, end=start + timedelta(hours=6)))
    assert parse_qs(urlsplit(url).query) == {
        "updatedFrom": ["2026-03-31T06:00:00Z"],
        "updatedTo": ["2026-03-31T12:00:00Z"],
        "limit": ["100"],
    }


def test_contracts_finder_asks_by_time_of_publication() -> None:
    source = find(["contracts-finder"])[0]
    start = datetime(2026, 3, 31, tzinfo=UTC)
    (url,) = ContractsFinder().addresses(source, Window(start=start, end=start + timedelta(days=1)))
    query = parse_qs(urlsplit(url).query)
    assert query["publishedFrom"] == ["2026-03-31T00:00:00Z"]
    assert query["publishedTo"] == ["2026-04-01T00:00:00Z"]


@pytest.mark.parametrize("key", ["public-contracts-scotland", "sell2wales"])
def test_proactis_asks_every_notice_type_of_the_month(key: str) -> None:
    source = find([key])[0]
    start = datetime(2026, 3, 31, 6, tzinfo=UTC)
    queries = [
        parse_qs(urlsplit(url).query)
        for url in Proactis().addresses(source, Window(start=start, end=start + timedelta(days=1)))
    ]
    assert [int(query["noticeType"][0]) for query in queries] == list(source.notice_types)
    assert {query["dateFrom"][0] for query in queries} == {"03-2026"}
    assert all(("locale" in query) == (key == "sell2wales") for query in queries)


@pytest.mark.parametrize("name", OCDS)
@hypothesis.settings(deadline=None)
@given(back=st.integers(1, 24 * 400))
def test_windows_cover_everything_since_then_without_gaps(name: str, back: int) -> None:
    one = spider(name, since=f"{back // 24}d" if back % 2 else f"{min(back, 9999)}h")
    for source in one.sources:
        windows = list(one.windows(source))
        if not windows:
            assert one.first_moment(source) >= one.now
            continue
        assert windows[0].start == one.first_moment(source)
        assert windows[-1].end == one.now
        for before, after in itertools.pairwise(windows):
            assert before.end == after.start
        assert all(window.start < window.end for window in windows)
        if source.window:
            assert all(window.end - window.start <= source.window for window in windows)
    assert one.window_count() == sum(len(list(one.windows(row))) for row in one.sources)


def test_a_month_is_asked_once_even_over_the_turn_of_the_year() -> None:
    one = spider("proactis", source="sell2wales", start="2025-11-15T10:00:00+00:00")
    one.now = datetime(2026, 2, 3, 4, tzinfo=UTC)
    months = [f"{window.start:%Y-%m}" for window in one.windows(one.sources[0])]
    assert months == ["2025-11", "2025-12", "2026-01", "2026-02"]


def test_a_watermark_says_where_to_begin_and_since_beats_it() -> None:
    one = spider("find_a_tender", start="2026-03-01T00:00:00+00:00")
    assert one.first_moment(one.sources[0]) == datetime(2026, 3, 1, tzinfo=UTC)
    both = spider("find_a_tender", start="2026-03-01T00:00:00+00:00", since="1d")
    assert both.now - both.first_moment(both.sources[0]) == timedelta(days=1)
    neither = spider("find_a_tender")
    assert neither.now - neither.first_moment(neither.sources[0]) == neither.sources[0].first


def test_arguments_that_cannot_be_meant_are_refused() -> None:
    with pytest.raises(UsageError, match="not read by the spider 'find_a_tender'"):
        spider("find_a_tender", source="sell2wales")
    with pytest.raises(UsageError, match="did you mean"):
        spider("find_a_tender", source="find-a-tendr")
    with pytest.raises(UsageError, match="--pace"):
        spider("find_a_tender", pace="quick")


def test_another_pace_keeps_the_silence_that_a_portal_wants() -> None:
    one = spider("contracts_finder", pace="5/10")
    assert one.turns["contracts-finder"].pace.penalty == 300


def package(*releases: Any, following: Any = None) -> bytes:
    body: dict[str, Any] = {"releases": list(releases)}
    if following is not None:
        body["links"] = {"next": following}
    return json.dumps(body).encode()


class Talk:
    """One source read by hand: each answer is for the last request."""

    def __init__(self, name: str = "find_a_tender", **arguments: str) -> None:
        arguments = {"base_url": HOST, "since": "18h"} | arguments
        self.spider: OcdsSpider = spider(name, **arguments)
        (self.request, *_) = first_requests(self.spider)
        self.items: list[Any] = []

    def _take(self, found: Iterator[Any]) -> list[Any]:
        new = list(found)
        asked = [one for one in new if isinstance(one, Request)]
        self.items += [one for one in new if not isinstance(one, Request)]
        assert len(asked) <= 1, "one request at a time"
        self.done = not asked
        if asked:
            self.request = asked[0]
        return new

    def answer(self, body: bytes, kind: type[Response] = TextResponse) -> list[Any]:
        """A page with status 200."""
        response = kind(self.request.url, body=body, request=self.request)
        return self._take(self.spider.parse(response))

    def fail(self, error: Exception) -> list[Any]:
        """The request failed for good."""
        failure = Failure(error)
        failure.request = self.request  # type: ignore[attr-defined]
        return self._take(self.spider.failed(failure))

    def of(self, kind: type[Any]) -> list[Any]:
        """The items of one kind so far."""
        return [one for one in self.items if isinstance(one, kind)]


def test_a_window_is_read_page_by_page_to_its_end() -> None:
    talk = Talk()
    (window, *_) = talk.spider.windows(talk.spider.sources[0])
    talk.answer(package(release(1), release(2), following=f"{HOST}/page2"))
    assert talk.request.url == f"{HOST}/page2"
    assert talk.of(WindowRead) == []
    talk.answer(package(release(3)))
    assert [len(batch.releases) for batch in talk.of(Batch)] == [2, 1]
    assert talk.of(WindowRead) == [WindowRead(source="find-a-tender", window=window, releases=3)]
    assert parse_qs(urlsplit(talk.request.url).query)["updatedFrom"] != []


def test_all_windows_are_read_oldest_first_and_then_it_ends() -> None:
    talk = Talk()
    while True:
        talk.answer(package())
        if talk.done:
            break
    windows = [one.window for one in talk.of(WindowRead)]
    assert windows == list(talk.spider.windows(talk.spider.sources[0]))
    assert talk.of(WindowFailed) == []


def test_a_months_notice_types_are_one_window() -> None:
    talk = Talk("proactis", source="sell2wales", since="1h")
    kinds = len(talk.spider.sources[0].notice_types)
    for _ in range(kinds):
        assert talk.of(WindowRead) == []
        talk.answer(package(release(1)))
    assert talk.of(WindowRead)[0].releases == kinds


def test_large_answers_travel_in_batches_of_a_hundred() -> None:
    talk = Talk()
    talk.answer(package(*(release(at) for at in range(250))))
    assert [len(batch.releases) for batch in talk.of(Batch)] == [100, 100, 50]
    assert len({one.content_hash for batch in talk.of(Batch) for one in batch.releases}) == 250


@pytest.mark.parametrize("limit", [1, 3, 100, 101, 150])
def test_a_limit_stops_after_just_so_many_releases(limit: int) -> None:
    talk = Talk(limit=str(limit))
    while not getattr(talk, "done", False):
        talk.answer(package(*(release(at) for at in range(120))))
    assert sum(len(batch.releases) for batch in talk.of(Batch)) == limit


ODD = {
    "a page for people": b"<!doctype html><html><body>Scheduled maintenance</body></html>",
    "nothing": b"",
    "another JSON": b'{"message": "ok"}',
    "a list": b"[]",
    "half a package": b'{"releases": [{"ocid": "x"}, {"oc',
    "releases that are no list": b'{"releases": {"a": 1}}',
    "a next page elsewhere": package(release(1), following="https://elsewhere.example/page2"),
    "a next page without a host": package(release(1), following="/page2"),
}


@pytest.mark.parametrize("name", ODD)
def test_an_answer_that_is_no_ocds_is_retried_and_then_fails_its_window(name: str) -> None:
    talk = Talk()
    kind = HtmlResponse if name == "a page for people" else TextResponse
    (first, second, *_) = talk.spider.windows(talk.spider.sources[0])
    for attempt in range(1, TRIES):
        asked = talk.request.url
        talk.answer(ODD[name], kind)
        assert talk.request.url == asked
        assert talk.request.meta["tries"] == attempt
        assert talk.items == [], "never zero items, never read"
    talk.answer(ODD[name], kind)
    (failed,) = talk.items
    assert isinstance(failed, WindowFailed)
    assert failed.window == first
    assert failed.reason
    assert f"{second.start:%H}" in parse_qs(urlsplit(talk.request.url).query)["updatedFrom"][0]


def test_paging_that_leads_to_itself_fails_the_window() -> None:
    talk = Talk()
    for _ in range(TRIES):
        talk.answer(package(release(1), following=talk.request.url))
    assert "paging does not end" in talk.of(WindowFailed)[0].reason
    assert talk.of(Batch) == []


def test_paging_in_a_circle_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocds, "PAGES_IN_A_WINDOW", 6)
    talk = Talk()
    at = 0
    while not talk.of(WindowFailed):
        at += 1
        talk.answer(package(release(1), following=f"{HOST}/page{at % 2}"))
        assert at < 100
    assert "paging does not end" in talk.of(WindowFailed)[0].reason


def test_a_blip_costs_nothing() -> None:
    talk = Talk()
    talk.answer(b"<html>")
    talk.answer(package(release(1)))
    assert [type(one) for one in talk.items] == [Batch, WindowRead]


def gone(request: Request) -> HttpError:
    return HttpError(Response(request.url, status=503, body=b"gone"), "ignored")


def test_three_windows_failed_in_a_row_give_up_the_rest_unasked() -> None:
    talk = Talk(since="36h")
    windows = list(talk.spider.windows(talk.spider.sources[0]))
    for at in range(3):
        assert len(talk.of(WindowFailed)) == at
        talk.fail(gone(talk.request))
    assert talk.done
    assert [one.window for one in talk.of(WindowFailed)] == windows
    assert "status 503" in talk.of(WindowFailed)[0].reason
    assert "not asked" in talk.of(WindowFailed)[-1].reason


def test_one_good_window_starts_the_count_anew() -> None:
    talk = Talk(since="48h")
    for _ in range(2):
        talk.fail(gone(talk.request))
        talk.fail(gone(talk.request))
        talk.answer(package())
    assert not talk.done
    assert len(talk.of(WindowFailed)) == 4


def test_a_failure_tells_what_happened_to_which_address() -> None:
    talk = Talk()
    asked = talk.request.url
    talk.fail(IgnoreRequest("forbidden by robots.txt"))
    (failed,) = talk.items
    assert asked in failed.reason
    assert "robots.txt" in failed.reason


def test_a_spider_keeps_no_state_of_one_source_for_another() -> None:
    one, other = spider("proactis", since="2d"), spider("proactis", since="2d")
    assert one.turns is not other.turns
    assert set(one.turns) == {"public-contracts-scotland", "sell2wales"}
    assert one.turns["sell2wales"] is not one.turns["public-contracts-scotland"]


@hypothesis.settings(deadline=None)
@given(st.binary(max_size=80))
def test_any_answer_is_read_or_retried(body: bytes) -> None:
    talk = Talk()
    talk.answer(body)
    assert talk.items == [] or [type(one) for one in talk.items][-1] is WindowRead
