"""Who is subscribed, and the commands for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from digest_samples import NOW, opportunity, store
from typer.testing import CliRunner, Result

from crawler import config, keys
from crawler.cli import digest as digest_commands
from crawler.cli import subscribers as subscriber_commands
from crawler.errors import UsageError
from crawler.jobs.match import match
from crawler.store import database, subscribers, suppressions
from crawler.store.subscribers import Subscription, address
from crawler.store.tables import matches, outbox, subscriptions


@pytest.fixture
def db(engine: sa.Engine) -> sa.Engine:
    return engine


@pytest.mark.parametrize(
    "text",
    ["", "hello", "a@b", "a b@c.example", "a@c.example\r\nBcc: x@y.example", "a@-c.example",
     "ü@c.example", "a@b@c.example", f"{'a' * 65}@c.example", f"a@{'b' * 63}.{'c' * 63}." * 3,
     "<a@c.example>", "a,b@c.example"],
)  # fmt: skip
def test_what_is_no_address_is_refused_by_name(text: str):
    with pytest.raises(UsageError, match="email"):
        address(text)


def test_addresses_are_kept_in_lower_case():
    assert address(" Hello@Theatre.Example ") == "hello@theatre.example"
    assert address("o'neil+arts@x-y.co.uk") == "o'neil+arts@x-y.co.uk"


def join(connection: sa.Connection, email: str) -> None:
    subscribers.add(
        connection, email=email, organisation=None, subscription=Subscription(), now=NOW
    )


def test_add_find_list_remove(db: sa.Engine):
    wish = Subscription(regions=("TLC",), art_forms=("music",), outcomes=(), bands=("arts",))
    with database.writing(db) as connection:
        added = subscribers.add(
            connection, email="B@x.example", organisation="Brass", subscription=wish, now=NOW
        )
        subscribers.add(
            connection, email="a@x.example", organisation=None, subscription=wish, now=NOW
        )
    assert added.email == "b@x.example"
    assert added.created == NOW
    with db.connect() as connection:
        assert [one.email for one in subscribers.listed(connection)] == [
            "a@x.example",
            "b@x.example",
        ]
        found = subscribers.find(connection, "B@X.example")
    assert found == added
    (kept,) = added.subscriptions
    assert (kept.regions, kept.art_forms, kept.bands) == (("TLC",), ("music",), ("arts",))


def test_nobody_is_added_twice(db: sa.Engine):
    with database.writing(db) as connection:
        join(connection, "a@x.example")
        with pytest.raises(UsageError, match="subscribed already"):
            join(connection, "A@x.example")


def test_removing_erases_everything(db: sa.Engine):
    with database.writing(db) as connection:
        join(connection, "a@x.example")
    store(db, opportunity())
    match(db, NOW)
    with database.writing(db) as connection:
        assert subscribers.remove(connection, "A@x.example")
        assert not subscribers.remove(connection, "a@x.example")
    with db.connect() as connection:
        for table in (subscriptions, matches):
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 0


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installation with an up-to-date, empty database."""
    monkeypatch.setenv("TENDERS_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    engine = database.engine(f"sqlite:///{tmp_path / 'var' / 'tenders.sqlite'}")
    yield tmp_path
    engine.dispose()


def people(*words: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(
        subscriber_commands.commands, ["subscribers", *words], input=answer, catch_exceptions=True
    )


def run(*words: str) -> Result:
    return CliRunner().invoke(digest_commands.commands, list(words))


def test_the_whole_way_at_the_command_line(home: Path):
    added = people(
        "add", "hello@theatre.example", "--organisation", "Paper Lantern Theatre",
        "--region", "Yorkshire", "--region", "TLK", "--art-form", "visual", "--outcome",
        "older-people", "--band", "arts", "--consent", "by phone, 3 May",
    )  # fmt: skip
    assert added.exit_code == 0, added.output
    assert "Yorkshire and The Humber, and the South West" in added.output
    engine = database.connect(f"sqlite:///{home / 'var' / 'tenders.sqlite'}")
    now = datetime.now(UTC)
    store(
        engine,
        opportunity(published=now, updated=now, deadline=now + timedelta(days=30)),
    )
    assert "1 opportunity for 1 subscription: 1 new match" in run("match").output
    shown = run("digest", "preview")
    assert "Riverside public art" in shown.output
    assert "Nothing was sent" in shown.output
    assert len(list((home / "var" / "preview").iterdir())) == 2
    sent = run("digest", "send")
    assert sent.exit_code == 0, sent.output
    assert len(list((home / "var" / "outbox").glob("*-hello@theatre.example-digest.eml"))) == 1
    assert run("digest", "send").exit_code == 0
    assert len(list((home / "var" / "outbox").glob("*.eml"))) == 1
    assert "hello@theatre.example" in people("list").output
    assert people("remove", "hello@theatre.example", answer="n\n").exit_code == 1
    gone = people("remove", "hello@theatre.example", "--yes")
    assert re.search(r"and .*3 files", gone.output)
    assert "Nobody is subscribed yet" in people("list").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--region", "Nowhere"), "TLD (North West)"),
        (("--region", "North"), "TLC (North East)"),
        (("--region", "UK"), "leave the region out"),
        (("--art-form", "macrame"), "performing, music, visual"),
        (("--outcome", "fame"), "health_wellbeing"),
        (("--band", "none"), "arts, commissionable, adjacent"),
    ],
)
def test_a_wrong_option_names_the_allowed_values(home: Path, words: tuple[str, str], said: str):
    failed = people("add", "a@x.example", *words)
    assert isinstance(failed.exception, UsageError)
    assert words[0] in str(failed.exception)
    assert said in str(failed.exception)


