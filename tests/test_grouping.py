"""One opportunity, several portals: what is joined, what stays apart, what people are asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import hypothesis
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from release_samples import CF, FTS, NOW, PCS, S2W, facts

from crawler.items import Award, Buyer, Facts
from crawler.store.grouping import Grouping, Process, group, keys_of, title_key

DAY = datetime(2026, 4, 20, 12, tzinfo=UTC)


def notice(source: str, ocid: str, **said: Any) -> Facts:
    """A notice with its own OCID as its first reference, as decoding gives it."""
    references = (f"ocid:{ocid}", *said.pop("references", ()))
    plain: dict[str, Any] = {"deadline": DAY, "references": references}
    return facts(source=source, ocid=ocid, **(plain | said))


def process(at: int, one: Facts) -> Process:
    suppliers = [supplier for award in one.awards for supplier in award.suppliers]
    return Process(
        id=at,
        source=one.source,
        ocid=one.ocid,
        first_date=one.date,
        title_key=title_key(one),
        deadline=one.deadline,
        value=one.value_max,
        supplier=suppliers[0] if suppliers else None,
    )


def grouped(
    *notices: Facts,
    decisions: Mapping[tuple[int, int], str] | None = None,
    ids: Iterable[int] | None = None,
) -> tuple[set[frozenset[int]], set[tuple[int, int]]]:
    """The groups and the doubtful pairs, by position in `notices` (from 1)."""
    numbers = list(ids or range(1, len(notices) + 1))
    back = {number: place for place, number in enumerate(numbers, start=1)}
    keys: dict[str, set[int]] = {}
    for number, one in zip(numbers, notices, strict=True):
        for key in keys_of(one):
            keys.setdefault(key, set()).add(number)
    processes = {number: process(number, one) for number, one in zip(numbers, notices, strict=True)}
    renamed = {
        (min(pair), max(pair)): word
        for (first, second), word in (decisions or {}).items()
        for pair in [(numbers[first - 1], numbers[second - 1])]
    }
    found: Grouping = group(processes, keys, renamed)
    groups = {frozenset(back[at] for at in one) for one in found.groups}
    doubtful = {(min(back[a], back[b]), max(back[a], back[b])) for a, b in found.doubtful}
    assert all(first < second for first, second in found.doubtful)
    return groups, doubtful


def joined(*notices: Facts, **more: Any) -> bool:
    """Whether all `notices` are one opportunity."""
    return grouped(*notices, **more)[0] == {frozenset(range(1, len(notices) + 1))}


A = notice(FTS, "ocds-h6vhtk-1")
B = notice(CF, "ocds-b5fd17-1")


def test_the_same_ocid_on_two_portals_is_one_opportunity() -> None:
    other = notice(CF, "ocds-h6vhtk-1", title="Quite another title", deadline=None)
    assert joined(A, other)


def test_an_explicit_reference_joins_whatever_the_titles_say() -> None:
    far = notice(
        PCS, "ocds-r6ebe6-1", title="Gŵyl", deadline=None, references=("SC:829625",),
        buyer=Buyer(name="Another name of the council"), value_max=Decimal(10**6),
    )  # fmt: skip
    near = replace(A, references=(*A.references, "SC:829625"), value_max=Decimal(5000))
    assert joined(near, far)
    assert not joined(A, far)


def test_the_same_number_of_different_portals_is_no_reference() -> None:
    one = notice(FTS, "ocds-h6vhtk-1", title="Lights", references=("SC:829625",))
    other = notice(S2W, "ocds-kuma6s-1", title="Sound", references=("WA:829625",))
    assert not joined(one, other)


def test_references_join_in_chains() -> None:
    one = notice(FTS, "a-1", title="Lights", references=("SC:829625",))
    two = notice(PCS, "b-1", title="Sound", references=("SC:829625", "FTS:1-2026"))
    three = notice(CF, "c-1", title="Choir", references=("FTS:1-2026",))
    assert joined(one, two, three)


def test_one_portals_notices_with_one_reference_are_asked_about_unless_titles_agree() -> None:
    first = notice(FTS, "a-1", title="Lights", deadline=None, references=("SC:829625",))
    second = notice(FTS, "a-2", title="Sound", deadline=None, references=("SC:829625",))
    assert grouped(first, second) == ({frozenset({1}), frozenset({2})}, {(1, 2)})
    assert joined(first, replace(second, title="LIGHTS."))


def test_notices_of_one_portal_without_titles_are_not_joined_for_having_none() -> None:
    first = notice(FTS, "a-1", title="", references=("SC:829625",))
    second = notice(FTS, "a-2", buyer=None, references=("SC:829625",))
    assert not joined(first, second)


def test_buyer_title_and_closing_day_join_across_portals() -> None:
    assert joined(A, B)
    retyped = replace(
        B, title="HARBOUR light festival!", buyer=Buyer(name="Saltmarsh  borough council")
    )
    assert joined(A, retyped)
    same_day = replace(B, deadline=DAY.replace(hour=17))
    assert joined(A, same_day)


def test_values_that_contradict_keep_lookalikes_apart_for_review() -> None:
    one, other = replace(A, value_max=Decimal(40000)), replace(B, value_max=Decimal(80000))
    assert grouped(one, other) == ({frozenset({1}), frozenset({2})}, {(1, 2)})
    assert joined(one, replace(B, value_max=Decimal(41000)))
    assert joined(one, replace(B, value_max=None))


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "Harbour light festival Lot 2"},
        {"title": "Harbour light festival 2027"},
        {"title": "Harbour sound festival"},
        {"buyer": Buyer(name="Fen District Council")},
        {"buyer": None},
        {"title": ""},
    ],
    ids=str,
)
def test_another_title_or_buyer_is_another_opportunity_without_asking(
    changed: dict[str, Any],
) -> None:
    assert grouped(A, replace(B, **changed)) == ({frozenset({1}), frozenset({2})}, set())


def test_lots_of_one_framework_published_apart_stay_apart() -> None:
    lots = [notice(CF, f"b-{at}", title=f"Framework for artists Lot {at}") for at in (1, 2, 3)]
    copies = [notice(FTS, f"a-{at}", title=f"Framework for artists Lot {at}") for at in (1, 2, 3)]
    groups, doubtful = grouped(*lots, *copies)
    assert groups == {frozenset({1, 4}), frozenset({2, 5}), frozenset({3, 6})}
    assert not doubtful


def test_years_of_one_festival_stay_apart() -> None:
    years = [
        notice(source, f"{source}-{year}", title=f"Light festival {year}",
               deadline=DAY.replace(year=year))
        for source in (FTS, CF)
        for year in (2025, 2026)
    ]  # fmt: skip
    groups, _ = grouped(*years)
    assert groups == {frozenset({1, 3}), frozenset({2, 4})}


def test_the_same_title_a_year_later_is_neither_joined_nor_asked_about() -> None:
    later = replace(B, deadline=DAY.replace(year=2027), date=NOW.replace(year=2027))
    assert grouped(A, later) == ({frozenset({1}), frozenset({2})}, set())


def call_off(at: int, supplier: str, source: str = CF) -> Facts:
    award = Award(id=f"w{at}", suppliers=(supplier,), value=Decimal(5000))
    return notice(
        source, f"{source}-{at}", stage="award", status="awarded", title="Artist residency",
        awards=(award,), value_max=Decimal(5000), deadline=None,
    )  # fmt: skip


def test_call_offs_with_different_suppliers_stay_apart_without_asking() -> None:
    groups, doubtful = grouped(call_off(1, "Ann Vale"), call_off(2, "Bo Marsh"))
    assert (len(groups), doubtful) == (2, set())
    dated = [replace(call_off(at, name), deadline=DAY) for at, name in ((1, "Ann"), (2, "Bo"))]
    assert len(grouped(*dated)[0]) == 2


def test_two_alike_on_one_portal_are_never_joined_but_asked_about() -> None:
    twin = replace(A, ocid="ocds-h6vhtk-2", references=("ocid:ocds-h6vhtk-2",))
    assert grouped(A, twin) == ({frozenset({1}), frozenset({2})}, {(1, 2)})


def test_a_copy_that_could_be_of_either_twin_is_joined_to_neither() -> None:
    twin = replace(A, ocid="ocds-h6vhtk-2", references=("ocid:ocds-h6vhtk-2",))
    groups, doubtful = grouped(A, twin, B)
    assert len(groups) == 3
    assert doubtful == {(1, 2), (1, 3), (2, 3)}


@pytest.mark.parametrize(
    ("one", "other", "asked"),
    [
        (DAY, DAY + timedelta(days=7), True),
        (DAY, DAY + timedelta(days=30), False),
        (DAY, None, True),
        (None, None, True),
    ],
)
def test_the_same_buyer_and_title_with_dates_close_by_is_asked_about(
    one: datetime | None, other: datetime | None, asked: bool
) -> None:
    groups, doubtful = grouped(replace(A, deadline=one), replace(B, deadline=other))
    assert len(groups) == 2
    assert doubtful == ({(1, 2)} if asked else set())


def test_awards_far_apart_in_time_are_not_asked_about() -> None:
    old = replace(A, deadline=None)
    new = replace(B, deadline=None, date=NOW + timedelta(days=90))
    assert grouped(old, new)[1] == set()


def test_a_crowd_under_one_title_is_not_asked_about() -> None:
    crowd = [notice(CF, f"b-{at}", title="Invitation to tender", deadline=None) for at in range(12)]
    groups, doubtful = grouped(*crowd)
    assert (len(groups), doubtful) == (12, set())


def test_a_person_who_says_merge_joins_a_doubtful_pair() -> None:
    late = replace(B, deadline=DAY + timedelta(days=7))
    assert grouped(A, late, decisions={(1, 2): "merge"}) == ({frozenset({1, 2})}, set())


@pytest.mark.parametrize("references", [(), ("SC:829625",)])
def test_a_person_who_says_apart_beats_every_rule(references: tuple[str, ...]) -> None:
    one = notice(FTS, "a-1", references=references)
    other = notice(PCS, "b-1", references=references)
    assert joined(one, other)
    apart = grouped(one, other, decisions={(1, 2): "apart"})
    assert apart == ({frozenset({1}), frozenset({2})}, set())


def test_apart_holds_through_a_third_notice_too() -> None:
    one = notice(FTS, "a-1", title="Lights", references=("SC:829625",))
    two = notice(PCS, "b-1", title="Sound", references=("SC:829625", "FTS:1-2026"))
    three = notice(CF, "c-1", title="Choir", references=("FTS:1-2026",))
    groups, _ = grouped(one, two, three, decisions={(1, 3): "apart"})
    assert not any({1, 3} <= members for members in groups)


def test_a_decision_on_a_process_that_is_not_here_changes_nothing() -> None:
    processes = {1: process(1, A)}
    assert group(processes, {}, {(1, 9): "merge", (7, 8): "apart"}).groups == (frozenset({1}),)


def test_a_process_alone_is_a_group_of_its_own() -> None:
    assert grouped() == (set(), set())
    assert grouped(A) == ({frozenset({1})}, set())


NOTICES = st.builds(
    notice,
    source=st.sampled_from([FTS, CF, PCS, S2W]),
    ocid=st.sampled_from([f"ocds-{at}" for at in range(12)]),
    title=st.sampled_from(["Lights", "Sound", "Lights Lot 1", ""]),
    buyer=st.sampled_from([Buyer(name="Saltmarsh"), Buyer(name="Fen"), None]),
    deadline=st.sampled_from([DAY, DAY + timedelta(days=3), DAY + timedelta(days=90), None]),
    date=st.sampled_from([NOW, NOW - timedelta(days=5), NOW - timedelta(days=200)]),
    value_max=st.sampled_from([None, Decimal(5000), Decimal(5100), Decimal(90000)]),
    references=st.lists(st.sampled_from(["SC:111", "SC:222", "WA:111", "FTS:1-2026"]), max_size=2),
    awards=st.sampled_from([(), (Award(id="1", suppliers=("Ann",)),)]),
)  # fmt: skip
SEVERAL = st.lists(NOTICES, max_size=7, unique_by=lambda one: (one.source, one.ocid))


@hypothesis.settings(deadline=None)
@given(SEVERAL, st.randoms(use_true_random=False))
def test_the_groups_do_not_depend_on_the_order_of_arrival(
    notices: list[Facts], chance: Any
) -> None:
    ids = list(range(1, len(notices) + 1))
    calm = grouped(*notices)
    chance.shuffle(ids)
    assert grouped(*notices, ids=ids) == calm


@given(SEVERAL)
def test_every_process_is_in_one_group_and_doubts_are_between_groups(notices: list[Facts]) -> None:
    groups, doubtful = grouped(*notices)
    assert sorted(at for members in groups for at in members) == list(range(1, len(notices) + 1))
    for pair in doubtful:
        assert not any(set(pair) <= members for members in groups)


@given(st.permutations([1, 2, 3]))
@example([3, 2, 1])
def test_a_decision_means_the_same_whatever_the_order_of_arrival(ids: list[int]) -> None:
    three = [notice(source, "ocds-1", title=source) for source in (FTS, CF, PCS)]
    assert grouped(*three, decisions={(1, 3): "apart"}, ids=ids) == grouped(
        *three, decisions={(1, 3): "apart"}
    )
