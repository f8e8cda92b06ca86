"""How long matching takes: many subscriptions against many new opportunities, with all reasons.

    python benchmarks/match.py [--subscriptions N] [--opportunities N] [--sample N] [--store]

With ``--preview N`` it stores N opportunities, a fiftieth of them of the last 28 days and worth a
look, and times `lately` and, for twenty subscriptions,
`would_have_sent`.

Draws N subscriptions and N opportunities (see `wish` and `notice`), makes the index, and finds
every match with its reasons on one core. Prints seconds, pairs that fit, pairs looked at per
second, matches per subscription and memory; beside it the naive double loop over `matching.match`
on a sample, whose whole is reckoned from that, and near misses. With ``--store`` the matches of the
first opportunities are also stored in an SQLite database, timed apart.

The draw. A wish: four in ten name one to three regions, three in ten one to three authorities, a
quarter a circle of 10 to 40 km around a postcode (in proportion to an outcode's postcodes), the
rest take the whole UK but then ask for words; two in three name one or two art forms, half one or
two outcomes; a fifth a span of values, a third the largest contract they could carry, a tenth kinds
of buyers, a fifth leave out words, a twentieth require one; one in ten take maybes, one in ten
awards, one in seven what is around the arts. A notice: of 1,000, 12 are art, 24 commissionable,
30 around the arts, 30 in review, the rest none; of 100, 80 have one
authority, 12 only regions, 4 the whole UK, 4 nothing; a fifth state no value.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np

from crawler.buyers import BUYER_KINDS
from crawler.digest.considering import consider
from crawler.digest.matching import Match, match
from crawler.digest.screening import Screen
from crawler.items import ART_FORMS, OUTCOMES, Buyer, Judgement, Place, Reason
from crawler.opportunity import Opportunity
from crawler.places import authorities, outcodes
from crawler.places.regions import CODES
from crawler.store.subscribers import Subscription

NOW = datetime(2026, 7, 10, 7, tzinfo=UTC)
LIVING = [body for body in authorities().values() if body.ended is None and body.lat is not None]
_WORDS = """
lantern mural theatre dance choir festival museum archive sculpture film heritage library craft
orchestra poetry puppet circus carnival gallery storytelling roofing catering printing cleaning
software security furniture scaffolding audit insurance
"""
_FILLER = """
the service will be delivered with local people and partners over two years with an option to
extend and bids are judged on quality social value and price by the council and board
"""
WORDS, FILLER = _WORDS.split(), _FILLER.split()
SHARES = (1.2, 2.4, 3.0, 3.0, 90.4)


def wish(draw: random.Random, homes: Sequence[str], number: int) -> Subscription:
    """One subscription as people make them."""
    where, words = draw.random(), [f"{one} {draw.choice(FILLER)}" for one in draw.sample(WORDS, 2)]
    low = draw.choice([0, 5_000, 10_000, 25_000])
    return Subscription(
        id=number,
        regions=tuple(draw.sample(CODES, draw.choice([1, 1, 2, 3]))) if where < 0.4 else (),
        authorities=tuple(body.gss for body in draw.sample(LIVING, draw.choice([1, 1, 2, 3])))
        if 0.4 <= where < 0.7
        else (),
        near=draw.choice(homes) if 0.7 <= where < 0.95 else None,
        near_km=draw.choice([10, 20, 25, 40]) if 0.7 <= where < 0.95 else None,
        require=(draw.choice(WORDS),) if where >= 0.95 else (),
        art_forms=tuple(draw.sample(ART_FORMS, draw.choice([1, 2])))
        if draw.random() < 0.67
        else (),
        outcomes=tuple(draw.sample(OUTCOMES, draw.choice([1, 2]))) if draw.random() < 0.5 else (),
        bands=("arts", "commissionable", *(["adjacent"] if draw.random() < 0.15 else [])),
        stages=("early", "open", *(["awards"] if draw.random() < 0.1 else [])),
        value_min=Decimal(low) if draw.random() < 0.2 else None,
        value_max=Decimal(low + draw.choice([50_000, 250_000])) if draw.random() < 0.2 else None,
        largest=Decimal(draw.choice([20, 50, 100, 250]) * 1000) if draw.random() < 0.33 else None,
        buyer_kinds=tuple(draw.sample(BUYER_KINDS, 3)) if draw.random() < 0.1 else (),
        exclude=(draw.choice(WORDS), *words) if draw.random() < 0.2 else (),
        maybes=draw.random() < 0.1,
    )


def _some(draw: random.Random, codes: Sequence[str], share: float) -> tuple[str, ...]:
    return tuple(draw.sample(codes, draw.choice([1, 2]))) if draw.random() < share else ()


def notice(draw: random.Random, number: int) -> Opportunity:
    """One opportunity as portals publish them in a week, with about 150 words."""
    body, where = draw.choice(LIVING), draw.random()
    place = Place()
    if where < 0.8:
        place = Place(regions=body.regions[:1], authority=body.gss)
    elif where < 0.92:
        place = Place(regions=tuple(draw.sample(CODES, draw.choice([1, 1, 2]))))
    elif where < 0.96:
        place = Place(regions=("UK",))
    stage, status = draw.choices(
        [("tender", "open"), ("planning", "unknown"), ("award", "awarded")], [65, 15, 20]
    )[0]
    value = Decimal(int(draw.lognormvariate(11, 1.5))) if draw.random() < 0.8 else None
    text = draw.choices(WORDS, k=6) + draw.choices(FILLER, k=140)
    draw.shuffle(text)
    return Opportunity(
        id=f"k{number:011}",
        ocids=(f"ocds-{number}",),
        sources=("find-a-tender",),
        title=" ".join(text[:8]),
        description=" ".join(text[8:]),
        stage=stage,  # type: ignore[arg-type]
        status=status,  # type: ignore[arg-type]
        published=NOW - timedelta(days=draw.random() * 7),
        updated=NOW - timedelta(days=draw.random() * 7),
        version=1,
        buyer=Buyer(name=draw.choice([body.name, body.name, "NHS Trust", "University"])),
        deadline=NOW + timedelta(days=draw.randrange(5, 60)) if stage == "tender" else None,
        value_min=value,
        value_max=value,
        currency="GBP",
        judgement=_judged(draw),
        place=place,
    )


def _judged(draw: random.Random) -> Judgement:
    kind = draw.choices(["arts", "commissionable", "adjacent", "review", "none"], SHARES)
    label = "none" if kind[0] == "review" else kind[0]
    rest = 0.3 if kind[0] == "review" else 0.02
    scores = dict.fromkeys(("arts", "commissionable", "adjacent", "none"), 0.02)
    scores |= {label: 0.96 - rest, "arts" if label != "arts" else "commissionable": rest}
    phrases = [Reason(text=draw.choice(WORDS), field="title", weight=draw.random()) for _ in "abc"]
    return Judgement(
        relevance=label,  # type: ignore[arg-type]
        scores=scores,
        art_forms=tuple(draw.sample(ART_FORMS, draw.choice([0, 1, 1, 2]))),
        outcomes=tuple(draw.sample(OUTCOMES, draw.choice([0, 1, 2]))),
        reasons=tuple(phrases),
    )


def megabytes() -> float:
    """The most memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=100_000)
    parser.add_argument("--opportunities", type=int, default=10_000)
    parser.add_argument("--sample", type=int, default=200, help="a side of the naive double loop")
    parser.add_argument("--store", action="store_true", help="store a tenth of the matches too")
    parser.add_argument("--preview", type=int, metavar="N", help="preview with N stored")
    options = parser.parse_args(arguments)
    draw = random.Random(2026)
    homes = _homes(draw)
    wishes = [wish(draw, homes, number) for number in range(1, options.subscriptions + 1)]
    calls = [notice(draw, number) for number in range(1, options.opportunities + 1)]
    print(
        f"{len(wishes):,} subscriptions, {len(calls):,} opportunities; {megabytes():.0f} MB so far"
    )

    start = time.process_time()
    screen = Screen(wishes)
    print(f"making the index: {time.process_time() - start:.1f} s; {megabytes():.0f} MB")
    each = np.zeros(len(wishes), dtype=np.int64)
    start, groups = time.process_time(), 0
    for call in calls:
        hits = screen.hits(consider(call, NOW))
        each[hits.positions] += 1
        groups += len(hits.matches)
    seconds = time.process_time() - start
    pairs = len(wishes) * len(calls)
    print(
        f"matching with reasons: {seconds:.1f} s; {int(each.sum()):,} matches, of"
        f" {groups:,} wordings; {pairs / seconds / 1e6:,.0f} million pairs/s; {megabytes():.0f} MB"
    )
    print(f"matches a subscription: median {np.median(each):.0f}, mean {each.mean():.0f}")

    start, missed = time.process_time(), np.zeros(len(wishes), dtype=np.int64)
    for call in calls:
        missed[screen.near_misses(consider(call, NOW))] += 1
    print(
        f"near misses: {time.process_time() - start:.1f} s;"
        f" a subscription: median {np.median(missed):.0f}"
    )

    some, few = draw.sample(wishes, options.sample), draw.sample(calls, options.sample)
    start = time.process_time()
    found = sum(isinstance(match(call, one, NOW), Match) for call in few for one in some)
    naive = (time.process_time() - start) / len(some) / len(few) * pairs
    print(
        f"the double loop, reckoned from {len(some) * len(few):,} pairs ({found} fit):"
        f" {naive:,.0f} s, {naive / seconds:,.0f} times as long"
    )
    if options.preview:
        _previewed(wishes[:20], options.preview)
    if options.store:
        _stored(wishes, calls[: max(1, len(calls) // 10)])


def _homes(draw: random.Random) -> list[str]:
    known = [code for code in outcodes._table() if outcodes.outcode(code)]
    sizes = [made.postcodes for code in known if (made := outcodes.outcode(code))]
    return draw.choices(known, sizes, k=5000)


def _previewed(wishes: Sequence[Subscription], count: int) -> None:
    from crawler.jobs.match import lately
    from crawler.store import database, opportunities

    draw = random.Random(28)
    with tempfile.TemporaryDirectory() as folder:
        engine = database.engine(f"sqlite:///{Path(folder) / 'bench.sqlite'}")
        for begin in range(0, count, 2000):
            calls = [notice(draw, number) for number in range(begin, begin + 2000)]
            entries = [opportunities.Entry(None, _aged(call, draw)) for call in calls]
            with database.writing(engine) as connection:
                opportunities.save(connection, entries, NOW)
        times, found = [], []
        start = time.process_time()
        known = lately(engine, NOW)
        reading = time.process_time() - start
        for one in wishes:
            start = time.process_time()
            had = known.would_have_sent(one)
            times.append(time.process_time() - start)
            found.append((had.count, len(had.near_misses)))
    print(
        f"a preview with {count:,} stored: reading {len(known.seen):,} of late"
        f" {reading * 1000:.0f} ms, then median {statistics.median(times) * 1000:.0f} ms each; it"
        f" found {statistics.median(a for a, _ in found):.0f}, and"
        f" {statistics.median(b for _, b in found):.0f} near misses"
    )


def _aged(call: Opportunity, draw: random.Random) -> Opportunity:
    """One in five of the last 28 days, the rest of the four years before."""
    days = draw.uniform(0, 28) if draw.random() < 0.2 else draw.uniform(28, 1500)
    at = NOW - timedelta(days=days)
    return dataclasses.replace(call, published=at, updated=at)


def _stored(wishes: Sequence[Subscription], calls: Sequence[Opportunity]) -> None:
    from crawler.jobs.match import match as match_all
    from crawler.store import database, opportunities, subscribers

    with tempfile.TemporaryDirectory() as folder:
        engine = database.engine(f"sqlite:///{Path(folder) / 'bench.sqlite'}")
        with database.writing(engine) as connection:
            entries = [opportunities.Entry(None, call) for call in calls]
            opportunities.save(connection, entries, NOW)
            person = subscribers.add(
                connection,
                email="bench@example.org",
                organisation=None,
                subscription=wishes[0],
                now=NOW,
                state="active",
            )
            for one in wishes[1:]:
                subscribers.subscribe(connection, person.id, one)
        rounds = []
        for name in ("first", "again"):
            start = time.process_time()
            done = match_all(engine, NOW, everything=True)
            rounds.append(time.process_time() - start)
            rate = statistics.fmean([done.kept.new or done.kept.same]) / rounds[-1]
            print(f"a stored round, {name}: {rounds[-1]:.1f} s, {rate:,.0f} matches/s; {done}")
        print(f"{megabytes():.0f} MB")


if __name__ == "__main__":
    sys.stdout = io.TextIOWrapper(sys.stdout.buffer, line_buffering=True)
    main(sys.argv[1:])
