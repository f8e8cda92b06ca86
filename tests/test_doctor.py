"""What the doctor finds, and that each finding says what to do."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from crawling import environment, run
from mail_server import Difficult, serving

from crawler.config import Settings
from crawler.jobs.doctor import examine
from crawler.jobs.mail_records import Resolve, Unanswered, ask, records
from crawler.jobs.surroundings import Answer, Fetch, elsewhere, fetch, here
from crawler.sources import load
from crawler.store import database, runs

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
GOOD_RECORDS = {
    ("tenders.org", "TXT"): ["google-verify=1", "v=spf1 include:relay.org -all"],
    ("_dmarc.tenders.org", "TXT"): ["v=DMARC1; p=none"],
    ("tenders.org", "MX"): ["10 mail.tenders.org."],
}
SOURCES = [key for key, one in load().items() if one.enabled and not one.by_name]


def dns(records: Mapping[tuple[str, str], list[str]]) -> Resolve:
    return lambda name, kind: records.get((name, kind), [])


def open_to_all(url: str, agent: str) -> Answer:
    assert "hello@" in agent
    return Answer(status=404, date=NOW)


def findings(
    settings: Settings,
    resolve: Resolve | None = None,
    fetch: Fetch = open_to_all,
    now: datetime = NOW,
) -> dict[str, tuple[str, str]]:
    found = list(examine(settings, now, resolve=resolve or dns(GOOD_RECORDS), fetch=fetch))
    return {one.about: (one.grade, one.words) for one in found}


def test_a_fresh_installation_is_told_what_to_set(tmp_path: Path) -> None:
    found = findings(Settings(home=tmp_path))
    assert {about: grade for about, (grade, _) in found.items()} == {
        "secret": "note", "database": "wrong", "sender": "wrong", "contact": "wrong",
        "web address": "note", "staff": "note", "mail server": "note", "DKIM": "note",
        "disk": "good", "backups": "note", "clock": "good", **dict.fromkeys(SOURCES, "good"),
    }  # fmt: skip
    assert "tenders db upgrade" in found["database"][1]
    assert not (tmp_path / "var/secret-key").exists(), "looking makes nothing"


def test_a_good_installation(tmp_path: Path) -> None:
    database.engine(f"sqlite:///{tmp_path / 'var/tenders.sqlite'}")
    with serving(Difficult()) as url:
        found = findings(
            Settings(
                home=tmp_path,
                secret_key="0123456789abcdef" * 3,
                sender="digest@tenders.org",
                contact="hello@tenders.org",
                base_url="https://tenders.org",
                staff=("me@tenders.org",),
                smtp_url=url,
            )
        )
    assert {grade for grade, _ in found.values()} == {"good", "note"}
    notes = [about for about, (grade, _) in found.items() if grade == "note"]
    assert notes == ["backups", "crawls", "DKIM"]
    assert {"SPF", "DMARC", "bounces"} <= set(found)


@pytest.mark.parametrize(
    ("changed", "about", "words"),
    [
        ({"secret_key": "short"}, "secret", "secrets.token_hex"),
        ({"secret_key": "a" * 40}, "secret", "random"),
        ({"smtp_url": "smtp://127.0.0.1:1"}, "mail server", "TENDERS_SMTP_URL"),
        ({"smtp_url": "ftp://x"}, "mail server", "TENDERS_SMTP_URL"),
        ({"database_url": "mysql://x"}, "database", "TENDERS_DATABASE_URL"),
        ({"dkim_selector": "x"}, "DKIM", "go together"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, changed: dict[str, str], about: str, words: str
) -> None:
    grade, said = findings(Settings(home=tmp_path, **changed))[about]  # type: ignore[arg-type]
    assert grade == "wrong"
    assert words in said


def test_a_secret_that_others_may_read(tmp_path: Path) -> None:
    path = tmp_path / "var/secret-key"
    path.parent.mkdir()
    path.write_text("x" * 64)
    path.chmod(0o644)
    grade, words = findings(Settings(home=tmp_path))["secret"]
    assert (grade, "chmod 600" in words) == ("wrong", True)


@pytest.mark.parametrize("value", ["nobody", "a@b@c", "x@y.example, broken"])
def test_staff_must_be_addresses(tmp_path: Path, value: str) -> None:
    done = run(
        [sys.executable, "-m", "crawler.cli", "doctor", "--offline"],
        environment(tmp_path) | {"TENDERS_STAFF": value},
    )
    assert done.returncode == 1
    assert "TENDERS_STAFF" in done.stderr
    assert "is no mail address" in done.stderr


def test_the_command_says_one_thing_a_line(tmp_path: Path) -> None:
    done = run(
        [sys.executable, "-m", "crawler.cli", "doctor", "--offline"],
        environment(tmp_path) | {"TENDERS_STAFF": "a@x.example, b@x.example"},
    )
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("ok ")
    assert all(line.startswith(("ok ", "note ", "WRONG ")) for line in lines)
    assert not any(line.split(" ")[1] == "staff:" for line in lines)


SENT = Settings(home=Path("x"), sender="Digest <digest@tenders.org>")


def said(found: Any) -> dict[str, tuple[str, str]]:
    return {one.about: (one.grade, one.words) for one in found}


@pytest.mark.parametrize(
    ("about", "changed", "grade", "words"),
    [
        ("SPF", {("tenders.org", "TXT"): ["v=spf10 all"]}, "wrong", "has no SPF record"),
        ("SPF", {("tenders.org", "TXT"): ["v=spf1 -all", "V=SPF1 mx"]}, "wrong", "2 SPF records"),
        ("SPF", {("tenders.org", "TXT"): ["v=spf1 +all"]}, "wrong", "lets everybody send"),
        ("DMARC", {("_dmarc.tenders.org", "TXT"): []}, "wrong", "no DMARC record"),
        ("DMARC", {("_dmarc.tenders.org", "TXT"): ["v=DMARC1"] * 2}, "wrong", "2 records"),
        ("bounces", {("tenders.org", "MX"): ["0 ."]}, "wrong", "takes no mail in"),
        ("bounces", {("tenders.org", "MX"): []}, "wrong", "TENDERS_BOUNCE_ADDRESS"),
        (
            "bounces",
            {("tenders.org", "MX"): [], ("tenders.org", "A"): ["192.0.2.1"]},
            "note",
            "no MX record",
        ),
    ],
)
def test_each_record_of_the_mail_domain(
    about: str, changed: dict[tuple[str, str], list[str]], grade: str, words: str
) -> None:
    assert said(records(SENT, dns(GOOD_RECORDS)))[about][0] == "good"
    found = said(records(SENT, dns(GOOD_RECORDS | changed)))[about]
    assert (found[0], words in found[1]) == (grade, True)


def test_a_subdomain_is_covered_by_its_parents_dmarc() -> None:
    settings = Settings(home=Path("x"), sender="digest@mail.tenders.org")
    assert said(records(settings, dns(GOOD_RECORDS)))["DMARC"][0] == "good"


def test_dns_that_does_not_answer_is_no_missing_record() -> None:
    def silent(name: str, kind: str) -> list[str]:
        raise Unanswered("timed out")

    found = said(records(SENT, silent))
    assert {grade for grade, _ in found.values()} == {"note"}
    assert all("nothing is known" in words for _, words in found.values())


def test_the_real_resolver_tells_no_record_from_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    import dns.resolver as theirs

    def raising(error: Exception) -> None:
        def resolve(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(theirs, "resolve", resolve)

    raising(theirs.NXDOMAIN())
    assert ask("tenders.org", "TXT") == []
    raising(theirs.LifetimeTimeout(timeout=6, errors=[]))
    with pytest.raises(Unanswered):
        ask("tenders.org", "TXT")
    raising(OSError("no network"))
    with pytest.raises(Unanswered, match="no network"):
        ask("tenders.org", "TXT")


def answering(answer: Answer | OSError) -> Fetch:
    def answered(url: str, agent: str) -> Answer:
        assert url.endswith("/robots.txt")
        if isinstance(answer, OSError):
            raise answer
        return answer

    return answered


@pytest.mark.parametrize(
    ("answer", "grade", "words"),
    [
        (Answer(status=200, text="User-agent: *\nAllow: /"), "good", "lets us read"),
        (Answer(status=200, text="User-agent: arts-tenders\nDisallow: /"), "wrong", "bars us"),
        (Answer(status=200, text="\x00<html>" * 1000), "good", "lets us read"),
        (Answer(status=404), "good", "lets us read"),
        (Answer(status=403), "wrong", "five minutes"),
        (Answer(status=503), "note", "try again"),
        (OSError("Name or service not known"), "wrong", "does not answer"),
    ],
)
def test_how_a_source_answers(
    tmp_path: Path, answer: Answer | OSError, grade: str, words: str
) -> None:
    found = said(elsewhere(Settings(home=tmp_path), NOW, answering(answer)))
    assert set(found) == set(SOURCES)
    assert all((one[0], words in one[1]) == (grade, True) for one in found.values())


@pytest.mark.parametrize(
    ("off", "grade"), [(5, "good"), (-5, "good"), (400, "wrong"), (-400, "wrong")]
)
def test_the_clock_is_compared_with_the_sources(tmp_path: Path, off: int, grade: str) -> None:
    theirs = Answer(status=404, date=NOW + timedelta(seconds=off))
    found = said(elsewhere(Settings(home=tmp_path), NOW, answering(theirs)))["clock"]
    assert found[0] == grade
    if grade == "wrong":
        assert ("behind" if off > 0 else "ahead") in found[1]


def test_robots_are_fetched_over_the_web_only() -> None:
    with pytest.raises(ValueError, match="no web address"):
        fetch("file:///etc/passwd", "x")


def test_what_this_machine_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path)
    engine = database.engine(settings.database)
    with database.writing(engine) as connection:
        runs.begin(connection, "find-a-tender", NOW - timedelta(hours=3))
    database.backup(engine, settings.var / "backups", NOW - timedelta(hours=5))
    assert {about: one[0] for about, one in said(here(settings, NOW)).items()} == {
        "disk": "good", "backups": "good", "crawls": "good",
    }  # fmt: skip
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10_000))
    later = said(here(settings, NOW + timedelta(days=3)))
    assert {one[0] for one in later.values()} == {"wrong"}
    assert "3 days old" in later["backups"][1]
    assert "scheduler" in later["crawls"][1]


def test_the_database_servers_clock(engine: sa.Engine, tmp_path: Path) -> None:
    url = engine.url.render_as_string(hide_password=False)
    settings = Settings(home=tmp_path, database_url=url)
    found = said(here(settings, datetime.now(UTC)))
    wrong = said(here(settings, datetime.now(UTC) - timedelta(hours=1)))
    if engine.dialect.name == "sqlite":
        assert "database's clock" not in found
        return
    assert found["database's clock"][0] == "good"
    assert wrong["database's clock"][0] == "wrong"


def test_the_command_in_json(tmp_path: Path) -> None:
    done = run(
        [sys.executable, "-m", "crawler.cli", "doctor", "--offline", "--json"],
        environment(tmp_path),
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(set(row) == {"about", "grade", "words"} for row in rows)
    assert (done.returncode, rows[0]["about"]) == (1, "settings")
    assert not set(SOURCES) & {row["about"] for row in rows}
