"""The source tables say what is known of each portal, and nothing that is not known."""

from __future__ import annotations

import math
import pathlib
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.errors import ConfigError, UsageError
from crawler.sources import Pace, find, load
from crawler.sources.registry import read

ROW = """
[a-portal]
name = "A portal"
publisher = "A publisher"
platform = "find_a_tender"
base_url = "https://portal.example/"
pace = { requests = 10, seconds = 10 }
window = "6h"
overlap = "1d"
first = "30d"
min_items = 1
"""


@pytest.fixture
def table(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "portals.toml"
    path.write_text(ROW)
    return path


def test_the_four_official_portals_stand_in_it_with_their_published_limits() -> None:
    found = {key: one for key, one in load().items() if not one.by_name and not one.posted}
    assert list(found) == [
        "find-a-tender", "contracts-finder", "public-contracts-scotland", "sell2wales",
    ]  # fmt: skip
    assert found["find-a-tender"].pace == Pace(requests=12, seconds=120)
    assert found["find-a-tender"].window == timedelta(hours=6)
    assert found["contracts-finder"].pace.penalty == 300
    for source in found.values():
        assert source.base_url.startswith("https://")
        assert source.overlap > timedelta()
        assert source.min_items > 0, "every source says what it expects"
        assert source.filled
        assert source.licence


def test_a_row_is_read_as_written(table: pathlib.Path) -> None:
    source = read(table)["a-portal"]
    assert source.base_url == "https://portal.example"
    assert (source.window, source.overlap) == (timedelta(hours=6), timedelta(days=1))
    table.write_text(ROW.replace('window = "6h"', 'window = "month"'))
    assert read(table)["a-portal"].window is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "A portal"', 'name = "A portal"\ncolour = "red"', "colour"),
        ('publisher = "A publisher"\n', "", "publisher"),
        ("min_items = 1", 'min_items = "one"', "min_items"),
        ('window = "6h"', 'window = "6 hours"', "'6 hours' is no span such as 6h or 30d"),
        ('first = "30d"', 'first = "forever"', "forever"),
        ("requests = 10,", "requests = 10, per = 1,", "per"),
        ("requests = 10,", "", "requests"),
        ("min_items = 1", "min_items = 1\nfilled = { tittle = 0.9 }", "tittle"),
        ("[a-portal]", "[a-portal", "not valid TOML"),
    ],
)
def test_what_is_not_known_is_refused_with_file_and_field(
    table: pathlib.Path, old: str, new: str, words: str
) -> None:
    table.write_text(ROW.replace(old, new))
    with pytest.raises(ConfigError, match=words) as caught:
        read(table)
    assert "portals.toml" in str(caught.value)
    assert "Correct" in str(caught.value)


def test_sources_are_found_in_the_order_asked_each_once() -> None:
    assert [one.key for one in find(["sell2wales", "find-a-tender", "sell2wales"])] == [
        "sell2wales",
        "find-a-tender",
    ]
    everyday = [key for key, one in load().items() if one.enabled and not one.by_name]
    assert [one.key for one in find([])] == everyday


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("find-a-tendr", "find-a-tender"),
        ("contract-finder", "contracts-finder"),
        ("sell2whales", "sell2wales"),
        ("scotland", "public-contracts-scotland"),
        ("Sell2Wales", "sell2wales"),
    ],
)
def test_a_key_that_does_not_exist_names_the_nearest(key: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"there is no source '{key}'; did you mean .*{near}"):
        find(["find-a-tender", key])


def test_a_key_like_none_names_them_all() -> None:
    with pytest.raises(UsageError) as caught:
        find(["§§§"])
    assert all(key in str(caught.value) for key, one in load().items() if one.enabled)


@pytest.mark.parametrize(
    ("text", "pace"),
    [
        ("12/120", Pace(requests=12, seconds=120)),
        (" 1/0.5 ", Pace(requests=1, seconds=0.5)),
        ("20/10,300", Pace(requests=20, seconds=10, penalty=300)),
        ("20/10,2.5", Pace(requests=20, seconds=10, penalty=2.5)),
        ("20/10,0", Pace(requests=20, seconds=10, penalty=0)),
    ],
)
def test_paces_are_read(text: str, pace: Pace) -> None:
    assert Pace.parse(text) == pace


@pytest.mark.parametrize(
    "text", ["", "12", "0/10", "12/0", "12/", "/10", "-1/10", "12/-1", "a/b", "12/120;3", "1/2,x"]
)
def test_a_pace_that_is_none_says_what_to_write(text: str) -> None:
    with pytest.raises(UsageError, match=r"write 12/120 or 20/10,300"):
        Pace.parse(text)


PACES = st.builds(
    Pace,
    requests=st.integers(1, 10_000),
    seconds=st.floats(0.5, 5000).map(lambda number: round(number, 2)),
    penalty=st.none() | st.floats(0, 5000).map(lambda number: round(number, 2)),
)


@given(PACES)
def test_a_pace_written_out_is_read_again(pace: Pace) -> None:
    again = Pace.parse(str(pace))
    assert again.requests == pace.requests
    assert math.isclose(again.seconds, pace.seconds, rel_tol=1e-4)


@given(st.text(max_size=12))
def test_any_text_is_a_pace_or_a_usage_error(text: str) -> None:
    try:
        pace = Pace.parse(text)
    except UsageError:
        return
    assert pace.requests >= 1
    assert pace.seconds > 0


LIMIT = Pace(requests=10, seconds=10, penalty=300)


@pytest.mark.parametrize(
    ("text", "looser"),
    [
        ("10/10,300", False),
        ("10/20,300", False),
        ("5/10,600", False),
        ("1/1,300", False),
        ("11/10,300", True),
        ("10/9,300", True),
        ("100/100,300", True),
        ("10/10,299", True),
    ],
)
def test_a_pace_is_looser_when_it_asks_more_than_the_portal_allows(text: str, looser: bool) -> None:
    assert Pace.parse(text).looser_than(LIMIT) is looser
    assert not LIMIT.looser_than(LIMIT)


def test_a_pace_without_the_penalty_is_looser() -> None:
    assert Pace(requests=10, seconds=10).looser_than(LIMIT)


SMALL = st.builds(Pace, requests=st.integers(1, 12), seconds=st.integers(1, 12))


def most_in(pace: Pace, seconds: float) -> int:
    """How many requests at that pace, in bursts, can fall into any so many seconds."""
    return pace.requests * math.ceil(round(seconds / pace.seconds, 9))


@given(SMALL, SMALL)
@example(Pace(requests=7, seconds=7), Pace(requests=10, seconds=10))
def test_a_pace_that_is_not_looser_never_asks_more_within_the_portals_span(
    ours: Pace, theirs: Pace
) -> None:
    if not ours.looser_than(theirs):
        assert most_in(ours, theirs.seconds) <= theirs.requests
