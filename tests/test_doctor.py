"""What the doctor finds, and that each finding says what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from crawling import environment
from mail_server import Difficult, serving

from crawler.config import Settings
from crawler.jobs.doctor import examine
from crawler.store import database


def findings(settings: Settings) -> dict[str, tuple[str, str]]:
    return {one.about: (one.grade, one.words) for one in examine(settings)}


def test_a_fresh_installation_is_told_what_to_set(tmp_path: Path) -> None:
    found = findings(Settings(home=tmp_path))
    assert {about: grade for about, (grade, _) in found.items()} == {
        "secret": "note", "database": "wrong", "sender": "wrong", "contact": "wrong",
        "web address": "note", "staff": "note", "mail server": "note", "DKIM": "note",
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
    assert [about for about, (grade, _) in found.items() if grade == "note"] == ["DKIM"]


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
    done = subprocess.run(
        [sys.executable, "-m", "crawler.cli", "doctor"],
        env=environment(tmp_path) | {"TENDERS_STAFF": value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "TENDERS_STAFF" in done.stderr
    assert "is no mail address" in done.stderr


def test_the_command_says_one_thing_a_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "crawler.cli", "doctor"],
        env=environment(tmp_path) | {"TENDERS_STAFF": "a@x.example, b@x.example"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("ok ")
    assert all(line.startswith(("ok ", "note ", "WRONG ")) for line in lines)
    assert not any(line.split(" ")[1] == "staff:" for line in lines)
