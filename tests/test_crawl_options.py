"""What cannot be meant is refused before the first request, in one line that says what to write."""

from __future__ import annotations

import asyncio
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from crawling import environment, run

from crawler.errors import StoreError, UsageError
from crawler.items import Window
from crawler.jobs import crawl as job
from crawler.jobs.crawl import Options, Result, check, crawl
from crawler.sources import Pace, find
from crawler.store import database, sources
from crawler.store.runs import Tally

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
HERE = "http://127.0.0.1:8000"


@pytest.fixture
def url(tmp_path: pathlib.Path) -> Iterator[str]:
    made = f"sqlite:///{tmp_path / 'var' / 'tenders.sqlite'}"
    yield made
    if (tmp_path / "var").is_dir():
        database.connect(made).dispose()


def refused(**options: Any) -> str:
    """The words with which options for Contracts Finder are refused."""
    with pytest.raises(UsageError) as caught:
        check(find(["contracts-finder"]), Options(**options), NOW)
    return str(caught.value)


def accepted(**options: Any) -> None:
    check(find(["contracts-finder"]), Options(**options), NOW)


def test_a_source_that_does_not_exist_names_the_nearest(url: str, tmp_path: pathlib.Path) -> None:
    with pytest.raises(UsageError, match="contracts-finder"):
        crawl(url, ["contract-finder"], Options(), NOW)
    assert not (tmp_path / "var").exists(), "nothing was touched"


@pytest.mark.parametrize("since", ["2026-04-02", "2027-01-01", "2026-04-01T10:00:00+00:00"])
def test_since_in_the_future_is_refused(since: str) -> None:
    assert "lies in the future" in refused(since=since)


@pytest.mark.parametrize("since", ["tomorrow", "", "7 moons", "-1d"])
def test_since_that_cannot_be_read_says_what_to_write(since: str) -> None:
    assert "write 7d" in refused(since=since)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(limit: int) -> None:
    assert "--limit" in refused(limit=limit)


@pytest.mark.parametrize(
    "address",
    ["portal.example", "ftp://portal.example", "http://", "file:///etc/passwd", "//x", ""],
)
def test_a_mirror_needs_a_full_web_address(address: str) -> None:
    assert "write a full address" in refused(base_urls={"contracts-finder": address})


def test_a_mirror_or_pace_of_an_unknown_source_names_the_nearest() -> None:
    assert "contracts-finder" in refused(base_urls={"contract-finder": HERE})
    assert "sell2wales" in refused(paces={"sell2whales": Pace(requests=1, seconds=9)})


FAST = Pace(requests=1000, seconds=1)


def test_a_loosened_pace_needs_a_mirror_on_this_machine() -> None:
    words = refused(paces={"contracts-finder": FAST})
    assert "asks more than the published 10/10,300" in words
    assert "loopback" in words
    assert "asks more" in refused(
        paces={"contracts-finder": FAST}, base_urls={"contracts-finder": "https://mirror.example"}
    )
    assert "asks more" in refused(
        paces={"contracts-finder": FAST}, base_urls={"find-a-tender": HERE}
    )
    for address in (HERE, "http://localhost:9", "http://[::1]:9"):
        accepted(paces={"contracts-finder": FAST}, base_urls={"contracts-finder": address})


def test_a_shorter_penalty_is_a_loosened_pace() -> None:
    assert "asks more" in refused(paces={"contracts-finder": Pace.parse("10/10,299")})
    accepted(paces={"contracts-finder": Pace.parse("10/10,301")})


def test_a_tighter_pace_is_always_allowed() -> None:
    accepted(paces={"contracts-finder": Pace.parse("1/10,600")})


def test_ordinary_options_are_accepted() -> None:
    accepted()
    accepted(since="7d", limit=1)
    accepted(since="2026-03-31", base_urls={"contracts-finder": "https://mirror.example/x"})


def command(url: str, **options: Any) -> dict[str, str]:
    """The arguments and settings that the Scrapy process of Contracts Finder gets."""
    words = job._command(
        database.engine(url), find(["contracts-finder"])[0], Options(**options), NOW
    )
    pairs = [words[at + 1] for at, word in enumerate(words) if word in ("-a", "-s")]
    return dict(pair.split("=", 1) for pair in pairs)


