"""The outbox emptied in a real conversation, with servers that make difficulties."""

from __future__ import annotations

import os
import ssl
import subprocess
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from mail_server import Difficult, serving
from outbox_samples import (
    KEY,
    NOW,
    RETURNS,
    Clock,
    bounced,
    join,
    message,
    post,
    row,
    states,
    suppressed,
    terms,
)  # fmt: skip

from crawler.digest import bouncing
from crawler.digest.outbox import FileMailer
from crawler.digest.smtp import Server, SmtpMailer
from crawler.errors import MailServerError
from crawler.jobs.deliver import Delivered, deliver
from crawler.jobs.stopping import until_told_to_stop
from crawler.store import database, outbox, suppressions
from crawler.store.tables import outbox as table
from crawler.store.tables import subscribers as people

A, B, C = "a@one.example", "b@two.example", "c@two.example"


@pytest.fixture
def clock() -> Clock:
    return Clock()


def empty(engine: sa.Engine, server: Difficult, clock: Clock, **changed: object) -> Delivered:
    """One round against the server."""
    with serving(server) as url, SmtpMailer(Server.of(url), timeout=0.7) as mailer:
        return deliver(engine, mailer, terms(clock, **changed))


def test_every_mail_arrives_as_it_was_queued_over_one_connection(engine: sa.Engine, clock: Clock):
    server = Difficult()
    for to in (A, B, C):
        assert post(engine, to)
        assert not post(engine, to), "queued once for what it is about"
    done = empty(engine, server, clock)
    assert (done.sent, done.trouble) == (3, None)
    assert {one.recipient: one.raw for one in server.taken} == {
        to: message(to).as_bytes() for to in (A, B, C)
    }
    assert len({one.session for one in server.taken}) == 1
    assert row(engine, A).reply == "250 2.0.0 taken"
    assert empty(engine, server, clock).sent == 0
    assert len(server.taken) == 3


def test_a_thousand_subscribers_get_one_mail_each(engine: sa.Engine, clock: Clock):
    server = Difficult()
    people = [f"p{number}@d{number % 40}.example" for number in range(1000)]
    for one in people[::100]:
        server.recipient[one] = ["451 greylisted"]
    with database.writing(engine) as connection:
        for one in people:
            outbox.queue(
                connection,
                about=f"digest:{one}",
                kind="digest",
                message=message(one),
                subscriber_id=None,
                recipient=one,
                now=NOW,
            )
    with serving(server) as url, SmtpMailer.of(url) as mailer:
        assert deliver(engine, mailer, terms(clock)).sent == 990
        clock.now += timedelta(minutes=5)
        assert deliver(engine, mailer, terms(clock)).sent == 10
    assert Counter(one.recipient for one in server.taken) == dict.fromkeys(people, 1)
    assert {one.raw for one in server.taken} == {message(one).as_bytes() for one in people}
    assert len({one.sender for one in server.taken}) == 1000


def test_the_envelope_sender_names_the_mail_and_nobody_can_forge_it(
    engine: sa.Engine, clock: Clock
):
    server = Difficult()
    post(engine, A)
    empty(engine, server, clock)
    one = row(engine, A)
    (taken,) = server.taken
    assert taken.sender == RETURNS.for_mail(one.id, one.message_id)
    assert taken.sender.startswith(f"bounce+{one.id}.")
    assert bouncing.mark(b"another key", one.id, one.message_id) not in taken.sender


def test_greylisting_is_tried_again_later(engine: sa.Engine, clock: Clock):
    server = Difficult()
    server.recipient[A] = ["451 4.7.1 greylisted, come back"] * 2
    post(engine, A)
    post(engine, B)
    done = empty(engine, server, clock)
    assert (done.sent, done.later) == (1, 1)
    assert row(engine, A).reply == "451 4.7.1 greylisted, come back"
    clock.now += timedelta(minutes=4)
    assert empty(engine, server, clock).sent == 0
    clock.now += timedelta(minutes=1)
    assert empty(engine, server, clock).later == 1
    clock.now += timedelta(minutes=15)
    assert empty(engine, server, clock).sent == 1
    assert Counter(one.recipient for one in server.taken) == {A: 1, B: 1}
    assert suppressed(engine) == []


