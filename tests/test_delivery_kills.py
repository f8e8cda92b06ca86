"""``kill -9`` at random moments of writing and sending: everybody gets theirs.

TENDERS_TEST_SUBSCRIBERS and TENDERS_TEST_KILLS make it a longer run.
"""

from __future__ import annotations

import email
import email.policy
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from crawling import environment
from digest_samples import opportunity, store
from mail_server import Difficult, serving

from crawler.jobs.match import match
from crawler.store import database, outbox, subscribers
from crawler.store.subscribers import Subscription
from crawler.store.tables import matches

PEOPLE = int(os.environ.get("TENDERS_TEST_SUBSCRIBERS", "150"))
KILLS = int(os.environ.get("TENDERS_TEST_KILLS", "3"))
SEND = [sys.executable, "-m", "crawler.cli", "digest", "send"]


def test_killed_at_random_moments_everybody_gets_theirs(database_url: str, tmp_path: Path) -> None:
    engine = database.engine(database_url)
    people = _people(engine)
    server = Difficult()
    server.delay = 0.02
    with serving(server) as url:
        env = environment(tmp_path, database_url) | {
            "TENDERS_SMTP_URL": url,
            "TENDERS_SECRET_KEY": "s" * 40,
            "TENDERS_LEASE_SECONDS": "2",
            "TENDERS_MAILS_PER_MINUTE": "60000",
        }
        kills = _killed(env, server)
        done = subprocess.run(SEND, env=env, capture_output=True, text=True, check=False)
    assert kills, "nothing was killed, so nothing was tested"
    assert done.returncode == 0, done.stdout + done.stderr
    by_recipient: dict[str, list[bytes]] = defaultdict(list)
    for one in server.taken:
        by_recipient[one.recipient].append(one.raw)
    assert set(by_recipient) == set(people), "nobody misses one"
    assert all(len(set(raws)) == 1 for raws in by_recipient.values()), "twice is the same bytes"
    assert len(server.taken) - len(people) <= kills, "at most the one in flight comes twice"
    identities = Counter(
        str(email.message_from_bytes(raws[0], policy=email.policy.default)["Message-ID"])
        for raws in by_recipient.values()
    )
    assert len(identities) == len(people)
    with engine.connect() as connection:
        assert outbox.counts(connection) == {"sent": len(people)}
        told = sa.select(sa.func.count()).where(matches.c.told_at.is_not(None))
        assert connection.execute(told).scalar_one() == len(people)


def _people(engine: sa.Engine) -> list[str]:
    """Subscribers at many domains and one opportunity that fits them all."""
    now = datetime.now(UTC)
    people = [f"p{number}@d{number % 50}.example" for number in range(PEOPLE)]
    with database.writing(engine) as connection:
        for one in people:
            subscribers.add(
                connection,
                email=one,
                organisation=None,
                subscription=Subscription(),
                now=now - timedelta(days=1),
                state="active",
            )
    deadline = now + timedelta(days=30)
    store(engine, opportunity(published=now, updated=now, deadline=deadline))
    match(engine, now)
    return people


def _killed(env: dict[str, str], server: Difficult) -> int:
    """Starts senders and kills them while they write or send; how many were killed."""
    chance = random.Random(11)
    kills = 0
    while kills < KILLS and len(server.taken) < PEOPLE:
        sender = subprocess.Popen(
            SEND, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(chance.uniform(1, 5))
        if sender.poll() is None:
            sender.send_signal(signal.SIGKILL)
            kills += 1
        sender.wait()
    return kills
