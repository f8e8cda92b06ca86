"""The whole way as ``make demo`` goes it: sample portals, crawl, merge, match, digests, changes."""

from __future__ import annotations

import email
import email.policy
import pathlib
import re
import sys
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from crawling import environment, export, run

from crawler.demo.notices import sample_notices
from crawler.jobs import impact
from crawler.relevance.bands import doubt
from crawler.store import database, deciding, health, reviews, subscribers, users


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, str]:
    """The home in which the demo ran, and what it said."""
    home = tmp_path_factory.mktemp("demo")
    done = run([sys.executable, "-m", "crawler.cli", "demo", "--no-serve"], environment(home))
    assert done.returncode == 0, done.stdout + done.stderr
    return home, done.stdout


def mails(home: pathlib.Path, name: str) -> list[EmailMessage]:
    """The mails to one of the demo's subscribers, oldest first."""
    found = sorted((home / "var/outbox").glob(f"*{name}*.eml"))
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in found
    ]


def words(message: EmailMessage) -> str:
    """The plain text on one line."""
    body = message.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def test_every_crawl_is_ok_and_says_what_it_found(demo: tuple[pathlib.Path, str]) -> None:
    verdicts = re.findall(r"^   \S+ +(ok|short|partial|failed) ", demo[1], re.MULTILINE)
    assert verdicts == ["ok"] * 8 + ["failed"]


def test_there_is_something_to_review_and_to_mend(demo: tuple[pathlib.Path, str]) -> None:
    home, said = demo
    engine = database.engine(f"sqlite:///{home / 'var/demo.sqlite'}")
    with engine.connect() as connection:
        rae = users.find(connection, "rae@demo.example")
        robin = users.find(connection, "reviewer@demo.example")
        assert rae is not None
        assert robin is not None
        now = datetime.now(UTC)
        assert reviews.to_review(connection, doubt, now, 9).total >= 3
        assert len(deciding.second_opinions(connection, robin, now)) == 2
        assert deciding.second_opinions(connection, rae, now) == []
        states = health.health(connection, now)
    ill = [key for key, one in states.items() if one.state == "ill"]
    assert ill == ["sell2wales"]
    serves = f"TENDERS_DATABASE_URL=sqlite:///{home / 'var/demo.sqlite'} "
    assert re.search(rf"^   {re.escape(serves)}\S+ serve$", said, re.MULTILINE)


def test_copies_are_merged_and_the_doubtful_pair_is_not(demo: tuple[pathlib.Path, str]) -> None:
    home, said = demo
    rows = export(environment(home, f"sqlite:///{home / 'var/demo.sqlite'}"))
    assert len(rows) == 80
    assert sum(len(row["ocids"]) for row in rows) == len(sample_notices()) == 84
    assert sorted(len(row["sources"]) for row in rows)[-5:] == [1, 2, 2, 2, 2]
    assert "1 doubtful pair kept apart" in said


def test_later_releases_are_versions_with_the_old_deadline_kept(
    demo: tuple[pathlib.Path, str],
) -> None:
    home, _ = demo
    rows = export(environment(home, f"sqlite:///{home / 'var/demo.sqlite'}"))
    changed = [row for row in rows if row["version"] > 1]
    assert len(changed) == 7
    fields = sorted({change["field"] for row in changed for change in row["changes"]})
    assert {"deadline", "status"} <= set(fields)
    assert sum(row["status"] == "cancelled" for row in rows) >= 2
    assert all(change["old"] for row in changed for change in row["changes"])


def test_the_figures_show_something_and_keep_something_back(
    demo: tuple[pathlib.Path, str],
) -> None:
    home, said = demo
    assert "30 more, made up as well" in said
    engine = database.engine(f"sqlite:///{home / 'var/demo.sqlite'}")
    with engine.connect() as connection:
        report = impact.safe(connection, datetime.now(UTC))
    counts = report.total.counts
    assert all(counts[measure] for measure in ("reached", "bid", "won"))
    assert report.total.value
    won = [row.counts["won"] for row in report.tables["regions"]]
    assert sum(1 for one in won if one) >= 3
    assert None in won
    # They have paused: nobody who tries the demo writes to thirty people.
    assert not mails(home, "amber")
    with engine.connect() as connection:
        states = [one.state for one in subscribers.iterate(connection)]
    assert (states.count("active"), states.count("paused")) == (4, 31)


def test_each_week_brings_each_subscriber_one_mail(demo: tuple[pathlib.Path, str]) -> None:
    home, _ = demo
    first, second = mails(home, "tidewater")
    assert "new for you" in first["Subject"]
    assert "The deadline moved from" in words(second)
    assert "4 of 4 sources checked" in words(first)
    assert len(mails(home, "moorland")) == 2
    assert first["Message-ID"] != second["Message-ID"]
