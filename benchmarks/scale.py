"""Many domains, several workers: how near the bound that the domains' own slowness sets.

    python benchmarks/scale.py              one worker on ten domains, four workers on forty
    python benchmarks/scale.py --simulate   a national year, from unit figures; measures nothing

Domains are simulated (`domains.py`), on this machine; PostgreSQL is started for the occasion. The
bound of a domain is its requests, one after the other, at its latency; ten domains at once have
the same bound as one. The census is the domains' own: never two requests at a time to one.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from domains import rows  # noqa: E402
from postgresql import serving  # noqa: E402
from sqlalchemy import Engine  # noqa: E402

from crawler import config  # noqa: E402
from crawler.jobs import work_queue  # noqa: E402
from crawler.jobs.errands import Job  # noqa: E402
from crawler.store import database  # noqa: E402
from crawler.store import work_queue as tables  # noqa: E402


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one measurement saw: seconds from the queueing of the jobs to the last one done.

    A worker starts once and works on, so the jobs are queued when all workers are ready. `asking`
    are the seconds from the first request to the last.
    Processor seconds are those of the workers with all that they began, of the database's server,
    of the simulated domains, and of whatever else ran on the machine.
    """

    seconds: float
    asking: float
    requests: int
    most: int
    failed: int
    workers: float
    server: float
    domains: float
    others: float

    @property
    def page(self) -> float:
        """Processor seconds that one request took, of all but strangers' processes."""
        return (self.workers + self.server + self.domains) / self.requests


def worked(pid: int) -> float:
    """Processor seconds of a process and of those of its children that have ended."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")


def busy() -> float:
    """Processor seconds of the whole machine."""
    user, nice, system, _, _, irq, soft, *_ = map(
        int, Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    )
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")


def used() -> float:
    """Processor seconds of the children that have been waited for."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


