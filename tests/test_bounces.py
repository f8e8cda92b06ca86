"""Bounces and complaints as servers write them, and hostile ones as they do not."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from crawling import environment
from hypothesis import given
from hypothesis import strategies as st
from outbox_samples import NOW, bounced, join, post, row, states, suppressed

from crawler import keys
from crawler.config import Settings
from crawler.digest import bouncing
from crawler.digest.bouncing import ReturnAddress
from crawler.errors import UsageError
from crawler.jobs.bounce import take
from crawler.store import database, outbox, suppressions
from crawler.store.tables import subscribers as people

A = "a@one.example"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, sender="digest@tenders.example", secret_key="s" * 40)


def returns(settings: Settings) -> ReturnAddress:
    return ReturnAddress.of(settings.bounce_address, settings.sender, keys.verp_key(settings))


def to_address(engine: sa.Engine, settings: Settings, recipient: str = A) -> str:
    one = row(engine, recipient)
    return returns(settings).for_mail(one.id, one.message_id)


def dsn(
    to: str,
    status: str = "5.1.1",
    action: str = "failed",
    *,
    message_id: str = "<unknown@elsewhere.example>",
    words: str = "smtp; 550 5.1.1 no such user",
) -> bytes:
    """A report as Postfix writes it."""
    return f"""\
Return-Path: <>
Received: from mx.one.example by mail.tenders.example; Mon, 13 Jul 2026 06:10:00 +0000
Date: Mon, 13 Jul 2026 06:10:00 +0000
From: MAILER-DAEMON@mx.one.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B.1"
Message-Id: <20260713061000.1@mx.one.example>

This is a MIME-encapsulated message.

--B.1
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B.1
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.one.example
Arrival-Date: Mon, 13 Jul 2026 06:00:00 +0000

Final-Recipient: rfc822; somebody@elsewhere.example
Action: {action}
Status: {status}
Diagnostic-Code: {words}

--B.1
Content-Type: text/rfc822-headers

From: Arts Tenders <digest@tenders.example>
Subject: Mail 1
Message-ID: {message_id}

--B.1--
""".replace("\n", "\r\n").encode()


def arf(
    to: str, kind: str = "abuse", original: str = "", message_id: str = "<x@y.example>"
) -> bytes:
    """A complaint as a large mailbox provider writes it."""
    return f"""\
From: <complaints@provider.example>
Date: Mon, 13 Jul 2026 07:00:00 GMT
Subject: FW: Mail 1
To: <{to}>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="part1"

--part1
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report.

--part1
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <{original}>

--part1
Content-Type: message/rfc822
Content-Disposition: inline

From: <digest@tenders.example>
Subject: Mail 1
Message-ID: {message_id}

