"""Runs ``tenders`` as people do, in a folder of the test's own, against a replay of the portals."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import Any

from crawler.jobs import processes

SOURCES = ("find-a-tender", "contracts-finder", "public-contracts-scotland", "sell2wales")
UNHURRIED = dict.fromkeys(SOURCES, "1000/1")
"""For a replay without limits."""

PACES = {
    "find-a-tender": "12/3",
    "contracts-finder": "20/10,2",
    "public-contracts-scotland": "50/1",
    "sell2wales": "50/1",
}


def environment(home: pathlib.Path, database_url: str | None = None) -> dict[str, str]:
    """The environment of one installation, with nothing of the caller's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TENDERS_")}
    kept |= {"TENDERS_HOME": str(home)}
    return kept | ({"TENDERS_DATABASE_URL": database_url} if database_url else {})


def crawl_command(base: str, *options: str, paces: Mapping[str, str] = UNHURRIED) -> list[str]:
    """``tenders crawl`` of all four portals as replayed under `base`."""
    command = [sys.executable, "-m", "crawler.cli", "crawl", "--json"]
    for source in SOURCES:
        command += ["--base-url", f"{source}={base}/{source}"]
    for source, pace in paces.items():
        command += ["--pace", f"{source}={pace}"]
    return [*command, *options]


_WARM = ExitStack()
atexit.register(_WARM.close)


def run(command: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs to the end, with nothing to read; standard output and error as text.

    What would be started as ``python -m crawler.cli`` is a fork of a process that has it imported:
    that is quicker, and `test_processes.py` holds the two equal.
    """
    if command[:2] != [sys.executable, "-m"]:
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if processes._forking.path is None:
        _WARM.enter_context(processes.kept_warm("crawler.cli.app"))
    with TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
        files = os.open(os.devnull, os.O_RDONLY), output.fileno(), errors.fileno()

        async def ended() -> int:
            begun = await processes._fork(command[2], command[3:], env, files, files[0])
            return await begun.wait()

        status = asyncio.run(ended())
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(command, status, output.read(), errors.read())


def crawl(
    base: str, env: dict[str, str], *options: str, paces: Mapping[str, str] = UNHURRIED
) -> dict[str, Any]:
    """Crawls and gives the JSON summary; fails with the log if the crawl did."""
    done = run(crawl_command(base, *options, paces=paces), env)
    assert done.returncode == 0, done.stdout + done.stderr
    summary: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return summary


def export(env: dict[str, str]) -> list[dict[str, Any]]:
    """Every opportunity as ``tenders export --format jsonl`` writes it."""
    done = run([sys.executable, "-m", "crawler.cli", "export", "--format", "jsonl"], env)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
