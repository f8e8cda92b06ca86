"""Two crawls of one source know of each other, and the pace holds from one crawl to the next."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from crawling import environment, run

from crawler.jobs import crawl
from crawler.sources import load
from crawler.store import database, leases, runs
from crawler.store.runs import Tally

NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TENDERS = [sys.executable, "-m", "crawler.cli"]


def test_the_second_crawl_says_who_crawls_and_asks_nothing(tmp_path: pathlib.Path) -> None:
    env = environment(tmp_path)
    engine = database.engine(f"sqlite:///{tmp_path / 'var' / 'tenders.sqlite'}")
    now = datetime.now(UTC)
    with database.writing(engine) as connection:
        leases.take(connection, "source:find-a-tender", leases.own_name(), now, now + MINUTE)
    with socket.socket() as portal:  # whoever asks it would be noticed, and waits in vain
        portal.bind(("127.0.0.1", 0))
        portal.listen()
        portal.setblocking(False)
        base = f"http://127.0.0.1:{portal.getsockname()[1]}"
        done = run(
            [*TENDERS, "crawl", "--json", "find-a-tender", "--base-url", f"find-a-tender={base}"],
            env,
        )
        with pytest.raises(BlockingIOError):
            portal.accept()
    assert done.returncode == 1
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["find-a-tender"]["verdict"] == "failed"
    assert summary["find-a-tender"]["requests"] == 0
    said = f"process {os.getpid()} on {socket.gethostname()} has been crawling it since"
    assert said in done.stderr
    with engine.connect() as connection:
        assert runs.latest(connection) == {}, "it is no run: the source is not ill"
    engine.dispose()


def test_a_crawl_that_was_killed_here_is_not_waited_for(engine: sa.Engine) -> None:
    body = "import time; print(flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", body], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    holder = leases.own_name().replace(str(os.getpid()), str(process.pid), 1)
    with database.writing(engine) as connection:
        leases.take(connection, "source:x", holder, NOW, NOW + MINUTE)

    def never(_: float) -> None:
        raise AssertionError("it waited")

    assert leases.alive(holder)
    with leases.holding(engine, "source:x", MINUTE, lambda: NOW, never) as lease:
        assert lease is None
    with contextlib.closing(process.stdout):
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert leases.alive(holder) is False
    assert leases.alive("elsewhere:1:2:3") is None
    with leases.holding(engine, "source:x", MINUTE, lambda: NOW, never) as lease:
        assert lease is not None


def test_a_lease_says_since_when_through_renewals(engine: sa.Engine) -> None:
    for minutes in (0, 0.5, 1):
        at = NOW + minutes * MINUTE
        with database.writing(engine) as connection:
            assert leases.take(connection, "source:x", "me", at, at + MINUTE) is None
    with database.writing(engine) as connection:
        held = leases.held(connection, "source:x", NOW + MINUTE)
        assert held is not None
        assert held.since == NOW
        later = NOW + 3 * MINUTE
        assert leases.held(connection, "source:x", later) is None
        leases.take(connection, "source:x", "you", later, later + MINUTE)
        taken = leases.held(connection, "source:x", later)
        assert taken is not None
        assert taken.since == later


@pytest.mark.parametrize(
    ("ended", "requests", "mirrored", "quiet"),
    [
        (30, 4, False, 90.0),  # 12 in 120 s: the last crawl's requests count for two minutes
        (None, 0, False, 120.0),  # killed: nobody knows when it asked last
        (30, 0, False, None),
        (130, 4, False, None),
        (30, 4, True, None),
    ],
)
def test_the_pace_holds_from_one_crawl_to_the_next(
    engine: sa.Engine, ended: int | None, requests: int, mirrored: bool, quiet: float | None
) -> None:
    with database.writing(engine) as connection:
        pk = runs.begin(connection, "find-a-tender", NOW - timedelta(minutes=9))
        if ended is not None:
            at = NOW - timedelta(seconds=ended)
            runs.finish(connection, pk, Tally(requests=requests), "ok", "", at)
    options = crawl.Options()
    if mirrored:
        options = crawl.Options(base_urls={"find-a-tender": "http://127.0.0.1:1"})
    command = crawl._command(engine, load()["find-a-tender"], options, NOW)
    told = [word.partition("=")[2] for word in command if word.startswith("quiet_for=")]
    assert [float(one) for one in told] == ([] if quiet is None else [quiet])


def test_nothing_of_a_lease_stays_after_the_crawl(engine: sa.Engine) -> None:
    with leases.holding(engine, "source:x", MINUTE, lambda: NOW, time.sleep) as lease:
        assert lease is not None
    with engine.connect() as connection:
        assert leases.held(connection, "source:x", NOW) is None