@pytest.mark.parametrize("words", ["TLD", "tld", "UKD", "North West", "north west", "north  w"])
def test_regions_by_code_or_name(home: Path, words: str):
    added = people("add", "a@x.example", "--region", words, "--consent", "by phone")
    assert "the North West" in added.output


def test_a_stranger_cannot_be_removed(home: Path):
    failed = people("remove", "a@x.example", "--yes")
    assert isinstance(failed.exception, UsageError)


def test_hostile_names_stay_words(home: Path):
    people("add", "a@x.example", "--organisation", "[red]Boo[/red]\x1b[31m\u202e")
    listed = people("list").output
    assert "[red]Boo[/red]" in listed
    assert "\u202e" not in listed
    assert "\x1b" not in listed


def test_without_evidence_they_are_asked_and_nothing_else_is_sent(home: Path):
    said = people("add", "a@x.example", "--authority", "Aylesbury Vale", "--weekday", "fri").output
    assert "ended on 1 April 2020" in said
    assert "a link to confirm" in said
    assert "every Friday at 7am" in said
    assert "not confirmed yet" in people("list").output
    engine = database.connect(f"sqlite:///{home / 'var' / 'tenders.sqlite'}")
    with engine.connect() as connection:
        assert [row.kind for row in connection.execute(sa.select(outbox))] == ["confirm"]
    for _ in range(2):
        again = people("add", "a@x.example")
        assert "a link to confirm" in again.output
        assert "Asked again: a@x.example" in again.output
        assert "Added" not in again.output
        assert again.exit_code == 0
    enough = people("add", "a@x.example")
    assert "Try again tomorrow" in enough.output
    assert enough.exit_code == 1


def test_a_suppression_is_said_wherever_somebody_is_looked_at(home: Path):
    people("add", "a@x.example", "--consent", "by phone")
    people("add", "b@x.example", "--consent", "by phone")
    people("pause", "a@x.example")
    assert "Nothing is sent" not in people("show", "a@x.example").output
    engine = database.connect(f"sqlite:///{home / 'var' / 'tenders.sqlite'}")
    key = keys.suppression_key(config.load())
    with database.writing(engine) as connection:
        suppressions.suppress(connection, key, "a@x.example", "hard", "550 \x1bno a@x.example", NOW)
    why = "their mailbox refused our mail on 10 July 2026"
    listed = people("list").output
    assert " ".join(listed.split()).count("nothing is sent") == 1
    shown = people("show", "a@x.example").output
    assert f"Nothing is sent to a@x.example: {why} (550 no [address])" in shown
    assert "tenders subscribers add a@x.example" in shown
    assert why not in people("show", "b@x.example").output
    resumed = people("resume", "a@x.example").output
    assert why in resumed
    assert "is written to" not in resumed
    asked = people("add", "a@x.example").output
    assert why in asked
    assert "Asked again: a@x.example" in asked
    lifted = people("add", "a@x.example", "--consent", "by phone, 4 May").output
    assert f"written to again. They had been left out: {why}" in lifted
    assert why not in people("show", "a@x.example").output


def test_evidence_has_words(home: Path):
    failed = people("add", "a@x.example", "--consent", " ")
    assert isinstance(failed.exception, UsageError)
    people("add", "a@x.example", "--consent", "by phone, 3 May")
    assert "Confirmed on" in people("show", "a@x.example").output
    assert "command line: by phone, 3 May" in people("show", "a@x.example").output
    again = people("add", "a@x.example", "--consent", "by phone")
    assert "subscribed already" in str(again.exception)


def test_everything_wrong_is_said_at_once(home: Path):
    failed = people("add", "a@x.example", "--hour", "25", "--near", "x", "--value-min", "much")
    assert [line.partition(":")[0] for line in str(failed.exception).splitlines()] == [
        "--near", "--value-min", "--hour"
    ]  # fmt: skip


