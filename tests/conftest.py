"""Fixtures: a folder for one installation, a database of each kind, the replayed portals."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import scratch
import sqlalchemy as sa
from playwright.sync_api import Browser, sync_playwright
from postgresql import programs, serving

from crawler.store import database

pytest_plugins = ("web_app", "partner_samples")

scratch.use()

SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared"
CI = os.environ.get("CI") == "true"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"


@pytest.fixture(scope="session")
def shared() -> pathlib.Path:
    """The folder of real notices that lies beside the project, where there is one."""
    if not SHARED.is_dir():
        pytest.skip("../shared is not here")
    return SHARED


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL server of this test session's own; the URL of its maintenance database."""
    if programs() is None:
        if CI:
            pytest.fail("PostgreSQL is not installed, and in CI these tests never skip")
        pytest.skip("PostgreSQL's server programs (initdb, pg_ctl) are not installed")
    with serving(scratch.FOLDER) as server:
        yield server.url


@contextmanager
def fresh_database(server: str, template: str = "template1") -> Iterator[str]:
    """A copy of a database on the server, dropped afterwards; the copy of `template1` is empty."""
    name = f"t{os.getpid()}_{os.urandom(4).hex()}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    url = server.rsplit("/", 1)[0] + f"/{name}"
    try:
        yield url
    finally:
        database.connect(url).dispose()
        with admin.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> Iterator[str]:
    """The name of a database with the schema in it, to be copied: migrating costs far more."""
    with fresh_database(postgresql_server) as url:
        database.engine(url).dispose()
        yield url.rsplit("/", 1)[1]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A file with the schema in it, to be copied."""
    path = tmp_path_factory.mktemp("template") / "tenders.sqlite"
    made = database.engine(f"sqlite:///{path}")
    with made.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    made.dispose()
    return path


BOTH_KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(params=BOTH_KINDS)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[str]:
    """The URL of a database without a schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'tenders.sqlite'}"
        return
    with fresh_database(request.getfixturevalue("postgresql_server")) as url:
        yield url


@pytest.fixture(params=BOTH_KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[str]:
    """The URL of a database with the schema and no rows: tests that ask run on both kinds."""
    if request.param == "sqlite":
        path = tmp_path / "tenders.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgresql_server")
    with fresh_database(server, request.getfixturevalue("postgresql_template")) as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """A ready engine on a database without rows."""
    made = database.engine(database_url)
    yield made
    made.dispose()


class Portals:
    """The replayed portals of ../shared, as a process of its own."""

    def __init__(self, url: str) -> None:
        self.url = url

    def read(self, path: str) -> str:
        """What the replay answers under `path`."""
        with urllib.request.urlopen(self.url + path) as answer:
            return str(answer.read().decode())

    def post(self, path: str) -> None:
        """Asks the replay to do something, such as `/_amend?…`."""
        with urllib.request.urlopen(urllib.request.Request(self.url + path, method="POST")):
            pass

    def truth(self, source: str) -> set[str]:
        """Every OCID that a complete harvest of `source` holds."""
        return set(self.read(f"/_truth/{source}").split())


@pytest.fixture
def replay(shared: pathlib.Path) -> Iterator[Callable[..., Portals]]:
    """Starts `portals.py` with the given options; stopped when the test ends."""
    running: list[subprocess.Popen[str]] = []

    def start(*options: str) -> Portals:
        command = [sys.executable, str(shared / "portals/portals.py"), "--port", "0", *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        return Portals(process.stdout.readline().strip())

    yield start
    for process in running:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window. In CI it must be there."""
    if not pathlib.Path(CHROMIUM).exists():
        if CI:
            pytest.fail("chromium is not installed, and in CI these tests never skip")
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()
