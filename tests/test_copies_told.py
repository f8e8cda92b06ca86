"""Two notices that may be one stand in a mail as one item, as long as nobody has decided."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import timedelta

import html5lib
import pytest
import sqlalchemy as sa
from digest_samples import ADDRESSES, NOW, candidate, digest, moved, opportunity, store
from outbox_samples import join

from crawler.config import Settings
from crawler.digest import rendering
from crawler.digest.composing import Digest
from crawler.digest.items import Candidate
from crawler.jobs import drafting
from crawler.jobs.match import match
from crawler.opportunity import Opportunity
from crawler.store import database, duplicates, matches, subscribers, tables
from crawler.store.subscribers import Schedule

EMAIL, CONTACT = "a@one.example", "hello@tenders.example"
WEEK = timedelta(days=7)
WALES = ("https://www.sell2wales.gov.wales/search/1",)
SAID = "May be the same as ‘Riverside art’ on Sell2Wales"


def twins() -> tuple[Opportunity, Opportunity]:
    """The same work on two portals, in words that differ."""
    first = opportunity(1)
    return first, dataclasses.replace(
        opportunity(2), title="Riverside art", urls=WALES, sources=("sell2wales",)
    )


def paired(*found: Candidate) -> list[Candidate]:
    ids = frozenset(one.opportunity.id for one in found)
    return [dataclasses.replace(one, copies=ids - {one.opportunity.id}) for one in found]


def ids(made: Digest) -> list[str]:
    return [item.id for section in made.sections for item in section.items]


def test_the_second_is_named_by_the_first_and_counted_with_it():
    first, second = twins()
    made = digest(*paired(candidate(first), candidate(second)), addresses=ADDRESSES)
    assert ids(made) == [first.id]
    assert made.headline == "1 new for you"
    assert set(made.carried) == {first.id, second.id}
    page, text = rendering.html(made, CONTACT), rendering.text(made, CONTACT)
    assert f"{SAID}: {ADDRESSES.opportunity(second.id)}" in text
    links = {
        link.get("href"): "".join(link.itertext())
        for link in html5lib.parse(page).iter("{http://www.w3.org/1999/xhtml}a")
    }
    assert links[ADDRESSES.opportunity(second.id)] == SAID


def test_without_pages_of_ours_it_leads_to_the_portal():
    first, second = twins()
    made = digest(*paired(candidate(first), candidate(second)))
    assert f"{SAID}: {WALES[0]}" in rendering.text(made, CONTACT)
    bare = dataclasses.replace(second, urls=())
    made = digest(*paired(candidate(first), candidate(bare)))
    assert "  May be the same as ‘Riverside art’\n" in rendering.text(made, CONTACT)
    page = rendering.html(made, CONTACT)
    assert ">May be the same as ‘Riverside art’</p>" in page
    assert 'href=""' not in page


def test_of_three_that_may_be_one_the_first_stands():
    made = digest(
        *paired(*(candidate(opportunity(number, title=f"Work {number}")) for number in (1, 2, 3)))
    )
    assert ids(made) == [opportunity(1).id]
    assert len(made.carried) == 3
    text = rendering.text(made, CONTACT)
    assert "‘Work 2’" in text
    assert "‘Work 3’" in text


def test_a_chain_of_pairs_is_one_item():
    one, two, three = (opportunity(number) for number in (1, 2, 3))
    chain = [
        dataclasses.replace(candidate(one), copies=frozenset({two.id})),
        dataclasses.replace(candidate(two), copies=frozenset({one.id, three.id})),
        dataclasses.replace(candidate(three), copies=frozenset({two.id})),
    ]
    assert ids(digest(*chain)) == [one.id]


def test_what_changed_about_one_alone_is_told():
    first, second = twins()
    later = moved(first, NOW + timedelta(days=50))
    changed = paired(candidate(later, told=first), candidate(second))
    assert set(ids(digest(*changed))) == {first.id, second.id}
    both = paired(
        candidate(later, told=first),
        candidate(moved(second, NOW + timedelta(days=50)), told=second),
    )
    assert len(ids(digest(*both))) == 1
    one_only = paired(candidate(later, told=first), candidate(second, told=second))
    assert ids(digest(*one_only)) == [first.id]


def pair(engine: sa.Engine, found: Sequence[Opportunity], keys: Sequence[int]) -> int:
    """Notes that nobody knows whether these two are one; the number of the pair."""
    with database.writing(engine) as connection:
        made = []
        for one, key in zip(found, keys, strict=True):
            row = {"source": one.sources[0], "ocid": one.ocids[0], "key": one.id, "title_key": "x"}
            process = sa.insert(tables.processes).values(**row, first_date=NOW, opportunity_id=key)
            made += connection.execute(process).inserted_primary_key or ()
        duplicates.note(connection, {(made[0], made[1]): "alike"}, NOW)
        waits, _ = duplicates.waiting(connection)
        assert waits
        return waits.id


def drafted(engine: sa.Engine) -> drafting.Draft:
    settings = Settings(
        secret_key="s" * 40, sender="digest@tenders.example", base_url="https://tenders.example"
    )
    with engine.connect() as connection:
        (person,) = subscribers.listed(connection)
        return drafting.round_of(settings, connection, NOW).digest(person, slot=NOW)


def test_a_pair_is_told_once_until_somebody_decides(engine: sa.Engine):
    who = join(engine, EMAIL, Schedule(early_mail=True), now=NOW - WEEK)
    found = twins()
    keys = store(engine, *found)
    number = pair(engine, found, keys)
    match(engine, NOW)
    first = drafted(engine)
    assert len(ids(first.digest)) == 1
    assert set(first.told) == set(keys)
    with database.writing(engine) as connection:
        duplicates.decide(connection, number, "apart", "sam", NOW)
    assert len(ids(drafted(engine).digest)) == 2
    with database.writing(engine) as connection:
        duplicates.decide(connection, number, None, "sam", NOW)
        matches.told(connection, who.id, first.told, NOW)
    assert drafted(engine).digest.quiet


@pytest.mark.parametrize("many", [2, 8])
def test_an_early_mail_tells_a_pair_once(engine: sa.Engine, many: int):
    who = join(engine, EMAIL, Schedule(early_mail=True), now=NOW - WEEK)
    soon = NOW + timedelta(days=3)
    one, two = (dataclasses.replace(found, deadline=soon) for found in twins())
    others = [opportunity(number, deadline=soon) for number in range(3, many + 1)]
    keys = store(engine, one, two, *others)
    pair(engine, (one, two), keys[:2])
    match(engine, NOW)
    settings = Settings(secret_key="s" * 40, sender="digest@tenders.example")
    with engine.connect() as connection:
        draft = drafting.round_of(settings, connection, NOW).early(who, NOW + WEEK)
    assert draft is not None
    assert ids(draft.digest)[0] == one.id
    assert two.id not in ids(draft.digest)
    assert len(ids(draft.digest)) == min(many - 1, 5)
    assert set(keys[:2]) <= set(draft.told)
