"""What the spiders of websites make of pages and feeds, without a network."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from posted_site import FEED_ROW, LISTING_ROW, PUBLISHED, drive, feed, item, web_page
from scrapy.http import Response

from crawler.decoding import decode
from crawler.errors import SourceChanged, UsageError
from crawler.items import Batch, Facts, ItemMissed, WindowFailed, WindowRead
from crawler.sources import find, registry
from spiders import posted
from spiders.feed import Feed
from spiders.listing import Listing
from spiders.prose import prose_of
from spiders.syndication import entries

URL = "https://board.example/feed/"
LIST = "https://board.example/opportunities/"
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    b"<rss><channel><item><title>&b;</title><link>/x</link></item></channel></rss>"
)
XXE = BOMB.replace(b'"aaaaaaaaaa"', b'SYSTEM "file:///etc/passwd"')


@pytest.fixture(autouse=True)
def own_rows(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pathlib.Path]:
    path = tmp_path / "sources.toml"
    path.write_text(FEED_ROW + LISTING_ROW)
    monkeypatch.setenv("TENDERS_HOME", str(tmp_path))
    registry.own_file.cache_clear()
    yield path
    registry.own_file.cache_clear()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posted, "_TRIES", 1)


def facts(items: list[Any]) -> list[Facts]:
    """What the releases say that were handed over."""
    raws = [one.raw for batch in items if isinstance(batch, Batch) for one in batch.releases]
    return [decode(raw, "town-board")[0] for raw in raws]


def failure(items: list[Any]) -> str:
    (failed,) = [one for one in items if isinstance(one, WindowFailed)]
    assert not [one for one in items if isinstance(one, WindowRead)]
    return failed.reason


def read(*items: str) -> list[Any]:
    return drive(Feed(source="town-board"), {URL: feed(items)}, "application/rss+xml")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (web_page("<h1>We moved</h1>"), "a web page, no feed"),
        (feed([item(1), item(2)])[:-30], "cut off"),
        (b"{}", "cut off or no XML"),
        (BOMB, "defines entities of its own"),
        (XXE, "defines entities of its own"),
        (b"", "the answer is empty"),
        (b"<?xml version='1.0'?><sitemap></sitemap>", "XML but no feed"),
    ],
)
def test_what_is_no_feed_is_said_in_words(body: bytes, words: str) -> None:
    with pytest.raises(SourceChanged, match=words):
        entries(body, URL)
    assert words in failure(drive(Feed(source="town-board"), {URL: body}, "text/xml"))


def test_a_feed_without_items_fails_where_items_are_expected(own_rows: pathlib.Path) -> None:
    assert "no item is found though 1 or more are expected" in failure(read())
    own_rows.write_text(FEED_ROW + "min_items = 0")
    (done,) = read()
    assert (done.releases, done.unmodified) == (0, False)


@pytest.mark.parametrize(
    ("charset", "declared", "header"),
    [
        ("cp1252", "iso-8859-1", None),
        ("cp1252", "utf-8", None),
        ("utf-8", None, "iso-8859-1x"),
        ("utf-16", "utf-16", None),
        ("utf-8-sig", "utf-8", None),
        ("cp1252", None, "windows-1252"),
    ],
)
def test_a_wrong_charset_costs_no_words(charset: str, declared: str | None, header: str) -> None:
    xml = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    text = (
        xml + "<rss><channel><item><title>Café – £5</title><link>/1</link></item></channel></rss>"
    )
    (entry,) = entries(text.encode(charset), URL, header)
    assert entry.title == "Café – £5"
    assert entry.link == "https://board.example/1"


def test_one_bad_sign_does_not_lose_the_feed() -> None:
    body = feed([item(1, title="Song &nbsp; & dance"), item(2)])
    assert next(entry.title for entry in entries(body, URL)) == "Song & dance"
    assert len(entries(body, URL)) == 2


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://other.example/a/">
<entry><title type="html">Weaving &lt;b&gt;wanted&lt;/b&gt;</title>
<link rel="self" href="self"/><link href="1"/><updated>2026-11-02T10:00:00+01:00</updated>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One</p><p>Two</p></div></content>
</entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel/>
<item><title>Old</title><link>https://x.example/1</link><dc:date>2026-11-02</dc:date></item>
</rdf:RDF>"""


def test_atom_and_rss_1_are_read() -> None:
    (atom,) = entries(ATOM.encode(), URL)
    assert (atom.title, atom.link) == ("Weaving wanted", "https://other.example/a/1")
    assert atom.text == "One\n\nTwo"
    assert atom.published == datetime(2026, 11, 2, 9, tzinfo=UTC)
    (old,) = entries(RDF.encode(), URL)
    assert (old.title, old.published) == ("Old", datetime(2026, 11, 2, tzinfo=UTC))


def test_full_text_beats_the_summary() -> None:
    full = item(1).replace(
        "<description>",
        "<e:encoded xmlns:e='x'>&lt;p&gt;All of it&lt;/p&gt;</e:encoded><description>",
    )
    assert entries(feed([full]), URL)[0].text == "All of it"