def test_a_refused_recipient_is_given_up_with_the_servers_words(engine: sa.Engine, clock: Clock):
    server = Difficult()
    server.recipient[A] = ["550 5.1.1 <a@one.example>: no such user here"]
    post(engine, A, person=join(engine, A))
    post(engine, B)
    done = empty(engine, server, clock)
    assert done.failed == [(A, "550 5.1.1 <a@one.example>: no such user here")]
    assert (done.sent, done.suppressed) == (1, 1)
    assert states(engine) == {A: "failed", B: "sent"}
    assert (suppressed(engine), bounced(engine)) == (["hard"], [("hard", "5.1.1")])
    with engine.connect() as connection:
        kept = connection.execute(sa.text("SELECT words FROM suppressions")).scalar_one()
    assert A not in kept, "the list knows addresses by their hash only"


@pytest.mark.parametrize(
    ("step", "answer", "kind"),
    [
        ("recipient", "550 no such mailbox", "hard"),
        ("recipient", "550 5.7.1 blocked by our policy", "policy"),
        ("recipient", "550 your server is on a blacklist", "policy"),
        ("recipient", "552 5.2.2 mailbox full", "soft"),
        ("recipient", "550 5.1.8 bad sender", "policy"),
        ("data", "554 5.7.1 looks like spam", "policy"),
        ("data", "554 no", "policy"),
        ("data", "550 5.1.1 unknown after all", "hard"),
    ],
)
def test_what_a_final_refusal_says_of_the_address(
    engine: sa.Engine, clock: Clock, step: str, answer: str, kind: str
):
    server = Difficult()
    getattr(server, step)[A] = [answer]
    post(engine, A)
    assert len(empty(engine, server, clock).failed) == 1
    assert [one for one, _ in bounced(engine)] == [kind]
    assert suppressed(engine) == (["hard"] if kind == "hard" else [])


def test_a_suppressed_address_is_held_but_may_opt_in_anew(engine: sa.Engine, clock: Clock):
    server = Difficult()
    with database.writing(engine) as connection:
        suppressions.suppress(connection, KEY, A, "complaint", "enough", NOW)
    post(engine, A.upper().lower())
    post(engine, A, 2, kind=outbox.CONFIRMATION)
    post(engine, B)
    done = empty(engine, server, clock)
    assert done.held == [(A, "the address is on the suppression list")]
    assert sorted(one.recipient for one in server.taken) == [A, B]
    assert b"Mail 2" in next(one.raw for one in server.taken if one.recipient == A)
    with database.writing(engine) as connection:
        assert suppressions.lift(connection, KEY, A)
    post(engine, A, 3)
    assert empty(engine, server, clock).sent == 1, "what was held stays held"


@pytest.mark.parametrize("state", ["stopped", "paused", "pending"])
def test_who_left_since_the_mail_was_queued_is_not_written_to(
    engine: sa.Engine, clock: Clock, state: str
):
    server = Difficult()
    person = join(engine, A)
    post(engine, A, person=person)
    post(engine, A, 2, person=person, kind=outbox.CONFIRMATION)
    with engine.begin() as connection:
        connection.execute(people.update().values(state=state))
    done = empty(engine, server, clock)
    assert done.held == [(A, f"the subscriber is {state} by now")]
    assert [b"Mail 2" in one.raw for one in server.taken] == [True]


def test_a_connection_that_breaks_during_a_mail(engine: sa.Engine, clock: Clock):
    server = Difficult()
    server.data[A] = ["drop"]
    for to in (A, B, C):
        post(engine, to)
    done = empty(engine, server, clock)
    assert (done.sent, done.later, done.trouble) == (2, 1, None)
    clock.now += timedelta(minutes=5)
    assert empty(engine, server, clock).sent == 1
    assert Counter(one.recipient for one in server.taken) == {A: 1, B: 1, C: 1}


def test_a_slow_server_is_given_a_limit_and_another_try(engine: sa.Engine, clock: Clock):
    server = Difficult()
    server.data[A] = ["hang"]
    post(engine, A)
    post(engine, B)
    started = time.monotonic()
    done = empty(engine, server, clock)
    assert time.monotonic() - started < server.hangs + 2
    assert (done.sent, done.later) == (1, 1)
    assert "timed out" in str(row(engine, A).reply)