A digest.
--part1--
""".encode()


def test_a_hard_bounce_suppresses_at_once_and_counts_once(engine: sa.Engine, settings: Settings):
    post(engine, A, person=join(engine, A))
    report = dsn(to_address(engine, settings))
    said = take(settings, engine, report, NOW)
    assert said.startswith("a…@one.example: the address does not work.")
    assert "opts in anew" in said
    assert "taken in before" in take(settings, engine, report, NOW + timedelta(days=1))
    assert (bounced(engine), suppressed(engine)) == ([("hard", "5.1.1")], ["hard"])


def test_the_mark_is_checked_and_the_headers_help_out(engine: sa.Engine, settings: Settings):
    post(engine, A)
    post(engine, "b@two.example")
    theirs = to_address(engine, settings)
    local, _, _ = theirs.partition("+")[2].partition(".")
    forged = theirs.replace(f"+{local}.", f"+{row(engine, 'b@two.example').id}.")
    with pytest.raises(UsageError, match="names no mail that we sent"):
        take(settings, engine, dsn(forged), NOW)
    known = str(row(engine, "b@two.example").message_id)
    take(settings, engine, dsn(forged, message_id=known), NOW)
    with database.writing(engine) as connection:
        key = keys.suppression_key(settings)
        assert suppressions.among(connection, key, [A, "b@two.example"]) == {"b@two.example"}


def test_the_mark_outlives_capital_letters_but_not_another_row(
    engine: sa.Engine, settings: Settings
):
    post(engine, A)
    address = to_address(engine, settings)
    with database.writing(engine) as connection:
        outbox.erase(connection, A)
    post(engine, "late@two.example", 2)
    with pytest.raises(UsageError, match="names no mail"):
        take(settings, engine, dsn(address), NOW)
    shouted = to_address(engine, settings, "late@two.example").upper()
    assert "l…@two.example" in take(settings, engine, dsn(shouted), NOW)


def test_a_delay_is_no_bounce(engine: sa.Engine, settings: Settings):
    post(engine, A)
    to = to_address(engine, settings)
    assert "delayed" in take(settings, engine, dsn(to, "4.4.1", "delayed"), NOW)
    assert "no failure" in take(settings, engine, dsn(to, "2.0.0", "delivered"), NOW)
    assert (bounced(engine), suppressed(engine)) == ([], [])


def test_soft_bounces_on_three_days_within_thirty(engine: sa.Engine, settings: Settings):
    post(engine, A, person=join(engine, A, now=NOW - timedelta(days=90)))
    to = to_address(engine, settings)

    def full(at: datetime) -> None:
        words = f"smtp; 552 5.2.2 mailbox full at {at.isoformat()}"
        take(settings, engine, dsn(to, "5.2.2", words=words), at)

    with engine.begin() as connection:
        connection.execute(people.update().values(confirmed_at=NOW - timedelta(days=80)))
    for at in (0, 0.1, 0.2, 20, 35):
        full(NOW + timedelta(days=at))
        assert suppressed(engine) == []
    full(NOW + timedelta(days=40))
    assert suppressed(engine) == ["soft"]


def test_a_bounce_from_before_the_new_opt_in_says_nothing_of_today(
    engine: sa.Engine, settings: Settings
):
    post(engine, A, person=join(engine, A))
    with engine.begin() as connection:
        connection.execute(people.update().values(confirmed_at=NOW + timedelta(hours=1)))
    assert "Recorded" in take(settings, engine, dsn(to_address(engine, settings)), NOW)
    assert suppressed(engine) == []
    take(settings, engine, arf(to_address(engine, settings)), NOW)
    assert suppressed(engine) == ["complaint"], "a complaint is always of today"


@pytest.mark.parametrize("way", ["address", "original sender", "message id"])
def test_a_complaint_is_known_by_any_of_three_ways(engine: sa.Engine, settings: Settings, way: str):
    post(engine, A)
    verp = to_address(engine, settings)
    report = {
        "address": arf(verp),
        "original sender": arf("fbl@tenders.example", original=verp),
        "message id": arf("fbl@tenders.example", message_id=str(row(engine, A).message_id)),
    }[way]
    assert "complaint" in take(settings, engine, report, NOW)
    assert suppressed(engine) == ["complaint"]


def test_not_spam_is_no_complaint(engine: sa.Engine, settings: Settings):
    post(engine, A)
    take(settings, engine, arf(to_address(engine, settings), "not-spam"), NOW)
    assert suppressed(engine) == []


@pytest.mark.parametrize(
    ("status", "words", "meaning"),
    [
        ("5.1.1", "x", "hard"), ("5.1.10", "x", "hard"), ("5.2.1", "x", "hard"),
        ("5.1.8", "x", "policy"), ("5.7.1", "x", "policy"), ("5.2.2", "x", "soft"),
        ("4.4.7", "x", "soft"), ("5.4.4", "x", "soft"), (None, "x", "soft"),
        (None, "550 5.1.1 gone", "hard"), ("5.999.999", "x", "policy"),
    ],
)  # fmt: skip
def test_what_a_status_says_of_an_address(status: str | None, words: str, meaning: str):
    assert bouncing.severity(status, words) == meaning


JUNK = {
    "nothing": b"",
    "text": b"Subject: I am away\r\nAuto-Submitted: auto-replied\r\n\r\nBack on Monday.\r\n",
    "no header": b"\x00\xff\xfe" * 1000,
    "html": b"Content-Type: text/html\r\n\r\n<script>alert(1)</script>",
    "empty report": b"Content-Type: message/delivery-status\r\n\r\n",
    "empty complaint": b"Content-Type: message/feedback-report\r\n\r\n",
    "nested": b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n)
        for n in range(3000)
    ),
    "nested mails": b"Content-Type: message/rfc822\r\n\r\n" * 3000,
    "headers": b"".join(b"To: bounce+1.%020d@x.example\r\n" % n for n in range(20_000)),
    "no charset": b"Content-Type: text/plain; charset=nonsense\r\n\r\n\xff",
}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_junk_is_refused_in_one_line(engine: sa.Engine, settings: Settings, junk: bytes):
    with pytest.raises(UsageError) as refused:
        take(settings, engine, junk, NOW)
    assert "\n" not in str(refused.value)
    assert "Nothing was recorded" in str(refused.value)
    assert bounced(engine) == []


def test_what_is_too_large_is_refused(engine: sa.Engine, settings: Settings):
    with pytest.raises(UsageError, match="more than 5 MB"):
        take(settings, engine, b"x" * (bouncing.LARGEST + 1), NOW)


@given(st.binary(max_size=2000), st.integers(0, 2000))
def test_no_bytes_do_more_than_be_refused(junk: bytes, at: int):
    report = dsn("bounce+1.00000000000000000000@tenders.example")
    for raw in (junk, report[:at] + junk + report[at:]):
        with suppress(UsageError):
            bouncing.read(raw)


@pytest.mark.parametrize(("junk", "status"), [(b"hello", 1), (None, 0)])
def test_the_command_says_how_it_went(tmp_path: Path, junk: bytes | None, status: int):
    engine = database.engine(f"sqlite:///{tmp_path / 'var/tenders.sqlite'}")
    settings = Settings(home=tmp_path, secret_key="s" * 40, sender="digest@tenders.example")
    post(engine, A)
    done = subprocess.run(
        [sys.executable, "-m", "crawler.cli", "bounce"],
        input=dsn(to_address(engine, settings)) if junk is None else junk,
        env=environment(tmp_path) | {"TENDERS_SECRET_KEY": "s" * 40},
        capture_output=True,
        check=False,
    )
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == status, said
    assert len(said.splitlines()) == 1
    assert suppressed(engine) == ([] if junk else ["hard"])
    assert states(engine) == {A: "queued"}