def test_changing_pausing_stopping(home: Path):
    people("add", "a@x.example", "--consent", "by phone", "--region", "Wales")
    said = people("change", "a@x.example", "--rhythm", "daily", "--organisation", "Brass").output
    assert "a@x.example (Brass) is written to every day at 7am" in said
    assert "until 1 September" in people("pause", "a@x.example", "--until", next_autumn()).output
    assert "paused until 1 September" in people("list").output
    assert isinstance(people("pause", "a@x.example", "--until", "soon").exception, UsageError)
    assert "every day" in people("resume", "a@x.example").output
    assert "Stopped a@x.example" in people("stop", "a@x.example").output
    assert "Already stopped" in people("stop", "a@x.example").output
    assert "has stopped" in str(people("resume", "a@x.example").exception)
    shown = people("show", "a@x.example").output
    assert re.findall(r"^(\w+) on", shown, re.MULTILINE) == [
        "Confirmed", "Changed", "Paused", "Resumed", "Stopped"
    ]  # fmt: skip


def next_autumn() -> str:
    now = datetime.now(UTC)
    return f"{now.year + (now.month > 8)}-09-01"


def test_several_subscriptions(home: Path):
    people("add", "a@x.example", "--consent", "by phone", "--region", "Wales")
    added = people("subscription", "add", "a@x.example", "--near", "LS1", "--label", "Near us")
    assert "within 30 km of LS1" in added.output
    assert "just that already" in people(
        "subscription", "add", "a@x.example", "--near", "LS1", "--label", "Near us"
    ).output  # fmt: skip
    first, second = re.findall(r"Subscription (\d+)", people("show", "a@x.example").output)
    assert "within 50 km of LS1" in people(
        "subscription", "change", "a@x.example", second, "--near-km", "50"
    ).output  # fmt: skip
    assert "anywhere in the UK" in people(
        "subscription", "change", "a@x.example", first, "--region", ""
    ).output  # fmt: skip
    assert "Removed" in people("subscription", "remove", "a@x.example", first).output
    assert "only this" in str(people("subscription", "remove", "a@x.example", second).exception)
    for words in (
        ("change", "a@x.example", "99", "--near", "BD1"),
        ("remove", "a@x.example", "99"),
    ):
        assert "has no subscription 99" in str(people("subscription", *words).exception)


def test_a_new_address_needs_its_owners_consent(home: Path):
    people("add", "a@x.example", "--consent", "by phone")
    assert "--consent HOW" in str(
        people("change", "a@x.example", "--email", "b@x.example").exception
    )
    moved = people("change", "a@x.example", "--email", "b@x.example", "--consent", "by letter")
    assert "b@x.example is written to" in moved.output
    assert isinstance(people("show", "a@x.example").exception, UsageError)


def test_files_at_the_command_line(home: Path):
    people("add", "a@x.example", "--consent", "by phone", "--exclude", "=cmd")
    file = home / "people.csv"
    assert "Wrote 1 person" in people("export", "--output", str(file)).output
    assert "'=cmd" in file.read_text()
    assert people("export").output == file.read_text()
    told = json.loads(people("export", "a@x.example").output)
    assert told["subscriptions"][0]["exclude"] == ["=cmd"]
    same = people("import", str(file), "--consent", "by phone")
    assert same.exit_code == 0
    assert "0 people new, 0 changed, 1 as before; 0 lines refused" in same.output
    file.write_text("email,hour\nb@x.example,9\nc@x.example,99\n")
    done = people("import", str(file))
    assert done.exit_code == 1
    assert "line 3 (c@x.example): hour: ‘99’ is no hour" in done.output
    assert "1 person new, 1 asked to confirm by mail" in done.output
    assert isinstance(people("import", str(home / "none.csv")).exception, UsageError)
    assert isinstance(people("export", "--output", str(home)).exception, UsageError)


def test_the_preview_counts_and_shows_and_saves_nothing(home: Path):
    engine = database.connect(f"sqlite:///{home / 'var' / 'tenders.sqlite'}")
    people("list")
    now = datetime.now(UTC)
    store(
        engine,
        opportunity(published=now, updated=now, deadline=now + timedelta(days=30)),
    )
    shown = people("preview", "--region", "Yorkshire")
    assert shown.exit_code == 0, shown.output
    assert "In the last 28 days this would have sent 1 opportunity" in shown.output
    assert "Riverside public art" in shown.output
    none = people("preview", "--region", "Wales").output
    assert "would have sent 0 opportunities, with 1 near miss" in none
    assert "Nearly: Riverside public art" in none
    assert "Nobody is subscribed yet" in people("list").output
    added = people("add", "a@x.example", "--region", "Yorkshire").output
    assert "would have sent 1 opportunity" in added
