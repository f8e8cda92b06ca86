"""The library in the store, on both databases, and whether its links answer."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from test_shelf import GOOD, listed

from crawler.errors import SourceError, UsageError
from crawler.jobs import asking, library, link_checking
from crawler.jobs.asking import Reply, Unanswered
from crawler.partners import shelf
from crawler.store import audit, database, resources
from crawler.store.evidence_tables import resources as table

NOW = datetime(2026, 5, 3, 9, tzinfo=UTC)
DAY = timedelta(days=1)
MINE = shelf.resource(GOOD)


def rows(engine: sa.Engine) -> list[object]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(table).order_by(table.c.key))]


def kept(engine: sa.Engine, key: str) -> resources.Kept:
    with engine.connect() as connection:
        found = resources.get(connection, key)
    assert found
    return found


def test_what_ships_goes_in_once(engine: sa.Engine) -> None:
    first = library.refresh(engine, NOW)
    assert first.new == len(shelf.shipped())
    before = rows(engine)
    again = library.refresh(engine, NOW + DAY)
    assert (again.same, again.new, again.changed) == (len(shelf.shipped()), 0, 0)
    assert rows(engine) == before
    assert kept(engine, "wemwbs").resource == next(
        one for one in shelf.shipped() if one.key == "wemwbs"
    )


def test_a_new_library_changes_its_own_and_leaves_staffs(engine: sa.Engine) -> None:
    first, second, third = shelf.shipped()[:3]
    with database.writing(engine) as connection:
        resources.refresh(connection, [first, second, third], NOW)
        resources.add(connection, MINE, "Ann", NOW)
        resources.change(connection, replace(second, title="Our own words"), "Ann", NOW)
        resources.checked(
            connection,
            first.key,
            first.url,
            link_checking._link("dead", NOW, 404, "it answered 404"),
        )
        tally = resources.refresh(
            connection,
            [replace(first, url="https://example.org/new"), replace(second, title="Theirs")],
            NOW + DAY,
        )
    assert (tally.changed, tally.kept, tally.retired, tally.new) == (1, 1, 1, 0)
    assert kept(engine, second.key).resource.title == "Our own words"
    assert kept(engine, MINE.key).origin == "staff"
    moved = kept(engine, first.key)
    assert moved.resource.url == "https://example.org/new"
    assert moved.link is None, "what an old address did says nothing of the new one"
    assert kept(engine, third.key).retired_by == "library"
    with database.writing(engine) as connection:
        resources.refresh(connection, [first, second, third], NOW + 2 * DAY)
    assert kept(engine, third.key).retired_at is None


def test_what_staff_retired_stays_retired(engine: sa.Engine) -> None:
    library.refresh(engine, NOW)
    with database.writing(engine) as connection:
        assert library.retire(connection, "wemwbs", "Ann", NOW, "out of date")
        assert not library.retire(connection, "wemwbs", "Ann", NOW, "")
    library.refresh(engine, NOW + DAY)
    assert kept(engine, "wemwbs").retired_by == "Ann"
    with engine.connect() as connection:
        shown = {one.resource.key for one in resources.everything(connection)}
        (deed,) = audit.latest(connection, 5)
    assert "wemwbs" not in shown
    assert (deed.who, deed.what, deed.about, deed.detail) == (
        "Ann",
        "retired a resource",
        "wemwbs",
        "out of date",
    )
    with database.writing(engine) as connection:
        assert library.bring_back(connection, "wemwbs", "Ann", NOW)
    assert kept(engine, "wemwbs").retired_at is None


def test_staffs_list_names_bad_lines_and_takes_the_rest_twice_the_same(engine: sa.Engine) -> None:
    library.refresh(engine, NOW)
    text = listed(
        GOOD, GOOD | {"key": "b-two", "kind": "book"}, GOOD | {"key": "wemwbs"}
    ).getvalue()
    taken = library.take(engine, text.encode(), "ours.csv", "Ann", NOW)
    assert (taken.new, taken.changed, taken.same) == (1, 0, 0)
    (bad, words), (shipped, why) = taken.refused
    assert (bad, shipped) == (3, 4)
    assert "kind 'book'" in words
    assert "library that ships" in why
    before = rows(engine)
    again = library.take(engine, text.encode(), "ours.csv", "Ann", NOW + DAY)
    assert (again.new, again.same) == (0, 1)
    assert rows(engine) == before
    changed = text.replace("bad lungs", "weak lungs").encode()
    assert library.take(engine, changed, "ours.csv", "Ann", NOW + DAY).changed == 1
    with pytest.raises(UsageError, match="not in UTF-8"):
        library.take(engine, b"key,title\n\xff", "ours.csv", "Ann", NOW)


def test_a_taken_key_and_an_unknown_one_are_refused(engine: sa.Engine) -> None:
    with database.writing(engine) as connection:
        resources.add(connection, MINE, "Ann", NOW)
    with pytest.raises(UsageError, match="already"), database.writing(engine) as connection:
        resources.add(connection, MINE, "Ann", NOW)
    with pytest.raises(UsageError, match="no resource"), database.writing(engine) as connection:
        resources.retire(connection, "nothing", "Ann", NOW)


class Web:
    """Sites that answer as told: by URL, a status and where it leads; the rest is unknown."""

    def __init__(self, **pages: tuple[int, str] | str) -> None:
        self.pages: dict[str, tuple[int, str] | str] = {}
        self.asked: list[tuple[str, str]] = []

    def __call__(self, method: str, url: str, most: int) -> Reply:
        self.asked.append((method, url))
        if url.endswith("/robots.txt"):
            found = self.pages.get(url, (404, ""))
        else:
            found = self.pages.get(f"{method} {url}", self.pages.get(url, "its name is not known"))
        if isinstance(found, str):
            raise Unanswered(found)
        status, text = found
        headers = {"location": text} if 300 <= status < 400 else {}
        return Reply(status=status, headers=headers, body=text.encode()[:most])


def looked(web: Web, url: str) -> tuple[str, int | None, str]:
    waits: list[float] = []
    found = link_checking.Looker("arts-tenders", web, waits.append).look(url, NOW)
    assert all(0 < wait <= 30 for wait in waits)
    return found.state, found.status, found.moved_to or found.words


A, B = "https://a.example/x", "https://b.example/y"


@pytest.mark.parametrize(
    ("pages", "state", "status", "words"),
    [
        ({A: (200, "")}, "ok", 200, ""),
        ({A: (204, "")}, "ok", 204, ""),
        ({A: (301, B), B: (200, "")}, "ok", 200, B),
        ({A: (302, "/z#part"), "https://a.example/z": (200, "")}, "ok", 200, "https://a.example/z"),
        ({A: (404, "")}, "dead", 404, "it answered 404"),
        ({A: (410, "")}, "dead", 410, "410"),
        ({A: (500, "")}, "dead", 500, "500"),
        ({f"HEAD {A}": (405, ""), f"GET {A}": (200, "")}, "ok", 200, ""),
        ({f"HEAD {A}": "it took too long", f"GET {A}": (200, "")}, "ok", 200, ""),
        ({A: (403, "")}, "barred", 403, "not to machines"),
        ({A: (429, "")}, "barred", 429, "not to machines"),
        ({A: (301, A)}, "dead", 301, "301"),
        ({A: (301, B), B: (301, A)}, "dead", None, "without end"),
        ({A: (301, "javascript:alert(1)")}, "dead", 301, "no web address"),
        ({A: "its name is not known any more"}, "dead", None, "not known"),
        (
            {"https://a.example/robots.txt": (200, "User-agent: *\nDisallow: /x"), A: (200, "")},
            "barred",
            None,
            "keep away",
        ),
        ({"https://a.example/robots.txt": (503, ""), A: (200, "")}, "barred", None, "cannot be"),
        ({"https://a.example/robots.txt": "it took too long"}, "dead", None, "too long"),
    ],
)
def test_how_a_link_answers(
    pages: dict[str, tuple[int, str] | str], state: str, status: int | None, words: str
) -> None:
    web = Web()
    web.pages = pages
    found = looked(web, A)
    assert found[:2] == (state, status)
    assert words in found[2]


def test_robots_is_kept_after_a_redirect_and_asked_once_a_site() -> None:
    web = Web()
    web.pages = {
        A: (301, B),
        "https://b.example/robots.txt": (200, "User-agent: *\nDisallow: /"),
        B: (200, ""),
    }
    looker = link_checking.Looker("arts-tenders", web, lambda _: None)
    assert looker.look(A, NOW).state == "barred"
    assert looker.look(A, NOW).state == "barred"
    assert ("GET", B) not in web.asked
    assert ("HEAD", B) not in web.asked
    assert web.asked.count(("GET", "https://a.example/robots.txt")) == 1


def test_a_domain_is_asked_once_a_second_or_as_slowly_as_it_says() -> None:
    web, waits = Web(), list[float]()
    web.pages = {
        A: (200, ""),
        "https://www.b.example/robots.txt": (200, "User-agent: *\nCrawl-delay: 7"),
        "https://www.b.example/y": (200, ""),
    }
    looker = link_checking.Looker("arts-tenders", web, waits.append)
    looker.look(A, NOW)
    assert [round(wait) for wait in waits] == [1]
    looker.look("https://www.b.example/y", NOW)
    assert [round(wait) for wait in waits] == [1, 7]


def test_a_dead_link_is_dated_and_comes_back(engine: sa.Engine) -> None:
    with database.writing(engine) as connection:
        resources.add(connection, MINE, "Ann", NOW)
    web = Web()

    def round_at(at: datetime, page: tuple[int, str] | str) -> resources.Kept:
        web.pages = {MINE.url: page}
        link_checking.check(engine, "arts-tenders", web, lambda: at, pause=lambda _: None)
        return kept(engine, MINE.key)

    first = round_at(NOW, (404, "")).link
    second = round_at(NOW + DAY, (410, "")).link
    barred = round_at(NOW + 2 * DAY, (403, "")).link
    assert first
    assert second
    assert barred
    assert (first.state, first.failing_since) == ("dead", NOW)
    assert (second.status, second.failing_since, second.checked_at) == (410, NOW, NOW + DAY)
    assert (barred.state, barred.failing_since) == ("barred", NOW)
    well = round_at(NOW + 3 * DAY, (200, "")).link
    assert well
    assert (well.state, well.failing_since, well.words) == ("ok", None, "")
    assert kept(engine, MINE.key).retired_at is None


def test_our_own_network_being_down_kills_no_link(engine: sa.Engine) -> None:
    library.refresh(engine, NOW)
    before = rows(engine)
    with pytest.raises(SourceError, match="reaches the internet"):
        link_checking.check(engine, "us", Web(), lambda: NOW, pause=lambda _: None)
    assert rows(engine) == before
    web = Web()
    web.pages = {"https://creativehealthtoolkit.org.uk": (200, "")}
    done = link_checking.check(engine, "us", web, lambda: NOW, pause=lambda _: None)
    assert done.ok == ["creative-health-toolkit"]
    assert len(done.dead) > 80, "those before the first that answered are noted too"
    with engine.connect() as connection:
        asked = [one for one in resources.everything(connection) if one.resource.url]
    assert all(one.link for one in asked)


@contextmanager
def serving(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


class Plain(http.server.BaseHTTPRequestHandler):
    """Answers with its path; `/large` without end."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        piece = b"x" * 65_536
        for _ in range(1 if self.path != "/large" else 500):
            try:
                self.wfile.write(piece)
            except OSError:
                return

    def do_HEAD(self) -> None:
        self.send_response(301)
        self.send_header("Location", f"/seen{self.path}?by={self.headers['User-Agent'][:4]}")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


