"""Composing digests: from stored opportunities to bytes, beside a bare MIME build of equal size.

python benchmarks/digest.py [--people 10000] [--opportunities 10000] [--profile]

Invented notices and people: each person has one subscription to one to three regions and, by a
log-normal draw with a median of 20, untold matches among what was published there; a fifth of the
people wait for their first digest. Contacts are kept for no council. Everything runs on one core.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage
from email.policy import SMTP

import sqlalchemy as sa

from crawler.addresses import Addresses
from crawler.digest.mail import Letterhead
from crawler.items import Award, Buyer, Judgement, Place, Reason
from crawler.jobs import drafting
from crawler.opportunity import Opportunity
from crawler.partners.signs import signs
from crawler.places.authorities import authorities
from crawler.places.regions import CODES
from crawler.store import coming, database, opportunities, subscribers
from crawler.store.subscribers import Subscriber, Subscription
from crawler.store.tables import matches
from crawler.tokens import Tokens

NOW = datetime(2026, 7, 13, 6, tzinfo=UTC)
WORDS = tuple(
    word
    for line in (
        "artist led summer festival of light music theatre residency mural museum display",
        "archive dance youth programme older people wellbeing park library schools creative",
    )
    for word in line.split()
)
LETTERHEAD = Letterhead(sender="digest@tenders.example", contact="hello@tenders.example")


def notice(number: int, draw: random.Random) -> Opportunity:
    """An invented opportunity of one of the kinds that digests have."""
    body = draw.choice(list(authorities().values()))
    stage = draw.choices(("tender", "planning", "award"), (75, 15, 10))[0]
    kind = draw.choices(("arts", "commissionable", "adjacent"), (45, 40, 15))[0]
    scores = dict.fromkeys(("arts", "commissionable", "adjacent", "none"), 0.05) | {kind: 0.85}
    published = NOW - timedelta(hours=draw.randrange(1, 24 * 7))
    title = " ".join(draw.choices(WORDS, k=draw.randrange(5, 14))).capitalize()
    reasons = (
        Reason(text=draw.choice(WORDS), field="title", weight=2.0),
        Reason(text=" ".join(draw.choices(WORDS, k=2)), field="description", weight=1.0),
    )
    ends = NOW + timedelta(days=draw.randrange(30, 1200))
    return Opportunity(
        id=f"b{number:011}",
        ocids=(f"ocds-bench-{number}",),
        sources=("find-a-tender",),
        title=title,
        description=" ".join(draw.choices(WORDS, k=250)),
        stage=stage,  # type: ignore[arg-type]
        status="awarded" if stage == "award" else "open",
        published=published,
        updated=published,
        version=1,
        buyer=Buyer(name=body.name, contact_email=f"procurement@{number % 300}.example"),
        deadline=NOW + timedelta(days=draw.randrange(2, 60)) if stage == "tender" else None,
        value_max=Decimal(draw.randrange(5_000, 500_000)),
        currency="GBP",
        urls=(f"https://www.find-tender.service.gov.uk/Notice/{number:06}-2026",),
        awards=(Award(id="1", suppliers=("Ada",), end=ends),) if stage == "award" else (),
        judgement=Judgement(
            relevance=kind,  # type: ignore[arg-type]
            scores=scores,
            outcomes=("older_people",) if kind == "commissionable" else (),
            reasons=reasons,
        ),
        place=Place(regions=(body.region,), authority=body.gss),
    )


def fill(engine: sa.Engine, people: int, count: int, draw: random.Random) -> None:
    """Stores everything that a round of digests starts from."""
    notices = [notice(number, draw) for number in range(count)]
    with database.writing(engine) as connection:
        entries = [opportunities.Entry(None, one) for one in notices]
        ids: list[int] = []
        for at in range(0, count, 1000):
            part = entries[at : at + 1000]
            made = opportunities.save(connection, part, NOW - timedelta(days=1))
            told = (entry.opportunity for entry in part)
            coming.remember(connection, dict(zip(made, told, strict=True)), signs)
            ids += made
        by_region: dict[str, list[int]] = {code: [] for code in CODES}
        for key, one in zip(ids, notices, strict=True):
            if one.stage != "award":
                by_region[one.place.regions[0]].append(key)
        rows = []
        for number in range(people):
            regions = tuple(draw.sample(CODES, draw.randrange(1, 4)))
            person = subscribers.add(
                connection,
                email=f"person{number}@organisation{number}.example",
                organisation=f"Organisation {number}",
                subscription=Subscription(
                    regions=regions, bands=("arts", "commissionable", "adjacent")
                ),
                now=NOW - timedelta(days=100),
                state="active",
            )
            if draw.random() > 0.2:
                subscribers.digested(connection, person.id, NOW - timedelta(days=7))
            pool = [key for code in regions for key in by_region[code]]
            wanted = min(len(pool), max(0, round(draw.lognormvariate(3.0, 0.8))))
            rows += [
                {
                    "subscription_id": person.subscriptions[0].id,
                    "opportunity_id": key,
                    "reasons": ["In the North West"],
                    "caveats": [],
                    "matched_at": NOW,
                }
                for key in draw.sample(pool, wanted)
            ]
        for at in range(0, len(rows), 20_000):
            connection.execute(sa.insert(matches), rows[at : at + 20_000])


def bare(text: str, html: str) -> bytes:
    """The least that a mail of two parts takes with the standard library."""
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"] = "a@b.example", "c@d.example", "Digest"
    made.set_content(text)
    made.add_alternative(html, subtype="html")
    return made.as_bytes()


def compose(engine: sa.Engine, people: list[Subscriber]) -> tuple[float, list[int], EmailMessage]:
    """Processor seconds for everybody's digest, the sizes in bytes, and the largest one."""
    sizes: list[int] = []
    most, largest = 0, EmailMessage()
    started = time.process_time()
    with engine.connect() as connection:
        one_round = drafting.Round(
            connection,
            accounts=drafting.accounts(connection, NOW),
            letterhead=LETTERHEAD,
            now=NOW,
            key=b"k" * 32,
            addresses=Addresses(base="https://tenders.example", tokens=Tokens(b"k" * 32)),
        )
        for person in people:
            draft = one_round.digest(person, slot=NOW, near_misses=14)
            sizes.append(len(draft.message.as_bytes()))
            if sizes[-1] > most:
                most, largest = sizes[-1], draft.message
    return time.process_time() - started, sizes, largest