def test_a_server_that_only_breaks_ends_the_round(engine: sa.Engine, clock: Clock):
    server = Difficult()
    for number in range(9):
        post(engine, f"p{number}@one.example")
        server.data[f"p{number}@one.example"] = ["drop"]
    done = empty(engine, server, clock)
    assert done.trouble
    assert "3 times in a row" in done.trouble
    assert Counter(states(engine).values()) == {"queued": 9}


def test_a_refused_sender_fails_nobody(engine: sa.Engine, clock: Clock):
    server = Difficult()
    server.sender = "553 5.7.1 sender address not owned by user"
    for number in range(5):
        post(engine, f"p{number}@one.example")
    done = empty(engine, server, clock)
    assert done.trouble
    assert "not owned" in done.trouble
    assert (done.failed, suppressed(engine)) == ([], [])
    assert Counter(states(engine).values()) == {"queued": 5}


def test_a_crowded_domain_is_left_alone_as_a_whole(engine: sa.Engine, clock: Clock):
    server = Difficult()
    server.recipient["p0@crowded.example"] = ["452 4.5.3 too many mails"]
    for number in range(5):
        post(engine, f"p{number}@crowded.example")
        post(engine, f"p{number}@calm.example")
    done = empty(engine, server, clock)
    assert (done.sent, done.later) == (5, 1)
    assert server.attempts.count("p1@crowded.example") == 0
    clock.now += timedelta(minutes=5)
    assert empty(engine, server, clock).sent == 5


def test_421_closes_the_conversation_and_others_go_on(engine: sa.Engine, clock: Clock):
    server = Difficult()
    server.recipient[A] = ["421 4.3.2 shutting down"]
    post(engine, A)
    post(engine, B)
    done = empty(engine, server, clock)
    assert (done.sent, done.later, done.trouble) == (1, 1, None)


def test_given_up_after_four_days_and_that_is_a_soft_bounce(engine: sa.Engine, clock: Clock):
    server = Difficult()
    server.recipient[A] = ["451 not now"] * 99
    post(engine, A)
    rounds = 0
    with serving(server) as url, SmtpMailer.of(url) as mailer:
        while states(engine)[A] == "queued":
            deliver(engine, mailer, terms(clock))
            clock.now = max(clock.now + timedelta(seconds=1), row(engine, A).due)
            rounds += 1
    assert timedelta(days=4) <= clock.now - NOW < timedelta(days=4, hours=5)
    assert rounds == len(server.attempts) < 40
    assert str(row(engine, A).reply).startswith("given up after")
    assert bounced(engine) == [("soft", None)]


def test_a_mail_that_waited_for_a_week_gets_its_tries(engine: sa.Engine, clock: Clock):
    server = Difficult()
    server.recipient[A] = ["451 greylisted"]
    post(engine, A)
    clock.now += timedelta(days=7)
    assert empty(engine, server, clock).later == 1
    clock.now += timedelta(minutes=5)
    assert empty(engine, server, clock).sent == 1


def test_no_domain_gets_more_than_its_rate_and_none_waits_for_another(
    engine: sa.Engine, clock: Clock
):
    server = Difficult()
    for number in range(30):
        post(engine, f"p{number}@large.example")
    for number in range(5):
        post(engine, f"p@small{number}.example")
    done = empty(engine, server, clock, per_minute=60)
    assert done.sent == 35
    order = [one.recipient for one in server.taken]
    assert max(order.index(f"p@small{number}.example") for number in range(5)) < 10
    assert timedelta(seconds=29) <= clock.now - NOW <= timedelta(seconds=31)
    for number in range(30, 33):
        post(engine, f"p{number}@large.example", now=clock.now)
    before = clock.now
    empty(engine, server, clock, per_minute=60)
    assert clock.now - before >= timedelta(seconds=2.9), "a new sender remembers the rate"


def test_a_clock_that_was_set_back_holds_up_nobody(engine: sa.Engine, clock: Clock):
    server = Difficult()
    clock.now += timedelta(days=7)
    post(engine, "p1@large.example", now=clock.now)
    assert empty(engine, server, clock, per_minute=60).sent == 1
    clock.now -= timedelta(days=7)
    post(engine, "p2@large.example", now=clock.now)
    before = clock.now
    assert empty(engine, server, clock, per_minute=60).sent == 1
    assert clock.now - before < timedelta(seconds=5)


