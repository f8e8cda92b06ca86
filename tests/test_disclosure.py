"""No number of fewer than five organisations can be read off, or worked out from others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crawler.disclosure import FEWEST, Published, money, published, rounded

Table = tuple[int, ...]


def shown(table: Sequence[int]) -> Published:
    cells = {f"c{number}": count for number, count in enumerate(table)}
    return published(sum(table), {"region": cells})


def key(found: Published) -> tuple[object, ...]:
    return found.total, *(count for cells in found.tables.values() for count in cells.values())


def cells(found: Published) -> list[int | None]:
    return list(found.tables["region"].values())


@pytest.mark.parametrize(("width", "most"), [(1, 27), (2, 22), (3, 12), (4, 8), (5, 5)])
def test_every_kept_back_cell_could_be_another_number(width: int, most: int) -> None:
    """All tables of that size: whoever knows the rules and all that is shown is left guessing."""
    same: dict[tuple[object, ...], list[Table]] = defaultdict(list)
    for table in product(range(most + 1), repeat=width):
        same[key(shown(table))].append(table)
    for tables in same.values():
        found = cells(shown(tables[0]))
        for place, count in enumerate(found):
            if count is None:
                possible = {table[place] for table in tables}
                assert len(possible) > 1, (tables[0], place, found)


@pytest.mark.parametrize(("width", "most"), [(2, 17), (3, 10), (4, 7)])
def test_no_sum_of_what_is_kept_back_stands_for_a_few(width: int, most: int) -> None:
    for table in product(range(most + 1), repeat=width):
        found = shown(table)
        back = [count for count, seen in zip(table, cells(found), strict=True) if seen is None]
        if back and found.total is not None:
            assert len(back) > 1, table
            assert sum(back) >= FEWEST, table


tables = st.lists(st.integers(0, 60), min_size=1, max_size=12)


@given(tables)
@example([1])
@example([4, 4])
@example([1, 1, 1, 1, 1])
@example([1, 5, 5])
def test_nothing_small_is_shown(table: list[int]) -> None:
    found = shown(table)
    for count, seen in zip(table, cells(found), strict=True):
        assert seen is None or seen == rounded(count)
        assert not 0 < count < FEWEST or seen is None
        assert seen is None or (seen == 0) == (count == 0)
    assert found.total is None or found.total == 0 or found.total >= FEWEST


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=7))
@example([1, 1, 1, 1, 8])
def test_another_table_would_look_the_same(table: list[int]) -> None:
    """Larger tables, by moves of a few organisations, or where the one that protects is small."""
    found = shown(table)
    for place, seen in enumerate(cells(found)):
        if seen is None:
            assert any(
                key(shown(other)) == key(found) and other[place] != table[place]
                for other in neighbours(table, place)
            ), (table, place, cells(found), found.total)


def neighbours(table: Sequence[int], place: int) -> Iterator[Table]:
    """Tables that differ at `place` by up to three, and by up to three at up to two others.

    Or where, besides, one other that is large enough to be shown is too small itself.
    """
    others = [at for at in range(len(table)) if at != place]
    pairs = [(), *((at,) for at in others)]
    pairs += [(first, second) for first in others for second in others if first < second]
    for step in (-1, 1, -2, 2, -3, 3):
        for chosen in pairs:
            for moves in product((-1, 1, -2, 2, -step), repeat=len(chosen)):
                made = list(table)
                made[place] += step
                for at, move in zip(chosen, moves, strict=True):
                    made[at] += move
                if min(made) >= 0:
                    yield tuple(made)
        for at in others:
            for few in range(1, FEWEST) if table[at] >= FEWEST else ():
                made = list(table)
                made[place] += step
                made[at] = few
                if made[place] >= 0:
                    yield tuple(made)


@given(st.lists(tables, min_size=1, max_size=3), st.integers(0, 200))
def test_cells_that_overlap_do_no_harm(found: list[list[int]], total: int) -> None:
    named: Mapping[str, Mapping[str, int]] = {
        str(at): {str(place): count for place, count in enumerate(table)}
        for at, table in enumerate(found)
    }
    made = published(total, named)
    for name, table in named.items():
        for cell, count in table.items():
            assert not 0 < count < FEWEST or made.tables[name][cell] is None


@pytest.mark.parametrize(
    ("amount", "shown_as"),
    [("0", 0), ("84300", 84_000), ("999999", 1_000_000), ("7", 7), ("1234567.89", 1_200_000)],
)
def test_money_is_rounded_to_two_digits(amount: str, shown_as: int) -> None:
    assert money(Decimal(amount)) == shown_as


def test_of_a_few_nobody_learns_where_they_are() -> None:
    found = published(2, {"regions": {"North": 2, "South": 0}, "forms": {"music": 0, "dance": 2}})
    assert found.total is None
    assert [seen for one in found.tables.values() for seen in one.values()] == [None] * 4
    assert published(0, {"regions": {"North": 0}}).tables["regions"]["North"] == 0