def test_no_date_or_one_in_the_future_is_the_day_of_reading_and_changes_nothing() -> None:
    later = "Mon, 02 Nov 2099 09:00:00 GMT"
    items = read(item(1, pubDate=""), item(2, pubDate=later), item(3, pubDate="soon"))
    (batch,) = [one for one in items if isinstance(one, Batch)]
    assert {one.date for one in facts(items)} == {batch.fetched_at}
    again = Feed(source="town-board")
    again.now = datetime(2027, 1, 1, tzinfo=UTC)
    page = feed([item(1, pubDate=""), item(2, pubDate=later), item(3, pubDate="soon")])
    (second,) = [one for one in drive(again, {URL: page}, "text/xml") if isinstance(one, Batch)]
    assert [one.content_hash for one in second.releases] == [
        one.content_hash for one in batch.releases
    ]
    assert [one.raw for one in second.releases] != [one.raw for one in batch.releases]


def test_an_item_without_title_or_link_is_left_out_and_said() -> None:
    items = read(item(1), item(2), item(3, title=""), item(4, link=""))
    assert len(facts(items)) == 2
    (missed,) = [one for one in items if isinstance(one, ItemMissed)]
    assert missed.reason == "it has no title"
    (done,) = [one for one in items if isinstance(one, WindowRead)]
    assert done.validators == "", "what was missed is to be asked for again"


def test_a_website_cannot_join_its_text_to_a_portals_notice() -> None:
    (one,) = facts(read(item(1, description="We are the real one (SC Ref:829625).")))
    assert not [ref for ref in one.references if ref.startswith("SC:")]


def test_links_that_differ_by_tracking_only_are_one_item() -> None:
    same = [
        item(1),
        item(1, link="/calls/1?utm_source=x&amp;utm_medium=y"),
        item(1, link="/calls/1#a"),
    ]
    assert len(facts(read(*same))) == 1


def test_a_304_that_nobody_asked_for_is_no_reading() -> None:
    spider = Feed(source="town-board")
    (request,) = _first(spider)
    found = list(spider.parse(Response(URL, status=304, request=request)))
    assert "nothing was asked for conditionally" in found[0].reason


def _first(spider: Any) -> list[Any]:
    import asyncio

    async def ask() -> list[Any]:
        return [request async for request in spider.start()]

    return asyncio.run(ask())


def listing(*hrefs: str, css: str = "open") -> bytes:
    rows = "".join(f'<li><a href="{href}">Call {href}</a> for artists</li>' for href in hrefs)
    return web_page(f'<ul class="{css}">{rows}</ul>')


def test_a_new_layout_is_noticed() -> None:
    cards = {LIST: listing("1", "2", css="cards")}
    words = failure(drive(Listing(source="town-list"), cards))
    assert "no item is found by 'ul.open li'" in words
    assert "has the layout changed?" in words
    bare = web_page("<h2>Dance</h2>")
    items = drive(
        Listing(source="town-list"), {LIST: listing("1", "2"), LIST + "1": bare, LIST + "2": bare}
    )
    assert "2 of 2 items could not be read; the first:" in failure(items)
    assert "'h1.call' finds nothing; has the layout changed?" in failure(items)


@pytest.mark.parametrize("body", [b"\x00\x01", web_page('<input type="Password">')])
def test_no_page_or_a_login_page_is_no_list(body: bytes) -> None:
    kind = "text/html" if b"input" in body else "application/pdf"
    words = failure(drive(Listing(source="town-list"), {LIST: body}, kind))
    assert "login page" in words or "no web page but application/pdf" in words


def test_the_limit_holds_and_moves_no_watermark() -> None:
    items = drive(Listing(source="town-list", limit="1"), {LIST: listing("https://a.b/1", "2")})
    assert len(facts(items)) == 1
    assert not [one for one in items if isinstance(one, (WindowRead, WindowFailed))]


def test_a_pace_faster_than_the_rows_needs_a_mirror_here() -> None:
    with pytest.raises(UsageError, match="only allowed towards this machine"):
        Feed(source="town-board", pace="100/1")
    assert Feed(source="town-board", pace="100/1", base_url="http://127.0.0.1:1/").turns


@given(st.text(max_size=300))
def test_any_markup_becomes_words_without_tags(text: str) -> None:
    words = prose_of(f"<p>{text}</p><script>alert(1)</script>")
    assert "<script" not in words


@given(st.binary(max_size=400))
def test_any_bytes_are_a_feed_or_no_feed(body: bytes) -> None:
    with contextlib.suppress(SourceChanged):
        assert all(isinstance(one.title, str) for one in entries(body, URL, "utf-8"))


def test_a_source_that_is_not_enabled_says_why() -> None:
    with pytest.raises(UsageError, match=r"artsjobs is not enabled \(ask first: ") as caught:
        find(["artsjobs"])
    assert "sources.toml" in str(caught.value)


def test_the_public_address_stands_in_the_notice_of_a_mirror() -> None:
    mirror = "http://127.0.0.1:9/feed/"
    spider = Feed(source="town-board", base_url=mirror)
    (one,) = facts(drive(spider, {mirror: feed([item(1)])}, "text/xml"))
    assert one.urls == (f"{PUBLISHED}/calls/1?utm_source=feed",)
