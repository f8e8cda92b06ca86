"""An installation's own rows: beside those that ship, refused with the line, added by a command."""

from __future__ import annotations

import json
import logging
import pathlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator

import pytest
from crawling import environment, run
from posted_site import FEED_ROW, LISTING_ROW, crawl_posted, feed, item, serve
from pytest_httpserver import HTTPServer

from crawler import logs
from crawler.errors import ConfigError, UsageError
from crawler.jobs import adding
from crawler.jobs.adding import Wanted
from crawler.sources import find, load, registry
from crawler.sources.rows import ALLOWED, POSTED


@pytest.fixture
def own(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pathlib.Path]:
    monkeypatch.setenv("TENDERS_HOME", str(tmp_path))
    registry.own_file.cache_clear()
    yield tmp_path / "sources.toml"
    registry.own_file.cache_clear()


def test_boards_are_read_only_where_their_terms_allow_it() -> None:
    boards = [one for one in registry.shipped().values() if one.posted]
    assert len(boards) == 32
    for one in boards:
        assert one.terms, one.key
        assert one.use, one.key
        assert not one.enabled or one.use == ALLOWED, one.key
    assert not POSTED.intersection(one.platform for one in find([]) if one.use != ALLOWED)


def test_own_rows_stand_beside_those_that_ship(own: pathlib.Path) -> None:
    before = set(load())
    own.write_text(FEED_ROW)
    assert set(load()) - before == {"town-board"}
    own.write_text(FEED_ROW + LISTING_ROW)
    assert set(load()) - before == {"town-board", "town-list"}, "read again when it has changed"
    assert "town-list" in [one.key for one in find([])]
    own.unlink()
    assert set(load()) == before


def test_a_board_that_gave_its_permission_is_enabled_by_a_few_lines(own: pathlib.Path) -> None:
    own.write_text(
        '[artsjobs]\nenabled = true\nuse = "use"\nterms = "Allowed by mail, 3 June 2026"\n'
        'page = { links = "a.job" }\n'
    )
    (found,) = find(["artsjobs"])
    assert (found.publisher, found.enabled) == ("Arts Council England", True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (FEED_ROW.replace("buyer", "buier"), "line 7, source 'town-board': .*buier"),
        (FEED_ROW + "min_items = 'one'", "line 10, source 'town-board': .*min_items"),
        (FEED_ROW.replace("buyer = ", "buyer "), "not valid TOML: .*line 7"),
        (FEED_ROW.replace('use = "use"', 'use = "ask first"'), "enabled must be false"),
        (FEED_ROW.replace('use = "use"', ""), "`terms` must say"),
        (FEED_ROW.replace("https://board.example/feed/", "board.example"), "write https://"),
        (LISTING_ROW.replace("ul.open li", "ul..open"), "'ul..open' is no CSS selector"),
        (LISTING_ROW.replace("ul.open li", ""), "page.links is missing"),
        ("[sell2wales]\npace = { requests = 9, seconds = 1 }", "line 2, .*asks more than"),
        ("[artsjobs]\nenabled = true", "use is 'ask first'"),
        (FEED_ROW.replace("town-board", "Town_Board"), "a key is 3 to 40 small letters"),
    ],
)
def test_what_cannot_be_is_refused_with_the_line(own: pathlib.Path, text: str, words: str) -> None:
    own.write_text(text)
    with pytest.raises(ConfigError, match=words) as caught:
        load()
    assert "sources.toml" in str(caught.value)


WANTED = Wanted(
    key="hill-board",
    name='The "Hill" board',
    publisher="A hill \\ town",
    platform="listing",
    address="https://hill.example/calls",
    terms="Allowed by mail\non 3 June 2026\x7f",
    links='a[href^="/calls/"]',
    min_items=0,
)


