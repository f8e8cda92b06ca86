"""No request reaches a private address; loopback only for a mirror that somebody asked for."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.utils.test import get_crawler

from crawler.jobs.crawl import is_loopback
from crawler.networks import forbidden
from spiders.addresses import AddressMiddleware, PublicResolver

PUBLIC = ["8.8.8.8", "93.184.216.34", "2a00:1450:4009::1"]
PRIVATE = [
    "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "255.255.255.255", "192.0.2.1", "fe80::1", "fc00::1", "::", "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
]  # fmt: skip
LOOPBACK = ["127.0.0.1", "127.8.9.1", "::1"]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_open(address: str) -> None:
    assert not forbidden(address, loopback_allowed=False)


@pytest.mark.parametrize("address", PRIVATE)
@pytest.mark.parametrize("loopback", [True, False])
def test_private_addresses_are_closed_whatever_is_allowed(address: str, loopback: bool) -> None:
    assert forbidden(address, loopback)


@pytest.mark.parametrize("address", LOOPBACK)
def test_loopback_is_open_only_when_allowed(address: str) -> None:
    assert forbidden(address, loopback_allowed=False)
    assert not forbidden(address, loopback_allowed=True)


@pytest.mark.parametrize("address", ["224.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1"])
def test_addresses_that_lead_inwards_by_a_detour_are_closed(address: str) -> None:
    assert forbidden(address, loopback_allowed=False)


@pytest.mark.parametrize(
    "url",
    [
        *(f"http://{address}/" for address in ("10.0.0.1", "[fe80::1]", "127.0.0.1", "[::1]:8080")),
        "http://localhost/", "http://localhost:8000/x", "http://a.localhost/", "https://LOCALHOST/",
        "http://169.254.169.254/latest/meta-data/",
        "ftp://portal.example/x", "gopher://portal.example/", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_a_request_inwards_or_by_another_protocol_is_refused(url: str) -> None:
    with pytest.raises(IgnoreRequest, match=r"private addresses|only http"):
        AddressMiddleware(loopback_allowed=False).process_request(Request(url))


@pytest.mark.parametrize(
    "url", ["https://portal.example/x", "http://8.8.8.8/", "http://[2a00:1450:4009::1]/"]
)
def test_a_request_outwards_passes(url: str) -> None:
    AddressMiddleware(loopback_allowed=False).process_request(Request(url))


def test_loopback_passes_when_a_mirror_on_it_is_read_and_nothing_else_private_does() -> None:
    middleware = AddressMiddleware(loopback_allowed=True)
    for url in ("http://127.0.0.1:8000/", "http://localhost:8000/", "http://[::1]/"):
        middleware.process_request(Request(url))
    with pytest.raises(IgnoreRequest):
        middleware.process_request(Request("http://192.168.1.1/"))


def test_the_setting_decides_and_is_off_by_default() -> None:
    closed = AddressMiddleware.from_crawler(get_crawler())
    with pytest.raises(IgnoreRequest):
        closed.process_request(Request("http://127.0.0.1/"))
    AddressMiddleware.from_crawler(
        get_crawler(settings_dict={"LOOPBACK_ALLOWED": True})
    ).process_request(Request("http://127.0.0.1/"))


@pytest.fixture
def resolver() -> PublicResolver:
    from twisted.internet import reactor

    return PublicResolver(reactor, 0, 1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("address", [*PRIVATE, *LOOPBACK])
def test_a_name_that_points_inwards_is_refused(resolver: PublicResolver, address: str) -> None:
    with pytest.raises(IgnoreRequest, match=r"inside\.example points to the private address"):
        resolver._public(address, "inside.example")


def test_a_name_that_points_outwards_is_resolved(resolver: PublicResolver) -> None:
    assert resolver._public("8.8.8.8", "outside.example") == "8.8.8.8"


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "017700000001"])
def test_odd_spellings_of_loopback_are_seen_through_when_resolved(
    resolver: PublicResolver, host: str
) -> None:
    AddressMiddleware(loopback_allowed=False).process_request(Request(f"http://{host}/"))
    with pytest.raises(IgnoreRequest):
        resolver._public(socket.gethostbyname(host), host)


@given(st.ip_addresses())
def test_no_private_address_is_open(address: object) -> None:
    if not forbidden(str(address), loopback_allowed=False):
        assert address.is_global  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost", True),
        ("http://[::1]:9/x", True),
        ("https://127.0.0.1.portal.example", False),
        ("https://portal.example", False),
        ("http://192.168.1.1", False),
        ("http://portal.example@127.0.0.1/", True),
        ("http://127.0.0.1@portal.example/", False),
        ("", False),
    ],
)
def test_a_mirror_on_this_machine_is_recognised(url: str, answer: bool) -> None:
    assert is_loopback(url) is answer
