"""Emptying the outbox beside bare smtplib, to the same local server; and filling it.

The server is a process of its own that takes everything. `--mails N`, `--size BYTES`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import smtplib
import socket
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from multiprocessing.connection import Connection
from pathlib import Path

import sqlalchemy as sa
from aiosmtpd.controller import Controller

from crawler.digest.bouncing import ReturnAddress
from crawler.digest.smtp import SmtpMailer
from crawler.jobs.deliver import Terms, deliver
from crawler.store import database, outbox


class Sink:
    """Takes everything and keeps nothing."""

    async def handle_DATA(self, *_: object) -> str:
        """Taken."""
        return "250 OK"


def serve(pipe: Connection) -> None:
    """The server's process: says its port, and ends when told to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(Sink(), hostname="127.0.0.1", port=port)
    controller.start()
    pipe.send(port)
    pipe.recv()
    controller.stop()


def mail(number: int, size: int) -> EmailMessage:
    """A mail of about `size` bytes."""
    made = EmailMessage(policy=SMTP)
    made["From"] = "Benchmark <digest@tenders.example>"
    made["To"] = f"p{number}@d{number % 500}.example"
    made["Subject"] = f"Digest {number}"
    made["Message-ID"] = f"<digest.{number}@tenders.example>"
    line = "Closes Friday 27 November 2026, 12 noon (3 days left), Calderdale.\r\n"
    made.set_content(line * (size // len(line)))
    return made


def timed(what: str, mails: int, work: Callable[[], None]) -> float:
    """Mails a second; printed."""
    start = time.perf_counter()
    work()
    rate = mails / (time.perf_counter() - start)
    print(f"{what:44} {rate:8.0f} mails/s")
    return rate


def fill(engine: sa.Engine, made: list[EmailMessage]) -> None:
    """Queues every mail in a transaction of its own, as digests are."""
    now = datetime.now(UTC)
    for one in made:
        with database.writing(engine) as connection:
            outbox.queue(
                connection,
                about=str(one["Message-ID"]),
                kind="digest",
                message=one,
                subscriber_id=None,
                recipient=str(one["To"]),
                now=now,
            )


def bare(port: int, raws: list[tuple[str, bytes]]) -> None:
    """One connection, one `sendmail` after the other."""
    with smtplib.SMTP("127.0.0.1", port) as session:
        for to, raw in raws:
            session.sendmail("digest@tenders.example", [to], raw)


def emptied(engine: sa.Engine, port: int, mails: int) -> None:
    """A round of delivering everything, one connection, no limit by domain."""
    terms = Terms(
        returns=ReturnAddress(local="bounce", domain="tenders.example", key=b"k" * 32),
        key=b"k" * 32,
        per_minute=None,
        clock=lambda: datetime.now(UTC),
    )
    with SmtpMailer.of(f"smtp://127.0.0.1:{port}") as mailer:
        done = deliver(engine, mailer, terms)
    assert done.sent == mails, done


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--size", type=int, default=60_000)
    options = parser.parse_args()
    made = [mail(number, options.size) for number in range(options.mails)]
    raws = [(str(one["To"]), one.as_bytes()) for one in made]
    print(f"{options.mails} mails of {len(raws[0][1]) / 1000:.0f} kB")
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(theirs,))
    server.start()
    port = ours.recv()
    with tempfile.TemporaryDirectory() as folder:
        engine = database.engine(f"sqlite:///{Path(folder) / 'outbox.sqlite'}")
        timed("queueing (serialise, compress, commit)", options.mails, lambda: fill(engine, made))
        first = timed("bare smtplib", options.mails, lambda: bare(port, raws))
        full = timed(
            "emptying the outbox", options.mails, lambda: emptied(engine, port, options.mails)
        )
        second = timed("bare smtplib again", options.mails, lambda: bare(port, raws))
        print(f"{'emptying beside bare smtplib':44} {full / ((first + second) / 2):8.2f}")
    ours.send("stop")
    server.join()


if __name__ == "__main__":
    main()
