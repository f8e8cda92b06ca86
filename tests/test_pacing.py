"""A portal's limit is kept, and its wish for silence, for as long as told and no longer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request
from scrapy.http import Response
from scrapy.settings import Settings
from scrapy.signalmanager import SignalManager
from scrapy.utils.misc import load_object
from twisted.internet.error import ConnectionRefusedError as Refused

from crawler import signals
from crawler.sources import Pace
from spiders import pacing
from spiders.pacing import PacingMiddleware, Turns, again

FTS = Pace(requests=12, seconds=120)
CF = Pace(requests=10, seconds=10, penalty=300)
URL = "https://portal.example/page"


class Clock:
    """A monotonic clock that stands still unless moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(pacing.time, "monotonic", made)
    return made


def test_the_first_requests_leave_at_once_and_the_next_waits_its_turn(clock: Clock) -> None:
    turns = Turns(FTS)
    for _ in range(12):
        assert turns.wait(clock.now) <= 0
        turns.answered(clock.now)
        clock.now += 1
    wait = turns.wait(clock.now)
    assert 108 <= wait <= 109
    assert turns.wait(clock.now + wait) <= 0


@given(
    st.lists(st.floats(0, 40), max_size=60),
    st.integers(1, 5),
    st.floats(0.5, 60),
)
def test_no_more_than_the_limit_in_any_stretch_of_its_length(
    idle: list[float], requests: int, seconds: float
) -> None:
    turns = Turns(Pace(requests=requests, seconds=seconds))
    now, sent = pacing.time.monotonic() + 1, []
    for pause in idle:
        now += pause
        now += max(0.0, turns.wait(now))
        sent.append(now)
        turns.answered(now)
    for first, later in zip(sent, sent[requests:], strict=False):
        assert later - first >= seconds


def test_a_refusal_remembered_from_before_a_restart_is_kept(clock: Clock) -> None:
    turns = Turns(CF, quiet_for=250)
    assert turns.wait(clock.now) == 250
    assert turns.wait(clock.now + 250) <= 0


def test_a_shorter_silence_never_ends_a_longer_one(clock: Clock) -> None:
    turns = Turns(CF)
    turns.hush(300, clock.now)
    turns.hush(1, clock.now)
    assert turns.wait(clock.now) >= 300


class Desk:
    """A middleware with one source, and what it told the rest of the crawl."""

    def __init__(self, pace: Pace) -> None:
        self.turns = Turns(pace)
        self.refusals: list[tuple[str, datetime]] = []
        self.waits: list[float] = []
        self.signals = SignalManager(self)
        self.signals.connect(self._heard, signal=signals.source_refused)
        running = SimpleNamespace(running=True)
        self.crawler: Any = SimpleNamespace(
            spider=SimpleNamespace(turns={"a-portal": self.turns}),
            settings=Settings(),
            signals=self.signals,
            stats=None,
            engine=running,
        )
        self.middleware = PacingMiddleware.from_crawler(self.crawler)

    def _heard(self, source: str, until: datetime) -> None:
        self.refusals.append((source, until))

    def request(self, **meta: Any) -> Request:
        return Request(URL, meta={"source": "a-portal", **meta})

    def answer(
        self, status: int, request: Request | None = None, **headers: str
    ) -> Request | Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.middleware.process_response(
            request or self.request(), Response(URL, status=status, headers=named)
        )


@pytest.fixture
def desk(clock: Clock) -> Callable[[Pace], Desk]:
    """Makes a middleware for a pace."""
    return Desk


@pytest.mark.parametrize("status", [200, 301, 304, 400, 404, 410])
def test_an_answer_that_is_no_refusal_passes(desk: Any, status: int) -> None:
    one = desk(FTS)
    assert isinstance(one.answer(status), Response)
    assert one.refusals == []


@pytest.mark.parametrize(
    ("status", "headers", "pace", "silence"),
    [
        (429, {"Retry_After": "30"}, FTS, 30),
        (503, {"Retry_After": "7"}, FTS, 7),
        (403, {"Retry_After": "9"}, FTS, 9),
        (403, {}, CF, 300),
        (403, {"Retry_After": "9"}, CF, 300),
        (429, {}, FTS, 120),
        (429, {"Retry_After": "nonsense"}, FTS, 120),
        (429, {"Retry_After": "0"}, FTS, 0),
    ],
)
def test_a_refused_request_is_asked_again_after_the_silence_and_no_later(
    desk: Any, clock: Clock, status: int, headers: dict[str, str], pace: Pace, silence: float
) -> None:
    one = desk(pace)
    later = one.answer(status, **headers)
    assert isinstance(later, Request)
    assert later.url == URL
    assert later.dont_filter
    assert later.meta["source"] == "a-portal"
    assert silence <= one.turns.wait(clock.now) <= silence + 1
    ((source, until),) = one.refusals
    assert source == "a-portal"
    assert abs(until - datetime.now(UTC) - timedelta(seconds=silence)) < timedelta(seconds=5)


