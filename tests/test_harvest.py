"""The main job on real notices: faulty, strict portals; nothing lost, doubled or asked too soon."""

from __future__ import annotations

import os
import pathlib
import random
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from conftest import Portals
from crawling import PACES, SOURCES, crawl, crawl_command, environment, export

SEEDS = [int(seed) for seed in os.environ.get("TENDERS_TEST_SEEDS", "1,2").split(",")]
WINDOW = os.environ.get("TENDERS_TEST_WINDOW", "1")
STRICT = ("--fresh", "--strict", "--window", WINDOW, "--penalty", "2", "--faults", "0.2")
COUNTS = ("new", "changed", "dropped", "errors")


PREFIXES = {
    "find-a-tender": "ocds-h6vhtk",
    "contracts-finder": "ocds-b5fd17",
    "public-contracts-scotland": "ocds-r6ebe6",
    "sell2wales": "ocds-kuma6s",
}


def ocids(rows: list[dict[str, Any]], source: str) -> set[str]:
    """The exported OCIDs that are of `source`."""
    return {ocid for row in rows for ocid in row["ocids"] if ocid.startswith(PREFIXES[source])}


def refused_periods_kept(log: str) -> list[str]:
    """Requests that were made while the portal had asked for silence."""
    quiet_until = dict.fromkeys(SOURCES, 0.0)
    told = {"429": 1.0, "503": 1.0, "403": 2.0}
    broken: list[str] = []
    for line in log.splitlines():
        method, path, status, at = line.split()
        source = path.split("/")[1]
        if method != "GET" or source not in quiet_until:
            continue
        if float(at) < quiet_until[source]:
            broken.append(line)
        if status in told:
            quiet_until[source] = float(at) + told[status]
    return broken


@pytest.mark.parametrize(
    ("seed", "database_url"),
    [(seed, "sqlite") for seed in SEEDS]
    + [pytest.param(SEEDS[0], "postgresql", marks=pytest.mark.postgresql)],
    indirect=["database_url"],
)
def test_strict_and_faulty_portals_are_harvested_whole(
    seed: int, database_url: str, replay: Callable[..., Portals], tmp_path: pathlib.Path
) -> None:
    portals = replay(*STRICT, "--seed", str(seed))
    env = environment(tmp_path, database_url)
    paces = PACES | {"find-a-tender": f"12/{WINDOW}"}
    first = crawl(portals.url, env, "--since", "40d", paces=paces)
    rows = export(env)
    for source in SOURCES:
        assert ocids(rows, source) == portals.truth(source), source
        assert first[source]["errors"] == 0
    assert refused_periods_kept(portals.read("/_log")) == []

    second = crawl(portals.url, env, "--since", "40d", paces=paces)
    for source in SOURCES:
        assert {name: second[source][name] for name in COUNTS} == dict.fromkeys(COUNTS, 0), source
        assert second[source]["same"] == second[source]["releases"]
    assert export(env) == rows


def test_amendment_and_cancellation_make_versions(
    database_url: str, replay: Callable[..., Portals], tmp_path: pathlib.Path
) -> None:
    portals = replay("--fresh")
    env = environment(tmp_path, database_url)
    crawl(portals.url, env, "--since", "40d")
    before = {ocid: row for row in export(env) for ocid in row["ocids"]}
    chosen = {
        source: next(
            ocid
            for ocid in sorted(portals.truth(source))
            if before[ocid]["stage"] == "tender" and before[ocid]["deadline"]
        )
        for source in SOURCES
    }
    noon = datetime.now(UTC).replace(microsecond=0, hour=12, minute=0, second=0)
    moved = noon + timedelta(days=50)
    for source, ocid in chosen.items():
        portals.post(f"/_amend?portal={source}&ocid={ocid}&deadline={moved:%Y-%m-%dT%H:%M:%SZ}")
    crawl(portals.url, env)
    amended = {ocid: row for row in export(env) for ocid in row["ocids"]}
    for source, ocid in chosen.items():
        portals.post(f"/_cancel?portal={source}&ocid={ocid}")
    crawl(portals.url, env)
    cancelled = {ocid: row for row in export(env) for ocid in row["ocids"]}
    assert before.keys() == amended.keys() == cancelled.keys()
    for ocid in chosen.values():
        old, new, last = before[ocid], amended[ocid], cancelled[ocid]
        assert old["id"] == new["id"] == last["id"]
        assert (new["version"], last["version"]) == (old["version"] + 1, old["version"] + 2)
        assert new["deadline"] == f"{moved:%Y-%m-%dT%H:%M:%SZ}"
        assert last["status"] == "cancelled"
        moves = [change for change in last["changes"] if change["field"] == "deadline"]
        assert moves[-1]["old"].replace("+00:00", "Z") == old["deadline"]
        assert [change["field"] for change in last["changes"]][-2:] == ["deadline", "status"]
        assert all(change["material"] for change in last["changes"][-2:])


def volatile_free(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: str(row["id"]))


def test_killed_at_random_moments_ends_as_undisturbed(
    replay: Callable[..., Portals], tmp_path: pathlib.Path
) -> None:
    portals = replay("--fresh")
    calm = environment(tmp_path / "calm")
    crawl(portals.url, calm, "--since", "40d")
    rough = environment(tmp_path / "rough")
    chance = random.Random(7)
    command = crawl_command(portals.url, "--since", "40d")
    for _ in range(int(os.environ.get("TENDERS_TEST_KILLS", "6"))):
        process = subprocess.Popen(
            command, env=rough, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(chance.uniform(0.5, 6))
        process.send_signal(signal.SIGKILL)
        process.wait()
    crawl(portals.url, rough, "--since", "40d")
    assert volatile_free(export(rough)) == volatile_free(export(calm))
