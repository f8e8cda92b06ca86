"""A backup put back: whole, with everything that people asked for since, or not at all."""

from __future__ import annotations

import os
import pathlib
import re
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import fresh_database
from crawling import environment, run
from release_samples import CF, FTS, NOW, amended, batch, dump, read, release

from crawler import keys
from crawler.config import Settings
from crawler.errors import StoreError, TendersError, UsageError
from crawler.jobs import forgetting, keeping, restoring
from crawler.store import (
    consents,
    database,
    impact,
    membership,
    organisations,
    releases,
    subscribers,
    suppressions,
    tables,
)
from crawler.store.impact_tables import asks

SECRET = "0123456789abcdef" * 3
JANE = "jane.example@saltmarsh.example"
HOUR = timedelta(hours=1)


@pytest.fixture
def settings(database_url: str, tmp_path: pathlib.Path) -> Settings:
    """An installation whose database is `database_url`."""
    return Settings(home=tmp_path / "home", database_url=database_url, secret_key=SECRET)


@pytest.fixture
def engine(settings: Settings) -> Iterator[sa.Engine]:
    """Its database, with a notice that names Jane and three people."""
    made = database.engine(settings.database)
    keep(made, FTS, amended(release(1), description=f"Ask {JANE} about the choir."))
    with database.writing(made) as connection:
        for name in ("ada", "ben", "cid", "dot"):
            add(connection, f"{name}@reed.example")
    yield made
    made.dispose()
    server = sa.make_url(settings.database)
    if server.get_backend_name() == "postgresql":  # those that restores left
        admin = sa.create_engine(
            server.set(database="postgres", drivername="postgresql+psycopg"),
            isolation_level="AUTOCOMMIT",
        )
        with admin.connect() as connection:
            for name in databases(admin):
                if name.startswith(f"{server.database}_"):
                    connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
        admin.dispose()


def databases(admin: sa.Engine) -> list[str]:
    with admin.connect() as connection:
        return list(connection.execute(sa.text("SELECT datname FROM pg_database")).scalars())


def keep(engine: sa.Engine, source: str, *found: dict[str, Any]) -> None:
    with database.writing(engine) as connection:
        releases.keep(connection, batch(source, *found), read)


def add(connection: sa.Connection, email: str) -> None:
    subscribers.add(
        connection,
        email=email,
        organisation=None,
        subscription=subscribers.Subscription(),
        state="active",
        now=NOW,
    )


def backup(settings: Settings, engine: sa.Engine) -> pathlib.Path:
    path = database.backup(engine, settings.var / "backups", NOW)
    engine.dispose()
    return path


def states(engine: sa.Engine) -> dict[str, str]:
    with engine.connect() as connection:
        rows = connection.execute(sa.select(tables.subscribers.c.email, tables.subscribers.c.state))
        return {row.email.partition("@")[0]: row.state for row in rows}


def by_name(connection: sa.Connection, name: str) -> int:
    found = subscribers.find(connection, f"{name}@reed.example")
    assert found is not None
    return found.id


def mail(connection: sa.Connection, about: str, state: str, recipient: str = "x@x.example") -> None:
    connection.execute(
        tables.outbox.insert().values(
            about=about, message_id=f"<{about}@x.example>", recipient=recipient,
            domain="x.example", kind="staff", state=state, queued_at=NOW, due=NOW, attempts=0,
        )
    )  # fmt: skip


def test_a_backup_comes_back_as_it_was(settings: Settings, engine: sa.Engine) -> None:
    before, file = dump(engine), backup(settings, engine)
    keep(engine, CF, release(9))
    after = dump(engine)
    engine.dispose()
    done = restoring.restore(settings, file, NOW, replace=True)
    assert dump(engine) == before != after
    assert database.check(engine) == []
    assert (done.schema, done.carried and done.carried.missing) == (database.HEAD, ())
    assert done.aside is not None
    aside = sa.make_url(settings.database).set(database=done.aside)
    kept = database.connect(aside.render_as_string(False))
    assert dump(kept) == after, "what was replaced is kept"
    kept.dispose()
    keep(engine, CF, release(10))  # and the store goes on


