"""How fast releases get through the whole pipeline, beside two bare baselines in the same run.

    python benchmarks/ingest.py [--multiply 50] [--shared ../shared] [--database URL]

The replayed portals run on one core, everything measured on another. Printed: releases a second for
Scrapy fetching the same pages and doing nothing; for decoding, compressing and bulk-inserting them;
for a first ``tenders crawl`` (decoded, judged, placed, merged, kept) and for a second one, in which
nothing has changed; and how memory grew against the largest response.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
import zlib
from collections.abc import Callable

import msgspec

from crawler import ocds

SOURCES = ("find-a-tender", "contracts-finder", "public-contracts-scotland", "sell2wales")
DAYS = 40
HERE = pathlib.Path(__file__).resolve().parent


def pinned(core: int) -> Callable[[], None]:
    """What makes a subprocess stay on one core."""
    cores = sorted(os.sched_getaffinity(0))
    return lambda: os.sched_setaffinity(0, {cores[core % len(cores)]})


def serve(shared: pathlib.Path, multiply: int) -> tuple[subprocess.Popen[str], str]:
    """The replay with `multiply` copies of every notice."""
    script = shared / "portals" / "portals.py"
    process = subprocess.Popen(
        [sys.executable, str(script), "--port", "0", "--fresh", "--multiply", str(multiply)],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=pinned(1),
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def bare_fetch(url: str) -> tuple[float, dict[str, int]]:
    """Seconds and figures of Scrapy fetching every page and doing nothing."""
    command = [sys.executable, "-m", "scrapy", "runspider", str(HERE / "bare.py")]
    command += ["-a", f"base={url}", "-a", f"days={DAYS}", "-s", "LOOPBACK_ALLOWED=1"]
    env = os.environ | {"SCRAPY_SETTINGS_MODULE": "crawler.settings"}
    started = time.perf_counter()
    done = subprocess.run(
        command, env=env, stdout=subprocess.PIPE, text=True, check=True, preexec_fn=pinned(0)
    )
    return time.perf_counter() - started, json.loads(done.stdout.splitlines()[-1])


def bare_store(shared: pathlib.Path, multiply: int, folder: pathlib.Path) -> tuple[float, int]:
    """Seconds and releases of decoding, compressing and bulk-inserting, without anything else."""
    lines = [
        line.strip().replace(b": Infinity", b": 0")
        for source in SOURCES
        for line in (shared / "portals/data" / f"{source}.jsonl").open("rb")
    ] * multiply
    decoder = msgspec.json.Decoder(ocds.Release)
    connection = sqlite3.connect(folder / "bare.sqlite")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE releases (id INTEGER PRIMARY KEY, ocid, date, raw)")
    pinned(0)()
    started = time.perf_counter()
    for at in range(0, len(lines), 100):
        rows = []
        for line in lines[at : at + 100]:
            release = decoder.decode(line)
            rows.append((release.ocid, release.date, zlib.compress(line, 1)))
        connection.executemany("INSERT INTO releases (ocid, date, raw) VALUES (?, ?, ?)", rows)
        connection.commit()
    spent = time.perf_counter() - started
    connection.close()
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    return spent, len(lines)


def crawl(url: str, home: pathlib.Path, database: str, *options: str) -> tuple[float, dict, int]:
    """Seconds, summary and peak memory (bytes, of the largest process) of one ``tenders crawl``."""
    command = [sys.executable, "-m", "crawler.cli", "crawl", "--json", *options]
    for source in SOURCES:
        command += ["--base-url", f"{source}={url}/{source}", "--pace", f"{source}=100000/1"]
    env = os.environ | {"TENDERS_HOME": str(home)}
    if database:
        env["TENDERS_DATABASE_URL"] = database
    script = (
        "import resource, subprocess, sys;"
        "code = subprocess.run(sys.argv[1:]).returncode;"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024);"
        "sys.exit(code)"
    )
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script, *command],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        preexec_fn=pinned(0),
    )
    spent = time.perf_counter() - started
    *_, summary, peak = done.stdout.splitlines()
    return spent, json.loads(summary), int(peak)


def report(label: str, releases: int, seconds: float, base: float) -> float:
    """Prints one line; the rate."""
    rate = releases / seconds
    ratio = f"  {rate / base:.2f} of bare fetching" if base else ""
    print(f"{label:58} {rate:8.0f} releases/s{ratio}")
    return rate


def main() -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--multiply", type=int, default=50)
    options.add_argument("--shared", type=pathlib.Path, default=HERE.parents[1] / "shared")
    options.add_argument(
        "--database", default="", help="SQLAlchemy URL; a new SQLite file if empty"
    )
    chosen = options.parse_args()
    server, url = serve(chosen.shared, chosen.multiply)
    try:
        with urllib.request.urlopen(f"{url}/_truth") as answer:
            total = sum(portal["releases"] for portal in json.loads(answer.read()).values())
        with tempfile.TemporaryDirectory() as name:
            measure(chosen, url, total, pathlib.Path(name))
    finally:
        server.kill()


def measure(chosen: argparse.Namespace, url: str, total: int, folder: pathlib.Path) -> None:
    """Runs everything once, baselines first."""
    fetching, pages = bare_fetch(url)
    print(f"{total} releases, {pages['pages']} pages, {pages['bytes'] / 1e6:.0f} MB")
    base = report("Scrapy fetching the same pages, doing nothing", total, fetching, 0)
    storing, stored = bare_store(chosen.shared, chosen.multiply, folder)
    report("decode, compress, bulk insert (SQLite)", stored, storing, base)
    small = folder / "small"
    _, _, resting = crawl(url, small, "", "--since", f"{DAYS}d", "--limit", "1")
    first, summary, peak = crawl(url, folder, chosen.database, "--since", f"{DAYS}d")
    read = sum(one["releases"] for one in summary.values())
    report("tenders crawl, first time: everything", read, first, base)
    second, summary, second_peak = crawl(url, folder, chosen.database, "--since", f"{DAYS}d")
    read = sum(one["same"] for one in summary.values())
    report("tenders crawl, second time: nothing changed", read, second, base)
    for label, value in (("first", peak), ("second", second_peak)):
        growth = (value - resting) / pages["largest"]
        print(
            f"memory of the {label} crawl's largest process {value / 1e6:.0f} MB, above an idle one"
            f" {growth:.1f} times the largest response ({pages['largest'] / 1e6:.1f} MB)"
        )
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = used.ru_utime + used.ru_stime
    print(f"processor time of all subprocesses: {spent:.0f} s")


if __name__ == "__main__":
    main()