@contextmanager
def simulated(domains: int, latency: float) -> Iterator[tuple[int, int]]:
    """The domains, running; their port, and the number of their process."""
    how = ["--domains", str(domains), "--latency", str(latency)]
    server = subprocess.Popen(
        [sys.executable, str(HERE / "domains.py"), *how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        yield int(server.stdout.readline()), server.pid
    finally:
        server.kill()
        server.communicate()


def until_ready(engine: Engine, pids: list[int]) -> None:
    """Waits until these workers ask for jobs, and the processes that they fork from are warm."""
    alive, before, now = 0, -1.0, 0.0
    while alive < len(pids) or now - before > 0.1:
        time.sleep(1)
        with engine.connect() as connection:
            alive = tables.workers(connection, work_queue.SILENT)
        before, now = now, sum(map(worked, pids)) + sum(map(worked, below(pids)))


def below(pids: list[int]) -> list[int]:
    """The processes that these began."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) in pids:
                found.append(int(path.parent.name))
    return found


def measure(workers: int, numbers: range, options: argparse.Namespace) -> Seen:
    """Has `workers` do a crawl of each domain, `--each` at once each."""
    with (
        tempfile.TemporaryDirectory() as folder,
        simulated(max(numbers), options.latency) as (port, pid),
        serving() as server,
    ):
        (Path(folder) / "sources.toml").write_text(rows(numbers, port, options.requests))
        os.environ |= {"TENDERS_HOME": folder, "TENDERS_DATABASE_URL": server.url}
        settings = config.load()
        engine = database.engine(settings.database)
        command = [
            sys.executable,
            "-m",
            "crawler.cli",
            "worker",
            "--concurrency",
            str(options.each),
        ]
        spent = [used(), worked(server.pid), worked(pid), busy()]
        running = [
            subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            for _ in range(workers)
        ]
        until_ready(engine, [process.pid for process in running])
        began = time.monotonic()
        for number in numbers:
            limit, lock = timedelta(hours=1), f"domain:{number}"
            one = Job(f"crawl:sim-{number}", "0 0 1 1 *", lambda _: "", limit, lock=lock)
            work_queue.defer(settings, one, datetime.now(UTC))
        end = began + options.most
        states = ["todo"]
        while {"todo", "doing"} & set(states) and time.monotonic() < end:
            time.sleep(0.5)
            with engine.connect() as connection:
                states = [str(row["status"]) for row in tables.listed(connection, 1000)]
        seconds = time.monotonic() - began
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            process.wait(120)
        engine.dispose()  # the server counts what ended
        time.sleep(0.5)
        after = [used(), worked(server.pid), worked(pid), busy()]
        ours = [now - then for then, now in zip(spent, after, strict=True)]
        with urllib.request.urlopen(f"http://127.0.1.1:{port}/_census") as answer:
            census = json.loads(answer.read()).values()
    return Seen(
        seconds=seconds,
        asking=max(one["last"] for one in census) - min(one["first"] for one in census),
        requests=sum(one["requests"] for one in census),
        most=max(one["most"] for one in census),
        failed=sum(state != "succeeded" for state in states),
        workers=ours[0],
        server=ours[1],
        domains=ours[2],
        others=ours[3] - sum(ours[:3]),
    )


def told(name: str, seen: Seen, bound: float) -> None:
    """A line about one measurement."""
    print(
        f"{name}: {seen.requests} requests in {seen.seconds:.1f} s,"
        f" {seen.requests / seen.seconds:.1f} a second; bound {bound:.1f} s,"
        f" reached {bound / seen.seconds:.2f} of it, {bound / seen.asking:.2f} from the first"
        f" request to the last ({seen.asking:.1f} s);"
        f" at most {seen.most} at a time to one domain; {seen.failed} jobs not done"
    )
    cores = os.cpu_count() or 1
    free = cores - seen.others / seen.seconds
    print(
        f"  processor seconds: workers {seen.workers:.1f}, database {seen.server:.1f}, domains"
        f" {seen.domains:.1f}, strangers {seen.others:.1f}; {seen.page * 1000:.1f} ms a request,"
        f" so that the {free:.1f} of {cores} cores left by strangers could do"
        f" {free / seen.page:.0f} a second"
    )


NATION = {"councils": 400, "portals": 4, "releases": 1_000_000, "subscribers": 20_000}
"""The simulated year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A kind of work: how much of it a year has, and core-seconds for each."""

    name: str
    units: float
    cost: float

    @property
    def hours(self) -> float:
        """Core-hours in the year."""
        return self.units * self.cost / 3600


def nation(options: argparse.Namespace) -> list[Work]:
    """A national year's work: the portals four times a day, councils monthly, digests weekly."""
    crawls = NATION["portals"] * 4 * 365 + NATION["councils"] * 12
    return [
        Work(name="releases read and kept", units=NATION["releases"], cost=options.release),
        Work(name="starts of crawls", units=crawls, cost=options.start),
        Work(name="council pages", units=NATION["councils"] * 12 * 60, cost=options.page),
        Work(name="matching", units=NATION["releases"] * options.match_share, cost=options.match),
        Work(name="digests", units=NATION["subscribers"] * 52, cost=options.digest),
        Work(name="mails handed over", units=NATION["subscribers"] * 52, cost=options.mail),
    ]


def simulate(options: argparse.Namespace) -> None:
    """Says where one machine ends, and what the next costs."""
    year = nation(options)
    print("A national year:", ", ".join(f"{count:,} {name}" for name, count in NATION.items()))
    for work in year:
        cost = f"{work.units:>12,.0f} x {work.cost * 1000:8.2f} ms = {work.hours:7.1f} core-hours"
        print(f"  {work.name:22} {cost}")
    total = sum(work.hours for work in year)
    share = total / (options.cores * 365 * 24)
    print(f"  together {total:.0f} core-hours: {share:.1%} of a year of {options.cores} cores")
    # What decides is the busiest hour. One process writes the digests and hands them over.
    each = options.digest + options.mail
    due = NATION["subscribers"] * options.peak
    print(f"{due:,.0f} digests due in one hour take {due * each / 60:.0f} minutes of one process,")
    to_one = due * options.largest
    waits = to_one / options.mails_per_minute
    print(f"  and {waits:.0f} minutes at {options.mails_per_minute} a minute to one domain,"
          f" to which {to_one:,.0f} of them go")  # fmt: skip
    ends = 3600 / each / options.peak
    paced = 60 * options.mails_per_minute / options.largest / options.peak
    print("If a digest must leave in the hour it is due, one machine ends at")
    print(f"  {ends:,.0f} subscribers by its processor,")
    print(f"  {paced:,.0f} by that pace (TENDERS_MAILS_PER_MINUTE)")
    council = (60 * options.page + options.start) * NATION["councils"] / 3600
    print(f"Councils: {council:.1f} core-hours a month; at a page a second a site takes a minute")
    one = options.start + 50 * options.release
    print(
        f"A further core of a worker takes {3600 / one:,.0f} crawls of 50 releases an hour. Writing"
    )
    print("  and handing over digests stays with one process at a time, by its lease.")


def main() -> None:
    """Measures, or simulates."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--simulate", action="store_true", help="a national year, on paper")
    parser.add_argument("--each", type=int, default=10, help="domains for each worker")
    parser.add_argument("--requests", type=int, default=250, help="of each domain; 50 or more")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds")
    parser.add_argument("--most", type=float, default=170, help="seconds for one measurement")
    parser.add_argument("--only", choices=("one", "four"), help="one of the two measurements")
    unit = parser.add_argument_group("unit figures in core-seconds, as other benchmarks measured")
    for name, default in (
        ("release", 1 / 528),  # ingest.py: a first crawl, on one core
        ("start", 0.3),  # a crawl's two processes in a worker; 5.3 where the scheduler begins them
        ("page", 0.030),  # a council's page of 52 kB through BeautifulSoup
        ("match", 0.0046),  # match.py: 77 of 20,000 subscriptions an opportunity, and storing them
        ("digest", 0.0275),  # digest.py: from stored opportunities to bytes
        ("mail", 1 / 340),  # SMTP to a local server
    ):
        unit.add_argument(f"--{name}", type=float, default=default, help=f"default {default:.4f}")
    parser.add_argument("--match-share", type=float, default=0.2, help="releases worth matching")
    parser.add_argument("--peak", type=float, default=0.5, help="digests due in the busiest hour")
    parser.add_argument("--largest", type=float, default=0.4, help="mails to the largest domain")
    parser.add_argument("--mails-per-minute", type=int, default=60)
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.simulate:
        simulate(options)
        return
    bound = options.requests * options.latency
    if options.only != "four":
        seen = measure(1, range(1, options.each + 1), options)
        told(f"one worker, {options.each} domains", seen, bound)
    if options.only != "one":
        seen = measure(4, range(1, 4 * options.each + 1), options)
        told(f"four workers, {4 * options.each} domains", seen, bound)


if __name__ == "__main__":
    main()