def test_what_people_asked_for_since_holds_on(settings: Settings, engine: sa.Engine) -> None:
    with database.writing(engine) as connection:
        mail(connection, "sent since", "queued")
        mail(connection, "taken back since", "queued")
        mail(connection, "still waiting", "queued")
    file = backup(settings, engine)
    key = keys.suppression_key(settings)
    with database.writing(engine) as connection:
        membership.stop(connection, by_name(connection, "ada"))
        membership.pause(connection, by_name(connection, "ben"), NOW + HOUR)
        subscribers.remove(connection, "cid@reed.example")
        connection.execute(
            tables.subscribers.update()
            .where(tables.subscribers.c.email == "dot@reed.example")
            .values(slot=NOW, digest_at=NOW)
        )
        (at,) = connection.execute(sa.select(tables.opportunities.c.id)).scalars()
        for name in ("dot", "ada"):
            impact.asked(connection, by_name(connection, name), [at], NOW)
        suppressions.suppress(connection, key, "dot@reed.example", "hard", "no such user", NOW)
        outbox = tables.outbox
        connection.execute(
            outbox.update().where(outbox.c.about == "sent since").values(state="sent", sent_at=NOW)
        )
        connection.execute(outbox.delete().where(outbox.c.about == "taken back since"))
    forgetting.forget(engine, keys.forget_key(settings), JANE, NOW, settings.forgotten)
    engine.dispose()

    done = restoring.restore(settings, file, NOW + HOUR, replace=True)
    assert states(engine) == {"ada": "stopped", "ben": "paused", "cid": "paused", "dot": "active"}
    carried = done.carried
    assert carried is not None
    assert (carried.forgotten, carried.suppressed, carried.stopped, carried.paused) == (1, 1, 1, 1)
    assert (carried.missing, carried.sent) == (("cid@reed.example",), 2)
    assert done.forgotten.releases == 1
    assert JANE not in repr(dump(engine)["opportunities"])
    with engine.connect() as connection:
        assert suppressions.among(connection, key, ["dot@reed.example"]) == {"dot@reed.example"}
        rows = connection.execute(sa.select(tables.outbox.c.about, tables.outbox.c.state)).all()
        dot = subscribers.find(connection, "dot@reed.example")
        ben = subscribers.find(connection, "ben@reed.example")
        asked = connection.execute(sa.select(asks.c.asked_at, asks.c.answered_at)).all()
    assert [tuple(row) for row in asked] == [(NOW, None)] * 2, "nobody is asked twice"
    assert {(row.about, row.state) for row in rows} == {
        ("sent since", "sent"), ("taken back since", "held"), ("still waiting", "queued"),
    }  # fmt: skip
    assert dot is not None
    assert dot.slot == NOW
    assert ben is not None
    assert ben.paused_until == NOW + HOUR
    said = "\n".join(restoring.told(done))
    assert "tenders subscribers erase cid@reed.example" in said
    assert JANE not in said


@pytest.mark.parametrize("empty_one", [False, True])
def test_a_lost_database_comes_back_without_those_to_be_forgotten(
    settings: Settings, engine: sa.Engine, empty_one: bool
) -> None:
    file = backup(settings, engine)
    forgetting.forget(engine, keys.forget_key(settings), JANE, NOW, settings.forgotten)
    engine.dispose()
    lose(settings, empty_one=empty_one)
    done = restoring.restore(settings, file, NOW)
    assert (done.aside, done.carried, done.forgotten.releases) == (None, None, 1)
    assert JANE not in repr(dump(engine)["opportunities"])
    assert database.check(engine) == []