def test_retry_after_may_be_a_date(desk: Any, clock: Clock) -> None:
    one = desk(FTS)
    then = datetime.now(UTC) + timedelta(seconds=90)
    assert isinstance(one.answer(429, Retry_After=format_datetime(then, usegmt=True)), Request)
    assert 85 <= one.turns.wait(clock.now) <= 92
    past = desk(FTS)
    assert isinstance(past.answer(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), Request)
    assert past.turns.wait(clock.now) <= 1


@pytest.mark.parametrize("value", ["Wed, 21 Oct 2099 07:28:00 -0000", "\u00b2"])
def test_an_odd_retry_after_does_not_break_the_crawl(desk: Any, value: str) -> None:
    one = desk(FTS)
    response = Response(URL, status=429, headers={b"Retry-After": value.encode("latin-1")})
    one.middleware.process_response(one.request(), response)


def test_a_403_of_a_portal_without_penalty_is_an_answer(desk: Any) -> None:
    assert isinstance(desk(FTS).answer(403), Response)


def test_a_wait_too_long_goes_back_to_the_spider(desk: Any) -> None:
    assert isinstance(desk(FTS).answer(429, Retry_After="3601"), Response)
    assert isinstance(desk(FTS).answer(429, Retry_After="3600"), Request)


def test_after_a_wait_too_long_the_next_window_is_not_asked_for_at_once(
    desk: Any, clock: Clock
) -> None:
    one = desk(FTS)
    one.answer(429, Retry_After="7200")
    assert one.turns.wait(clock.now) >= 7200
    assert len(one.refusals) == 1


def test_a_portal_that_refuses_for_ever_is_given_up(desk: Any) -> None:
    one = desk(FTS)
    request: Request | Response = one.request()
    rounds = 0
    while isinstance(request, Request):
        request = one.answer(429, request, Retry_After="1")
        rounds += 1
    assert rounds == pacing.REFUSALS + 1


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_server_fault_is_tried_again_with_back_off_and_then_given_up(
    desk: Any, clock: Clock, status: int
) -> None:
    one = desk(FTS)
    request: Request | Response = one.request()
    pauses = []
    for _ in range(pacing.TRIES - 1):
        assert isinstance(request, Request)
        request = one.answer(status, request)
        assert isinstance(request, Request)
        pauses.append(request.meta["not_before"] - clock.now)
    assert pauses == [0.5, 1, 2, 4, 8, 16]
    assert isinstance(one.answer(status, request), Response)
    assert one.refusals == []


def test_a_broken_connection_is_tried_again_and_other_errors_are_not(desk: Any) -> None:
    one = desk(FTS)
    retry = one.middleware.process_exception(one.request(), Refused())
    assert isinstance(retry, Request)
    assert one.middleware.process_exception(one.request(), ValueError("ours")) is None
    worn = one.request(tries=pacing.TRIES - 1)
    assert one.middleware.process_exception(worn, Refused()) is None


def test_every_answer_and_every_broken_connection_counts_as_a_request(
    desk: Any, clock: Clock
) -> None:
    one = desk(Pace(requests=2, seconds=10))
    one.answer(500)
    one.middleware.process_exception(one.request(), Refused())
    assert 10 <= one.turns.wait(clock.now) <= 10.1


def test_requests_of_no_source_pass_untouched(desk: Any) -> None:
    one = desk(CF)
    robots = Request("https://portal.example/robots.txt")
    response = Response(robots.url, status=403)
    assert one.middleware.process_response(robots, response) is response
    assert one.middleware.process_exception(robots, Refused()) is None


def test_trying_again_keeps_what_the_request_carried(clock: Clock) -> None:
    request = Request(URL, meta={"source": "a-portal", "reading": "half"}, callback=print)
    retry = again(request, "why")
    assert retry is not None
    assert (retry.meta["reading"], retry.callback, retry.meta["tries"]) == ("half", print, 1)


async def leave(one: Desk, request: Request) -> None:
    await one.middleware.process_request(request)


def test_a_request_leaves_when_silence_turn_and_back_off_are_over(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Desk(Pace(requests=1, seconds=10))
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.now += seconds

    monkeypatch.setattr(pacing.asyncio, "sleep", sleep)
    run(leave(one, one.request()))
    assert slept == []
    one.turns.answered(clock.now)
    began = clock.now
    run(leave(one, one.request(not_before=began + 3)))
    assert 10 <= clock.now - began <= 10.1
    run(leave(one, Request(URL)))
    assert 10 <= clock.now - began <= 10.1


def test_a_request_whose_turn_never_came_is_dropped_when_the_crawl_ends(clock: Clock) -> None:
    one = Desk(CF)
    one.turns.hush(300, clock.now)
    one.crawler.engine.running = False
    with pytest.raises(load_object("scrapy.exceptions.IgnoreRequest")):
        run(leave(one, one.request()))


def run(work: Any) -> None:
    """Runs a coroutine that never really waits."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise AssertionError("it waited")