def main() -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--people", type=int, default=10_000)
    options.add_argument("--opportunities", type=int, default=10_000)
    options.add_argument("--profile", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = database.engine(f"sqlite:///{folder}/digest.sqlite")
        fill(engine, chosen.people, chosen.opportunities, random.Random(5))
        with engine.connect() as connection:
            people = subscribers.listed(connection)
        profile = cProfile.Profile()
        if chosen.profile:
            profile.enable()
        seconds, sizes, largest = compose(engine, people)
        profile.disable()
        engine.dispose()
    plain, page = (largest.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert page is not None
    words, markup = plain.get_content(), page.get_content()
    share = statistics.mean(sizes) / max(sizes)
    text, html = words[: int(len(words) * share)], markup[: int(len(markup) * share)]
    rounds = 300
    started = time.process_time()
    for _ in range(rounds):
        raw = bare(text, html)
    least = (time.process_time() - started) / rounds
    each = seconds / len(people)
    print(f"{len(people)} digests, {statistics.mean(sizes):,.0f} bytes on average", end="")
    print(f" (largest {max(sizes):,})")
    print(f"from the store to bytes   {each * 1000:6.2f} ms  {1 / each:6.0f}/s per core")
    print(f"bare MIME, {len(raw):,} bytes {least * 1000:6.2f} ms  {1 / least:6.0f}/s per core")
    print(f"ratio {each / least:.2f}")
    if chosen.profile:
        pstats.Stats(profile).sort_stats("cumtime").print_stats(45)


if __name__ == "__main__":
    main()
