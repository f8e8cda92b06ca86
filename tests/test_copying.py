"""One database copied into another, of the same kind or the other: exactly, or not at all."""

from __future__ import annotations

import pathlib
import sqlite3
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from conftest import fresh_database
from crawling import environment, run
from release_samples import CF, FTS, NOW, amended, batch, read, release

from crawler.errors import StoreError, UsageError
from crawler.store import copying, database, forgotten, releases, search, subscribers, tables

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
ODD = {"a": [1, 2.5, -0.0, 1e22, 9007199254740993, 0.1 + 0.2, 1e-7], "b": None, "ü": {"z": True}}


def add(connection: sa.Connection, email: str) -> None:
    """A person who wants everything in London, up to an odd sum."""
    wish = subscribers.Subscription(regions=("TLI",), value_max=Decimal("1234.56"))
    subscribers.add(connection, email=email, organisation=None, subscription=wish, now=NOW)


def fill(engine: sa.Engine, how_many: int = 3) -> None:
    """Opportunities with history, a person, a hash, and values that databases store differently."""
    found = [
        amended(release(number), title=f"Choir nº {number} – “sing”", value={"amount": 1234.56})
        for number in range(1, how_many + 1)
    ]
    with database.writing(engine) as connection:
        releases.keep(connection, batch(FTS, *found, b'{"ocid": "broken"}'), read)
        releases.keep(connection, batch(CF, amended(found[0], status="cancelled")), read)
        add(connection, "jane@reed.example")
        forgotten.add(connection, b"k" * 32, "gone@reed.example", NOW)
        connection.execute(
            tables.runs.insert().values(
                source=FTS,
                started=datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC),
                new=2**31 - 1,
                first_errors=ODD,
                unmodified=False,
            )
        )


@pytest.fixture(params=KINDS)
def target_url(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[str]:
    """The URL of a database that has nothing in it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'target.sqlite'}"
        return
    with fresh_database(request.getfixturevalue("postgresql_server")) as url:
        yield url


def held(engine: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every value of every table, by the rows' keys."""
    with engine.connect() as connection:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(sa.select(table))),
                key=lambda row: repr(row[: max(1, len(table.primary_key))]),
            )
            for table in tables.metadata.sorted_tables
        }


def found_by(engine: sa.Engine, words: str) -> int:
    with engine.connect() as connection:
        return search.occurs(connection, search.read(words), most=10)


def known_words(engine: sa.Engine) -> set[tuple[str, int]]:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT term, doc FROM words").all()
    return {(row[0], row[1]) for row in rows}


def test_everything_arrives_and_goes_on_working(engine: sa.Engine, target_url: str) -> None:
    fill(engine)
    target = database.connect(target_url)
    contents = copying.copy(engine, target)
    assert contents["releases"].rows == 5
    assert set(contents) == set(tables.metadata.tables)
    assert held(target) == held(engine)
    assert database.check(target) == []
    assert (found_by(target, "sing"), found_by(target, "choirs")) == (3, 3)
    if target.dialect.name == "sqlite":
        with database.writing(target) as connection:
            for index in ("opportunity_search", "opportunity_words"):
                connection.exec_driver_sql(
                    f"INSERT INTO {index}({index}, rank) VALUES ('integrity-check', 1)"
                )
    if target.dialect.name == engine.dialect.name:
        assert known_words(target) == known_words(engine)
    later = [amended(release(77), title="Zither evening")]
    with database.writing(target) as connection:  # ids go on where those of the source ended
        releases.keep(connection, batch(FTS, *later), read)
    assert found_by(target, "zither") == 1
    assert ("zither", 1) in known_words(target)


def test_a_copy_and_its_copy_are_the_same(
    engine: sa.Engine, target_url: str, tmp_path: pathlib.Path
) -> None:
    fill(engine)
    target, back = database.connect(target_url), database.connect(f"sqlite:///{tmp_path / 'back'}")
    assert copying.copy(engine, target) == copying.copy(target, back)
    assert held(back) == held(engine)