def lose(settings: Settings, *, empty_one: bool) -> None:
    """Drops the database; an empty one may be made in its place."""
    place = sa.make_url(settings.database)
    if place.get_backend_name() == "sqlite":
        for one in pathlib.Path(str(place.database)).parent.glob("tenders.sqlite*"):
            one.unlink()
        if empty_one:
            database.engine(settings.database).dispose()
        return
    admin = sa.create_engine(
        place.set(database="postgres", drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
    )
    with admin.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE "{place.database}" WITH (FORCE)')
        if empty_one:
            connection.exec_driver_sql(f'CREATE DATABASE "{place.database}"')
    admin.dispose()


def test_a_database_with_rows_is_not_replaced_unasked(
    settings: Settings, engine: sa.Engine
) -> None:
    file, before = backup(settings, engine), dump(engine)
    engine.dispose()
    with pytest.raises(UsageError, match=r"not empty.*--replace"):
        restoring.restore(settings, file, NOW)
    assert dump(engine) == before


def test_a_database_in_use_is_not_replaced(settings: Settings, engine: sa.Engine) -> None:
    file, before = backup(settings, engine), dump(engine)
    with engine.connect() as connection:
        connection.execute(sa.select(tables.runs)).all()
        with pytest.raises(UsageError, match=r"still use.*Nothing was changed. Stop"):
            restoring.restore(settings, file, NOW, replace=True)
    assert dump(engine) == before


def cut(file: pathlib.Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def garbled(file: pathlib.Path) -> None:
    data = bytearray(file.read_bytes())
    data[2048 : len(data) - 2048] = b"\xa5" * (len(data) - 4096)
    file.write_bytes(data)


def no_backup(file: pathlib.Path) -> None:
    file.write_text("<html>moved</html>")


def gone(file: pathlib.Path) -> None:
    file.unlink()


@pytest.mark.parametrize("harm", [cut, garbled, no_backup, gone])
def test_a_damaged_backup_changes_nothing(settings: Settings, engine: sa.Engine, harm: Any) -> None:
    file, before = backup(settings, engine), dump(engine)
    engine.dispose()
    harm(file)
    with pytest.raises(TendersError) as caught:
        restoring.restore(settings, file, NOW, replace=True)
    assert str(file.name) in str(caught.value) or "pg_restore" in str(caught.value)
    assert dump(engine) == before
    left = [one.name for one in settings.var.rglob("*restoring*")]
    assert left == []


def test_a_backup_of_a_newer_version_is_refused(settings: Settings, engine: sa.Engine) -> None:
    with database.writing(engine) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    file = backup(settings, engine)
    with database.writing(engine) as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{database.HEAD}'")
    before = dump(engine)
    engine.dispose()
    with pytest.raises(StoreError, match="newer"):
        restoring.restore(settings, file, NOW, replace=True)
    assert dump(engine) == before


def test_a_file_of_somebody_else_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "diary.sqlite"
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE diary (day TEXT)")
    with pytest.raises(StoreError, match=r"diary.sqlite is no backup of arts-tenders"):
        restoring.restore(Settings(home=tmp_path, secret_key=SECRET), path, NOW)
    assert not (tmp_path / "var/tenders.sqlite").exists()


@pytest.mark.postgresql
def test_a_backup_of_the_other_kind_is_told_the_way(
    tmp_path: pathlib.Path, sqlite_template: pathlib.Path, postgresql_server: str
) -> None:
    with fresh_database(postgresql_server) as url:
        settings = Settings(home=tmp_path, database_url=url, secret_key=SECRET)
        with pytest.raises(UsageError, match="tenders db copy"):
            restoring.restore(settings, sqlite_template, NOW)


def test_a_broken_database_is_replaced_and_kept(tmp_path: pathlib.Path) -> None:
    settings = Settings(home=tmp_path, secret_key=SECRET)
    engine = database.engine(settings.database)
    keep(engine, FTS, release(1))
    before, file = dump(engine), backup(settings, engine)
    path = tmp_path / "var/tenders.sqlite"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(UsageError, match=r"cannot be read.*--replace"):
        restoring.restore(settings, file, NOW)
    done = restoring.restore(settings, file, NOW, replace=True)
    assert dump(engine) == before
    assert done.aside is not None
    assert pathlib.Path(done.aside).read_bytes() == b"no database" * 1000
    assert any("could not be read" in line for line in restoring.told(done))


def test_an_older_schema_is_brought_up_to_date(tmp_path: pathlib.Path) -> None:
    from alembic import command
    from alembic.config import Config

    older = database.connect(f"sqlite:///{tmp_path / 'older.sqlite'}")
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    with older.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
    file = database.backup(older, tmp_path / "backups", NOW)
    settings = Settings(home=tmp_path, secret_key=SECRET)
    done = restoring.restore(settings, file, NOW)
    assert done.schema == "0004"
    assert database.check(database.engine(settings.database)) == []


def test_backups_during_a_crawl_restore_to_a_consistent_store(
    settings: Settings, engine: sa.Engine, tmp_path: pathlib.Path
) -> None:
    """Batches go in, processes merge and are amended, while backups are made one after another."""
    ready, finished = threading.Event(), threading.Event()

    def crawl() -> None:
        for number in range(2, 42):
            found = amended(release(number), title=f"Choir number {number}")
            keep(engine, FTS, found)
            keep(engine, CF, amended(found, status="cancelled") | {"id": f"{number}-b"})
            ready.set()
        finished.set()

    writer = threading.Thread(target=crawl)
    writer.start()
    ready.wait(30)
    files = []
    while not finished.is_set() and len(files) < 6:
        folder = tmp_path / f"backup-{len(files)}"
        files.append(database.backup(engine, folder, NOW))
    during = not finished.is_set()
    writer.join()
    assert len(files) >= 2 or during
    engine.dispose()
    counts = []
    for step, file in enumerate(files):
        restoring.restore(settings, file, NOW + step * HOUR, replace=True)
        assert database.check(engine) == []
        counts.append(consistent(engine))
        engine.dispose()
    assert counts == sorted(counts)
    assert counts[0] < 82, "the first was made before the crawl ended"


def consistent(engine: sa.Engine) -> int:
    """How many releases are stored; each batch whole, and all that is derived fits."""
    with engine.connect() as connection:
        stored = connection.execute(
            sa.select(tables.releases.c.ocid, tables.releases.c.process_id)
        ).all()
        titles = connection.execute(sa.select(tables.opportunities.c.title)).scalars().all()
        listed = connection.execute(
            sa.select(sa.func.count()).select_from(tables.listings)
        ).scalar()
        known = dict(connection.exec_driver_sql("SELECT term, doc FROM words").all())  # type: ignore[arg-type]
        assert listed == len(titles)
        assert known.get("choir", 0) == sum(title.startswith("Choir") for title in titles)
        assert all(row.process_id is not None for row in stored)
    if engine.dialect.name == "sqlite":
        with database.writing(engine) as connection:
            for index in ("opportunity_search", "opportunity_words"):
                words = f"INSERT INTO {index}({index}, rank) VALUES ('integrity-check', 1)"
                connection.exec_driver_sql(words)
    return len(stored)


def test_the_last_backups_are_kept_and_others_are_not_touched(tmp_path: pathlib.Path) -> None:
    settings = Settings(home=tmp_path, secret_key=SECRET, keep_backups=3)
    engine = database.engine(settings.database)
    folder = settings.var / "backups"
    folder.mkdir()
    for name in ("tenders-before-the-move.sqlite", "notes.txt", "tenders-20250101T000000Z.partial"):
        (folder / name).touch()
    os.utime(folder / "tenders-20250101T000000Z.partial", (0, 0))
    made = [keeping.backup(settings, engine, NOW + step * HOUR) for step in range(5)]
    left = {one.name for one in folder.iterdir()}
    assert left == {
        "tenders-before-the-move.sqlite", "notes.txt", *(one.name for one in made[2:])
    }  # fmt: skip


def test_a_backup_that_fails_costs_no_older_one(tmp_path: pathlib.Path) -> None:
    settings = Settings(home=tmp_path, secret_key=SECRET, keep_backups=1)
    engine = database.engine(settings.database)
    first = keeping.backup(settings, engine, NOW)
    (settings.var / "backups" / "tenders-20260401T100000Z.partial").mkdir()
    with pytest.raises(StoreError, match="was not written"):
        keeping.backup(settings, engine, NOW + HOUR)
    assert first.exists()


def test_a_full_disk_is_said_and_leaves_no_half_backup(tmp_path: pathlib.Path) -> None:
    """A limit on the size of files stands for the disk."""
    engine = database.engine(f"sqlite:///{tmp_path / 'var/tenders.sqlite'}")
    keep(engine, FTS, release(1))
    engine.dispose()
    done = subprocess.run(
        [sys.executable, "-m", "crawler.cli", "db", "backup"],
        env=environment(tmp_path),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert re.search(r"the backup was not written to .*Make room there", done.stderr)
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "var/backups").iterdir()) == []


def test_a_disk_that_fills_up_while_writing_is_said_and_harms_nothing(
    tmp_path: pathlib.Path,
) -> None:
    def upgrade(limit: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "crawler.cli", "db", "upgrade"],
            env=environment(tmp_path),
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
            capture_output=True,
            text=True,
            check=False,
        )

    failed = upgrade(60_000)
    assert failed.returncode == 1
    assert re.search(r"tenders: the database says: .*What was stored before stays", failed.stderr)
    assert "Traceback" not in failed.stderr
    assert upgrade(100_000_000).returncode == 0
    assert database.check(database.connect(f"sqlite:///{tmp_path / 'var/tenders.sqlite'}")) == []