def test_one_mail_that_cannot_be_sent_at_all_holds_up_no_other(engine: sa.Engine, clock: Clock):
    server = Difficult()
    post(engine, A)
    post(engine, B)
    post(engine, C)
    with engine.begin() as connection:
        odd = table.update().where(table.c.recipient == B).values(recipient="snowman☃@two.example")
        connection.execute(odd)
    done = empty(engine, server, clock)
    assert done.sent == 2
    assert [to for to, _ in done.failed] == ["snowman☃@two.example"]


def test_stopping_finishes_the_mail_in_flight(engine: sa.Engine, clock: Clock):
    server = Difficult()
    for number in range(5):
        post(engine, f"p{number}@one.example")

    class Interrupting(SmtpMailer):
        def hand_over(self, letter):  # type: ignore[no-untyped-def]
            os.kill(os.getpid(), 15)
            return super().hand_over(letter)

    with (
        serving(server) as url,
        Interrupting(Server.of(url)) as mailer,
        until_told_to_stop() as stop,
    ):
        done = deliver(engine, mailer, terms(clock), stop)
    assert (done.sent, done.stopped) == (1, True)
    assert Counter(states(engine).values()) == {"sent": 1, "queued": 4}
    assert empty(engine, server, clock).sent == 4


def test_what_a_dead_sender_left_goes_out_in_the_same_bytes(engine: sa.Engine, clock: Clock):
    server = Difficult()
    post(engine, A)
    with database.writing(engine) as connection:
        raw = b"X-Signed: once\r\n" + message(A).as_bytes()
        assert outbox.sending(connection, row(engine, A).id, raw)
        assert not outbox.sending(connection, row(engine, A).id, raw)
    assert empty(engine, server, clock).sent == 1
    assert server.taken[0].raw == raw
    assert row(engine, A).attempts == 2


def test_erasing_somebody_takes_their_mails_along(engine: sa.Engine, clock: Clock):
    person = join(engine, A)
    post(engine, A, person=person)
    post(engine, A, 2)
    post(engine, B)
    with database.writing(engine) as connection:
        assert outbox.erase(connection, A.upper(), person.id) == 2
    assert states(engine) == {B: "queued"}


def test_texts_are_dropped_when_their_time_has_come(engine: sa.Engine, clock: Clock):
    server = Difficult()
    post(engine, A)
    empty(engine, server, clock)
    post(engine, B)
    with database.writing(engine) as connection:
        assert outbox.prune(connection, NOW) == 0
        assert outbox.prune(connection, NOW + timedelta(days=30)) == 1
    assert (row(engine, A).message, row(engine, A).state) == (None, "sent")
    assert row(engine, B).message is not None


def test_files_take_mails_of_every_kind(engine: sa.Engine, clock: Clock, tmp_path: Path):
    post(engine, A)
    post(engine, A, 2, kind="early")
    post(engine, A, 3, kind="early")
    done = deliver(engine, FileMailer(tmp_path / "out"), terms(clock))
    assert done.sent == 3
    assert len(list((tmp_path / "out").iterdir())) == 3
    assert {path.read_bytes() for path in (tmp_path / "out").iterdir()} == {
        message(A, number, kind).as_bytes()
        for number, kind in ((1, "digest"), (2, "early"), (3, "early"))
    }


def test_a_full_disk_ends_the_round_and_fails_nobody(
    engine: sa.Engine, clock: Clock, tmp_path: Path
):
    post(engine, A)
    post(engine, B)
    (tmp_path / "outbox").write_text("in the way")
    done = deliver(engine, FileMailer(tmp_path / "outbox"), terms(clock))
    assert done.trouble
    assert Counter(states(engine).values()) == {"queued": 2}


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody vouches for, and its key."""
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


@pytest.mark.parametrize("trusted", [True, False])
def test_starttls_is_used_where_offered_and_verified(
    engine: sa.Engine,
    clock: Clock,
    authority: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    trusted: bool,
):
    certificate, key = authority
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = Difficult()
    post(engine, A)
    with serving(server, tls) as url:
        if trusted:
            with SmtpMailer.of(url) as mailer:
                assert deliver(engine, mailer, terms(clock)).sent == 1
            assert server.encrypted == [True]
        else:
            with pytest.raises(MailServerError, match="verif"), SmtpMailer.of(url):
                pass
            assert server.attempts == []