def test_asking_says_who_we_are_and_reads_no_more_than_it_should() -> None:
    with serving(Plain) as base:
        ask = asking.asker("arts-tenders/1 (+x; y)", loopback_allowed=True)
        reply = ask("HEAD", f"{base}/a b/ü", 0)
        assert (reply.status, reply.headers["location"]) == (301, "/seen/a%20b/%C3%BC?by=arts")
        assert len(ask("GET", f"{base}/large", 1000).body) == 1000


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost:8000/",
        "http://[::1]/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest",
        "http://0x7f000001/",
        "ftp://example.org/",
        "http:///x",
        "http://exa mple.org/",
    ],
)
def test_private_addresses_are_never_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def dialled(*_: object, **__: object) -> None:
        pytest.fail("a connection was made")

    monkeypatch.setattr(socket, "create_connection", dialled)
    with pytest.raises(Unanswered):
        asking.asker("us")("GET", url, 10)


def test_a_name_that_points_inwards_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.168.0.7", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    with pytest.raises(Unanswered, match="private address"):
        asking.asker("us")("GET", "http://innocent.example/", 10)


def test_a_server_that_trickles_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "DEADLINE", 0.4)

    class Slow(Plain):
        def do_GET(self) -> None:
            for _ in range(100):
                try:
                    self.wfile.write(b"X")
                    self.wfile.flush()
                except OSError:
                    return
                time.sleep(0.05)

    with serving(Slow) as base:
        started = time.monotonic()
        with pytest.raises(Unanswered):
            asking.asker("us", loopback_allowed=True)("GET", base, 10)
        assert time.monotonic() - started < 3