def test_the_commands(tmp_path: pathlib.Path) -> None:
    home = tmp_path
    database.engine(f"sqlite:///{home / 'var/tenders.sqlite'}").dispose()

    def tenders(*words: str) -> subprocess.CompletedProcess[str]:
        return run(
            [sys.executable, "-m", "crawler.cli", *words],
            environment(home) | {"TENDERS_SECRET_KEY": SECRET},
        )

    made = tenders("db", "backup")
    file = pathlib.Path(made.stdout.strip())
    assert file.stat().st_mode & 0o077 == 0, "others cannot read people's addresses"
    done = tenders("db", "restore", str(file))
    assert done.returncode == 0, done.stderr
    assert re.search(r"in its place and sound", done.stdout)
    assert tenders("db", "check").returncode == 0


def test_who_is_no_partner_any_more_stays_out(settings: Settings, engine: sa.Engine) -> None:
    with database.writing(engine) as connection:
        for name in ("ada", "ben"):
            entry = organisations.Organisation(
                key=name * 4, name=name, name_key=name, subscriber_id=by_name(connection, name),
                opened=NOW,
            )  # fmt: skip
            organisations.add(connection, [entry])
    file = backup(settings, engine)
    with database.writing(engine) as connection:
        organisations.withdraw(connection, by_name(connection, "ada"))
    engine.dispose()
    restoring.restore(settings, file, NOW + HOUR, replace=True)
    with engine.connect() as connection:
        assert [one.name for one in organisations.listed(connection)] == ["ben"]
        ada = consents.of(connection, by_name(connection, "ada"))
    assert [one.event for one in ada][-1] == "withdrew"