def test_a_target_with_rows_is_left_alone(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    fill(engine)
    other = database.engine(f"sqlite:///{tmp_path / 'other.sqlite'}")
    with database.writing(other) as connection:
        add(connection, "mine@reed.example")
    before = held(other)
    with pytest.raises(UsageError, match=r"not empty: it has rows in subscribers.*Nothing"):
        copying.copy(engine, other)
    assert held(other) == before


def test_foreign_tables_are_left_alone(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "theirs.sqlite"
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE diary (day TEXT)")
    with pytest.raises(UsageError, match="'diary' that is not ours"):
        copying.copy(engine, database.connect(f"sqlite:///{path}"))


def test_nothing_is_copied_from_nothing(tmp_path: pathlib.Path) -> None:
    nothing = database.connect(f"sqlite:///{tmp_path / 'nothing.sqlite'}")
    with pytest.raises(UsageError, match="nothing to copy"):
        copying.copy(nothing, database.connect(f"sqlite:///{tmp_path / 'target.sqlite'}"))


def test_a_copy_that_is_not_exact_is_not_kept(
    engine: sa.Engine, target_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(engine)
    target = database.engine(target_url)
    real: Callable[..., copying.Content] = copying.content_of

    def meddled(connection: sa.Connection, table: sa.Table) -> copying.Content:
        if table.name == "releases":
            some = sa.select(sa.func.min(tables.releases.c.id)).scalar_subquery()
            connection.execute(
                sa.update(table).where(table.c.id == some).values(url="https://x.example/other")
            )
        return real(connection, table)

    monkeypatch.setattr(copying, "content_of", meddled)
    with pytest.raises(StoreError, match=r"releases is not exact.*Nothing was kept"):
        copying.copy(engine, target)
    assert copying.empty(target)
    monkeypatch.undo()
    copying.copy(engine, target)  # what was left does not stand in the way
    assert held(target) == held(engine)


@pytest.mark.postgresql
def test_a_row_that_the_other_kind_refuses_is_named(
    tmp_path: pathlib.Path, postgresql_server: str
) -> None:
    source = database.engine(f"sqlite:///{tmp_path / 'source.sqlite'}")
    fill(source)
    with database.writing(source) as connection:
        connection.execute(sa.update(tables.opportunities).values(place_reason="a\0b"))
    with fresh_database(postgresql_server) as url:
        target = database.connect(url)
        with pytest.raises(StoreError, match=r"table opportunities cannot be copied.*Nothing"):
            copying.copy(source, target)
        assert copying.empty(target)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1e22}, {"a": 10**22}),
        ({"a": -0.0}, {"a": 0}),
        ({"a": 1.2345678901234566e17}, {"a": 123456789012345660}),
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}),
    ],
)
def test_numbers_that_mean_the_same_count_as_the_same(one: object, other: object) -> None:
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": True}),
        ({"a": 1}, {"a": 2}),
        ({"a": 2**60}, {"a": 2**60 + 1}),
        ([1, 2], [2, 1]),
        ([], {}),
    ],
)
def test_values_that_differ_count_as_different(one: object, other: object) -> None:
    assert digest(one) != digest(other)


def digest(errors: object) -> str:
    tally = copying._Tally(tables.runs)
    tally.add([dict.fromkeys(tables.runs.c.keys()) | {"first_errors": errors, "id": Decimal(1)}])
    return tally.content.digest


def test_the_command(tmp_path: pathlib.Path) -> None:
    fill(database.engine(f"sqlite:///{tmp_path / 'var/tenders.sqlite'}"))
    command = [sys.executable, "-m", "crawler.cli", "db", "copy", "--to", f"sqlite:///{tmp_path}/b"]
    first, second = (run(command, environment(tmp_path)) for _ in range(2))
    assert first.returncode == 0, first.stderr
    lines = first.stdout.splitlines()
    assert [line.split()[:2] for line in lines if line.startswith("releases ")] == [
        ["releases", "5"]
    ]
    assert "TENDERS_DATABASE_URL" in lines[-1]
    assert (second.returncode, "not empty" in second.stderr) == (1, True)