def test_a_row_is_written_so_that_it_reads_back(own: pathlib.Path) -> None:
    own.write_text("# ours\n" + FEED_ROW)
    own.chmod(0o640)
    adding.keep(own, WANTED)
    made = load()["hill-board"]
    assert (made.name, made.publisher) == (WANTED.name, WANTED.publisher)
    assert made.page is not None
    assert made.page.links == WANTED.links
    assert own.read_text().startswith("# ours\n"), "what people wrote stays"
    assert own.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in own.parent.iterdir()] == ["sources.toml"]
    with pytest.raises(UsageError, match="there is a source 'hill-board' already"):
        adding.keep(own, WANTED)


def add(home: pathlib.Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "crawler.cli", "sources", "add", *options]
    return run(command, environment(home))


def test_sources_add_shows_ten_items_as_judged_and_writes_the_row(
    httpserver: HTTPServer, tmp_path: pathlib.Path
) -> None:
    serve(httpserver, "/feed/", feed(item(number) for number in range(14)), "text/xml")
    url = httpserver.url_for("/feed/")
    said = ["town-board", "--name", "Town board", "--publisher", "A town", "--platform", "feed"]
    said += ["--address", "https://board.example/feed/", "--terms", "Ours", "--base-url", url]
    refused = add(tmp_path, *said, "--yes")
    assert refused.returncode == 1
    assert "--allowed" in refused.stderr
    done = add(tmp_path, *said, "--yes", "--allowed")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Muralist wanted") == 10
    assert "5 March 2027" in done.stdout
    row = tomllib.loads((tmp_path / "sources.toml").read_text())["town-board"]
    assert (row["use"], row["base_url"]) == ("use", "https://board.example/feed/")
    dry, log = crawl_posted(tmp_path, "town-board", url, "--dry-run")
    assert (dry["verdict"], dry["new"]) == ("ok", 14), log
    listed = run([sys.executable, "-m", "crawler.cli", "sources", "--json"], environment(tmp_path))
    lines = {one["source"]: one for one in map(json.loads, listed.stdout.splitlines())}
    assert lines["town-board"]["do"] == "`tenders crawl town-board` reads it for the first time."
    assert lines["artsjobs"]["wrong"] == "ask first"
    table = run([sys.executable, "-m", "crawler.cli", "sources"], environment(tmp_path))
    assert "32 boards are not enabled" in table.stdout
    assert max(map(len, table.stdout.split("\n\n")[0].splitlines())) <= 80


def test_a_source_that_cannot_be_read_is_not_added(
    httpserver: HTTPServer, tmp_path: pathlib.Path
) -> None:
    serve(httpserver, "/feed/", b"<html><body>Moved</body></html>")
    said = ["town-board", "--name", "Town board", "--publisher", "A town", "--platform", "feed"]
    said += ["--address", "https://board.example/feed/", "--terms", "Ours", "--allowed", "--yes"]
    done = add(tmp_path, *said, "--base-url", httpserver.url_for("/feed/"))
    assert done.returncode == 1
    assert "town-board was not added: " in done.stderr
    assert "a web page, no feed" in done.stderr
    assert not (tmp_path / "sources.toml").exists()


def test_log_lines_are_json_where_asked_for() -> None:
    formatter = logs.JsonFormatter()
    record = logging.LogRecord("tenders", logging.ERROR, "x.py", 1, "bad %s", ("\ud800é",), None)
    record.tenders = {"source": "a"}
    line = json.loads(formatter.format(record))
    assert (line["level"], line["message"], line["source"]) == ("error", "bad \ud800é", "a")
    formatter.format(record).encode()


def test_a_crawl_in_json_logs_nothing_else(httpserver: HTTPServer, tmp_path: pathlib.Path) -> None:
    (tmp_path / "sources.toml").write_text(FEED_ROW)
    serve(httpserver, "/feed/", feed([item(1, title="")]), "text/xml")
    command = [sys.executable, "-m", "crawler.cli", "crawl", "town-board", "--verbose"]
    command += ["--base-url", f"town-board={httpserver.url_for('/feed/')}"]
    done = run(command, environment(tmp_path) | {"TENDERS_LOG_FORMAT": "json"})
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {"tenders", "pipelines.keep"} <= {line["logger"] for line in lines}
    assert {line["source"] for line in lines if line["logger"] == "tenders"} == {"town-board"}