def test_without_a_watermark_the_source_decides_where_to_begin(url: str) -> None:
    found = command(url)
    assert "since" not in found
    assert "start" not in found
    assert found["source"] == "contracts-finder"


def test_the_next_crawl_begins_an_overlap_before_the_watermark(url: str) -> None:
    with database.writing(database.engine(url)) as connection:
        window = Window(start=NOW - timedelta(days=2), end=NOW)
        sources.advance(connection, "contracts-finder", window)
    overlap = find(["contracts-finder"])[0].overlap
    assert overlap >= timedelta(hours=1)
    assert datetime.fromisoformat(command(url)["start"]) == NOW - overlap
    asked = command(url, since="30d")
    assert asked["since"] == "30d"
    assert "start" not in asked


def test_a_silence_that_a_portal_asked_for_outlives_a_restart(url: str) -> None:
    with database.writing(database.engine(url)) as connection:
        sources.hush(connection, "contracts-finder", NOW + timedelta(seconds=90))
    assert float(command(url)["quiet_for"]) == 90
    with database.writing(database.engine(url)) as connection:
        sources.hush(connection, "contracts-finder", NOW - timedelta(seconds=90))
    assert "quiet_for" not in command(url)


def test_loopback_is_open_only_for_a_mirror_on_this_machine(url: str) -> None:
    assert command(url)["LOOPBACK_ALLOWED"] == "False"
    there = {"contracts-finder": "https://mirror.example"}
    assert command(url, base_urls=there)["LOOPBACK_ALLOWED"] == "False"
    assert command(url, base_urls={"contracts-finder": HERE})["LOOPBACK_ALLOWED"] == "True"
    elsewhere = {"find-a-tender": HERE}
    assert command(url, base_urls=elsewhere)["LOOPBACK_ALLOWED"] == "False"


def test_an_unwritable_folder_stops_a_crawl_before_it_starts(
    url: str, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "var").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        crawl(url, ["sell2wales"], Options(), NOW)


def test_a_crawl_process_that_dies_is_a_failed_run_with_its_reason() -> None:
    source = find(["sell2wales"])[0]
    died = job._result(source, {}, -9)
    assert (died.verdict, died.tally.errors) == ("failed", 1)
    assert "signal 9" in died.reason
    assert "status 70" in job._result(source, {}, 70).reason


def test_the_summary_has_the_counts_of_the_contract() -> None:
    tally = Tally(requests=1, releases=2, new=3, changed=4, same=5, dropped=6, errors=7)
    row = Result(source="sell2wales", verdict="partial", reason="x", tally=tally).as_json()
    assert row == {
        "requests": 1, "releases": 2, "new": 3, "changed": 4, "same": 5, "dropped": 6,
        "errors": 7, "verdict": "partial",
    }  # fmt: skip


def saying(*lines: str) -> int:
    """The output of a process that has said these lines."""
    reads, writes = os.pipe()
    os.write(writes, "".join(line + "\n" for line in lines).encode())
    os.close(writes)
    return reads


def test_what_a_process_prints_beside_its_events_is_passed_over() -> None:
    heard: list[dict[str, Any]] = []
    summary: dict[str, Any] = {}

    async def listen(*lines: str) -> None:
        await job._read(saying(*lines), heard.append, summary)

    event = json.dumps({"event": "summary", "verdict": "ok"})
    asyncio.run(listen("Traceback (most recent call last):", "", event))
    assert summary["verdict"] == "ok"
    assert len(heard) == 1


def test_a_printed_number_does_not_break_the_run() -> None:
    async def listen() -> None:
        await job._read(saying("17", '["x"]'), lambda _: None, {})

    asyncio.run(listen())


def tenders(tmp_path: pathlib.Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, "-m", "crawler.cli", *words], environment(tmp_path))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["crawl", "find-a-tendr"], "did you mean find-a-tender"),
        (["crawl", "--since", "2999-01-01"], "lies in the future"),
        (["crawl", "--base-url", "sell2wales"], "write SOURCE=VALUE"),
    ],
)
def test_the_command_line_says_it_in_one_line_without_a_traceback(
    tmp_path: pathlib.Path, words: list[str], said: str
) -> None:
    done = tenders(tmp_path, *words)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.startswith("tenders: ")
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []
