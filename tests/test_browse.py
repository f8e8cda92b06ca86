"""People find what there is: by filter, count, order, page and misspelt word, on any database."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from conftest import fresh_database
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from release_samples import NOW

from crawler.errors import UsageError
from crawler.items import Award, Buyer, Judgement, Place
from crawler.opportunity import Change, Opportunity
from crawler.store import browse, database, opportunities, tables
from crawler.store.browse import Filters, Found
from crawler.store.filters import FACETS
from crawler.store.listings import seen_of
from crawler.store.open_ones import OpenOnes
from crawler.store.opportunities import Entry

DAY = timedelta(days=1)
SURE = {
    "arts": {"arts": 0.7, "commissionable": 0.1, "adjacent": 0.1, "none": 0.1},
    "commissionable": {"arts": 0.1, "commissionable": 0.7, "adjacent": 0.1, "none": 0.1},
    "adjacent": {"arts": 0.1, "commissionable": 0.1, "adjacent": 0.7, "none": 0.1},
    "none": {"arts": 0.01, "commissionable": 0.01, "adjacent": 0.01, "none": 0.97},
    "doubtful": {"arts": 0.3, "commissionable": 0.1, "adjacent": 0.1, "none": 0.5},
}


def judged(kind: str, art_forms: tuple[str, ...] = (), outcomes: tuple[str, ...] = ()) -> Judgement:
    word: Any = "none" if kind == "doubtful" else kind
    return Judgement(relevance=word, scores=SURE[kind], art_forms=art_forms, outcomes=outcomes)


def opportunity(key: str, title: str = "Something", **changed: Any) -> Opportunity:
    plain: dict[str, Any] = {
        "id": key,
        "ocids": (f"ocds-test01-{key}",),
        "sources": ("find-a-tender",),
        "title": title,
        "description": "",
        "stage": "tender",
        "status": "open",
        "published": NOW - DAY,
        "updated": NOW - DAY,
        "version": 1,
        "judgement": judged("arts"),
    }
    return Opportunity(**(plain | changed))


def save(engine: sa.Engine, *found: Opportunity) -> list[int]:
    with database.writing(engine) as connection:
        return opportunities.save(connection, [Entry(None, one) for one in found], NOW)


def find(engine: sa.Engine, *, sort: Any = "relevance", **asked: Any) -> Found:
    options = {name: asked.pop(name) for name in ("limit", "offset", "after") if name in asked}
    now = asked.pop("now", NOW)
    counts = asked.pop("counts", True)
    with engine.connect() as connection:
        filters = Filters(**asked)
        return browse.find(connection, filters, sort, now=now, counts=counts, **options)


def ids(found: Found) -> list[str]:
    return [one.id for one in found.items]


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def ready(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.Engine]:
    """One database of each kind for this file."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('browse') / 'tenders.sqlite'}"
        else:
            server = request.getfixturevalue("postgresql_server")
            url = stack.enter_context(fresh_database(server))
        made = database.engine(url)
        yield made
        made.dispose()


@pytest.fixture
def engine(ready: sa.Engine) -> Iterator[sa.Engine]:
    """The database, empty."""
    yield ready
    with database.writing(ready) as connection:
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(sa.delete(table))


@pytest.fixture
def shelf(engine: sa.Engine) -> sa.Engine:
    """Opportunities that differ in one thing each from the first."""
    first = opportunity("a", "Lantern parade", deadline=NOW + 10 * DAY)
    buyers = {"nhs": "Saltmarsh NHS Trust", "council": "Wetherfold Borough Council"}
    save(
        engine,
        replace(first, place=Place(regions=("TLD", "TLE"), authority="E08000003")),
        replace(first, id="b", place=Place(regions=("UK",))),
        replace(first, id="c", judgement=judged("commissionable", ("music",), ("older_people",))),
        replace(first, id="d", judgement=judged("arts", ("music", "visual"))),
        replace(first, id="e", judgement=judged("none")),
        replace(first, id="f", judgement=judged("adjacent")),
        replace(first, id="g", judgement=judged("doubtful")),
        replace(first, id="h", judgement=None),
        replace(first, id="i", stage="planning"),
        replace(first, id="j", stage="award", status="awarded"),
        replace(first, id="k", deadline=NOW - DAY),
        replace(first, id="l", status="cancelled"),
        replace(first, id="m", buyer=Buyer(name=buyers["nhs"])),
        replace(first, id="n", buyer=Buyer(name=buyers["council"])),
        replace(first, id="o", value_min=Decimal(10_000), value_max=Decimal(50_000)),
        replace(first, id="p", value_max=Decimal(900)),
        replace(first, id="q", deadline=None),
        replace(first, id="r", published=NOW - 30 * DAY),
        replace(first, id="s", sources=("contracts-finder", "sell2wales")),
        replace(first, id="t", sources=("contracts-finder-two",)),
    )
    return engine


ALL = set("abcdefghijklmnopqrst")
SHOWN = ALL - set("efgh")
FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({}, SHOWN),
    ({"relevance": ()}, ALL),
    ({"relevance": ("commissionable",)}, {"c"}),
    ({"relevance": ("adjacent", "review")}, {"f", "g"}),
    ({"relevance": ("none",)}, {"e", "h"}),
    ({"regions": ("TLD",)}, {"a"}),
    ({"regions": ("TLE", "UK")}, {"a", "b"}),
    ({"regions": ("TLC",)}, set()),
    ({"regions": ("unknown",)}, SHOWN - {"a", "b"}),
    ({"authorities": ("E08000003", "E08000004")}, {"a"}),
    ({"art_forms": ("music",)}, {"c", "d"}),
    ({"art_forms": ("visual", "festivals_events")}, {"d"}),
    ({"outcomes": ("older_people",)}, {"c"}),
    ({"stages": ("planning", "award")}, {"i", "j"}),
    ({"status": ("open",)}, SHOWN - {"j", "k", "l"}),
    ({"status": ("closed",)}, {"k"}),
    ({"status": ("awarded", "cancelled")}, {"j", "l"}),
    ({"buyer_kinds": ("nhs",)}, {"m"}),
    ({"buyer_kinds": ("council", "nhs")}, {"m", "n"}),
    ({"value_min": Decimal(20_000)}, {"o"}),
    ({"value_max": Decimal(20_000)}, {"o", "p"}),
    ({"value_min": Decimal(1000), "value_max": Decimal(9_999)}, set()),
    ({"closing_within": 9}, set()),
    ({"closing_within": 10}, SHOWN - {"k", "q"}),
    ({"closing_from": NOW, "closing_to": NOW + 10 * DAY}, set()),
    ({"closing_from": NOW - 2 * DAY, "closing_to": NOW}, {"k"}),
    ({"published_from": NOW - DAY}, SHOWN - {"r"}),
    ({"published_to": NOW - DAY}, {"r"}),
    ({"sources": ("contracts-finder",)}, {"s"}),
    ({"sources": ("sell2wales", "contracts-finder-two")}, {"s", "t"}),
    ({"buyer": "saltmarsh nhs trust"}, {"m"}),
    ({"q": "lantern", "buyer_kinds": ("nhs",), "status": ("open",)}, {"m"}),
    ({"q": "lantern", "regions": ("TLD",), "art_forms": ("music",)}, set()),
]


@pytest.mark.parametrize(("asked", "wanted"), FILTERS, ids=[str(one[0]) for one in FILTERS])
def test_each_filter_leaves_what_fits_and_the_count_says_so(
    shelf: sa.Engine, asked: dict[str, Any], wanted: set[str]
) -> None:
    counted = find(shelf, **asked)
    assert set(ids(counted)) == wanted
    assert len(counted.items) == len(wanted)
    assert (counted.total, counted.capped) == (len(wanted), False)
    bare = find(shelf, counts=False, **asked)
    assert (bare.total, bare.facets, ids(bare)) == (len(wanted), {}, ids(counted))


def plainly(engine: sa.Engine, asked: dict[str, Any]) -> dict[str, dict[str, int]]:
    """The counts as anybody would make them: a search for each value of each filter."""
    everything = find(engine, relevance=(), limit=100)
    values: dict[str, set[str]] = {
        "regions": {region for one in everything.items for region in one.regions or ("unknown",)},
        "authorities": {one.authority for one in everything.items if one.authority},
        "art_forms": {form for one in everything.items for form in one.art_forms},
        "outcomes": {form for one in everything.items for form in one.outcomes},
        "relevance": {one.shown_as for one in everything.items},
        "stages": {one.stage for one in everything.items},
        "status": {one.status for one in everything.items},
        "buyer_kinds": {"council", "nhs", "other"},
        "sources": {source for one in everything.items for source in one.sources},
    }
    counts: dict[str, dict[str, int]] = {}
    for facet, words in values.items():
        each = {word: find(engine, **(asked | {facet: (word,)})).total for word in words}
        counts[facet] = {word: number for word, number in each.items() if number}
    return counts


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"relevance": ()},
        {"regions": ("TLD",)},
        {"status": ("open",), "art_forms": ("music",)},
        {"authorities": ("E08000003",), "sources": ("find-a-tender",)},
        {"q": "lantern", "stages": ("planning",), "value_min": Decimal(5)},
        {"q": "lantern", "status": ("closed",)},
    ],
    ids=str,
)
def test_a_facet_counts_what_each_of_its_values_would_leave(
    shelf: sa.Engine, asked: dict[str, Any]
) -> None:
    found = find(shelf, **asked)
    assert set(found.facets) == set(FACETS)
    assert {facet: dict(counts) for facet, counts in found.facets.items()} == plainly(shelf, asked)


def test_what_was_open_counts_as_closed_once_its_deadline_has_passed(shelf: sa.Engine) -> None:
    later = NOW + 11 * DAY
    assert find(shelf, now=later).facets["status"]["open"] == 1, "only what names no date"
    assert ids(find(shelf, now=later, status=("open",))) == ["q"]
    (one,) = [hit for hit in find(shelf, now=later, limit=50).items if hit.id == "a"]
    assert one.status == "closed"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"regions": ("TLX",)}, "regions has no value 'TLX'"),
        ({"relevance": ("' OR 1=1",)}, "relevance has no value"),
        ({"authorities": ("Bristol",)}, "no GSS code"),
        ({"sources": ("a b",)}, "no source"),
        ({"closing_within": -1}, "closing_within"),
        ({"closing_within": 10**12}, "closing_within"),
        ({"sort": "random"}, "there is no order 'random'"),
        ({"limit": 0}, "a page of 0"),
        ({"limit": 1000}, "a page of 1000"),
        ({"offset": -1}, "pages go up"),
        ({"offset": 10**9}, "pages go up"),
    ],
    ids=lambda one: str(one)[:30],
)
def test_what_cannot_be_meant_is_refused_in_words(
    shelf: sa.Engine, asked: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        find(shelf, **asked)


def test_absurd_amounts_find_nothing_and_break_nothing(shelf: sa.Engine) -> None:
    assert find(shelf, value_min=Decimal("1e30")).total == 0
    assert find(shelf, value_max=Decimal("-1e30")).total == 0
    save(shelf, opportunity("u", value_max=Decimal("90000000000000000")))
    assert ids(find(shelf, sort="value"))[0] == "u"


def test_each_order(engine: sa.Engine) -> None:
    save(
        engine,
        opportunity("old", published=NOW - 9 * DAY, deadline=NOW + DAY, value_max=Decimal(5)),
        opportunity("new", published=NOW - DAY, deadline=NOW + 5 * DAY),
        opportunity("over", published=NOW - 5 * DAY, deadline=NOW - DAY, value_max=Decimal(9)),
        opportunity("long", published=NOW - 8 * DAY, deadline=NOW - 3 * DAY),
        opportunity("open", published=NOW - 6 * DAY, judgement=judged("commissionable")),
        opportunity("sure", published=NOW - 7 * DAY, judgement=replace(
            judged("arts"), scores={"arts": 0.9, "commissionable": 0, "adjacent": 0, "none": 0.1}
        )),
    )  # fmt: skip
    orders = {sort: ids(find(engine, sort=sort)) for sort in browse.SORTS}
    assert orders["newest"] == ["new", "over", "open", "sure", "long", "old"]
    assert orders["relevance"] == orders["newest"], "without words there is nothing else to go by"
    assert orders["closing"] == ["old", "new", "open", "sure", "over", "long"]
    assert orders["value"][:2] == ["over", "old"]
    assert orders["score"][0] == "sure"


def test_words_in_the_title_come_before_the_buyers_and_those_before_the_text(
    engine: sa.Engine,
) -> None:
    save(
        engine,
        opportunity("text", "Repairs", description="Near the museum of Carrow.", published=NOW),
        opportunity("both", "Carrow stairs", buyer=Buyer(name="Museum Trust")),
        opportunity("title", "Museum of Carrow", published=NOW - 9 * DAY),
        opportunity("other", "Museum"),
    )
    found = find(engine, q="museum carrow")
    assert ids(found) == ["title", "both", "text"]
    assert ids(find(engine, q="museum carrow", limit=1, offset=1)) == ["both"]
    assert ids(find(engine, q="museum carrow", sort="newest")) == ["text", "both", "title"]


def walked(engine: sa.Engine, limit: int, **asked: Any) -> list[str]:
    found = find(engine, limit=limit, **asked)
    seen = ids(found)
    while found.next:
        found = find(engine, limit=limit, after=found.next, **asked)
        assert found.items
        seen += ids(found)
    return seen


@pytest.mark.parametrize("sort", browse.SORTS)
@pytest.mark.parametrize("words", [None, "lantern"])
def test_pages_by_marker_hold_everything_once(
    shelf: sa.Engine, sort: str, words: str | None
) -> None:
    save(shelf, *(opportunity(f"x{at}", "Stage", description="lantern") for at in range(5)))
    whole = ids(find(shelf, sort=sort, q=words, relevance=(), limit=100))
    assert len(whole) == len(ALL) + 5
    for limit in (1, 4, 25):
        assert walked(shelf, limit, sort=sort, q=words, relevance=()) == whole
    numbered = [
        find(shelf, sort=sort, q=words, relevance=(), limit=7, offset=at) for at in range(0, 25, 7)
    ]
    assert [one for page in numbered for one in ids(page)] == whole


@pytest.mark.parametrize("sort", ["newest", "closing", "relevance"])
def test_what_comes_and_goes_meanwhile_moves_no_page(shelf: sa.Engine, sort: str) -> None:
    whole = ids(find(shelf, sort=sort, q="lantern", limit=100))
    first = find(shelf, sort=sort, q="lantern", limit=5)
    save(
        shelf,
        opportunity("newer", "Lantern parade", published=NOW, deadline=NOW + DAY / 2),
        opportunity("older", "Lantern parade", published=NOW - 99 * DAY, deadline=NOW + 99 * DAY),
    )
    with database.writing(shelf) as connection:
        table = tables.opportunities
        connection.execute(sa.delete(table).where(table.c.key == whole[3]))
    second = find(shelf, sort=sort, q="lantern", limit=100, after=first.next, now=NOW + DAY / 4)
    assert [one for one in ids(second) if one in ALL] == whole[5:]
    assert "newer" not in ids(second)


def marker(*said: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(said)).decode().rstrip("=")


def test_a_marker_that_is_none_of_ours_is_refused(shelf: sa.Engine) -> None:
    good = find(shelf, limit=2).next
    assert good is not None
    name, at, keys = msgspec.json.decode(base64.urlsafe_b64decode(good + "=="))
    bad = [
        "", "x", "🎭", "\0", "%%%", "A" * 100_000, good[:-3], good + "AAAA",
        marker(name, at, []), marker(name, at, [*keys, 1]), marker(name, at, ["a", "b", "c"]),
        marker(name, at, [2**70, *keys[1:]]), marker(name, at, [1e300, *keys[1:]]),
        marker(name, 10**18, keys), marker(name, -1, keys), marker(name, at, None), marker({}),
        base64.urlsafe_b64encode(b"[" * 200).decode(),
    ]  # fmt: skip
    for one in bad:
        with pytest.raises(UsageError, match="page marker"):
            find(shelf, limit=2, after=one)
    assert find(shelf, limit=2, after=marker(name, at, keys)).items
    with pytest.raises(UsageError, match="another search"):
        find(shelf, limit=2, after=good, q="lantern")
    with pytest.raises(UsageError, match="another search"):
        find(shelf, limit=2, after=good, sort="value")
    with pytest.raises(UsageError, match="too old"):
        find(shelf, limit=2, after=good, now=NOW + 60 * DAY)


@pytest.fixture
def library(engine: sa.Engine) -> sa.Engine:
    """Titles and texts to look for words in."""
    save(
        engine,
        opportunity("festival", "Harbour light festival", description="Lanterns by the quay."),
        opportunity("theatre", "Theatre tour", description="Schools in the fens; 50% funded."),
        opportunity("museum", "Museum exhibition design", buyer=Buyer(name="Carrow Museums Trust")),
        opportunity("cafe", "Café at the gallery", description="A menu with no festival in it."),
        opportunity("repairs", "Light repairs", description="Street lamps of the harbour."),
        opportunity("welsh", "Gŵyl gelfyddydau", description="Cerddoriaeth a dawns."),
    )
    return engine


WORDS: dict[str, set[str]] = {
    "festival": {"festival", "cafe"},
    "Festivals": {"festival", "cafe"},
    "festival of light": {"festival"},
    "the harbour": {"festival", "repairs"},
    '"light festival"': {"festival"},
    '"festival light"': set(),
    "harbour light": {"festival", "repairs"},
    "exhib": {"museum"},
    "harbour ligh": {"festival", "repairs"},
    "carrow": {"museum"},
    "cafe": {"cafe"},
    "cerddoriaeth": {"welsh"},
    "festival zebra": set(),
    "harbour NOT repairs": {"repairs"},
    "title:museum": set(),
    "fest*": set(),
}


def test_words_phrases_and_beginnings_are_found(library: sa.Engine) -> None:
    # PostgreSQL keeps accents apart unless an extension is installed.
    asked = set(WORDS) - ({"cafe"} if library.dialect.name == "postgresql" else set())
    assert {query: set(ids(find(library, q=query))) for query in asked} == {
        query: WORDS[query] for query in asked
    }


MISSPELT = {
    "musuem": ("museum", {"museum"}),
    "Theater": ("theatre", {"theatre"}),
    "excibition": ("exhibition", {"museum"}),
    "harbor lihgt": ("harbour light", {"festival", "repairs"}),
    "festivall harbour": ("festival harbour", {"festival"}),
    "galery": ("gallery", {"cafe"}),
    "xheatre": ("theatre", {"theatre"}),
}


@pytest.mark.parametrize("query", MISSPELT)
def test_a_misspelt_word_finds_what_was_meant_and_says_so(library: sa.Engine, query: str) -> None:
    suggestion, wanted = MISSPELT[query]
    found = find(library, q=query)
    assert (found.suggestion, found.corrected, set(ids(found))) == (suggestion, True, wanted)
    assert found.total == len(wanted)
    assert any(one.marked for one in found.items[0].heading + found.items[0].passage)


@pytest.mark.parametrize("query", ["zyxwvut", "fen", '"musuem"', "m0seum", "festival zebrafinch"])
def test_what_is_like_nothing_is_not_replaced(library: sa.Engine, query: str) -> None:
    found = find(library, q=query)
    assert (found.suggestion, found.corrected) == (None, False)


def test_a_rare_word_is_searched_as_written_and_a_common_one_like_it_offered(
    engine: sa.Engine,
) -> None:
    save(engine, opportunity("rare", "Theater"))
    save(engine, *(opportunity(f"t{at}", f"Theatre {at}") for at in range(25)))
    found = find(engine, q="theater")
    assert (ids(found), found.suggestion, found.corrected) == (["rare"], "theatre", False)


def test_the_words_known_follow_edits_and_deletions(engine: sa.Engine) -> None:
    (pk,) = save(engine, opportunity("a", "Puppetry"))
    assert find(engine, q="pupetry").suggestion == "puppetry"
    with database.writing(engine) as connection:
        opportunities.save(connection, [Entry(pk, opportunity("a", "Juggling"))], NOW)
    assert find(engine, q="pupetry").suggestion is None
    assert find(engine, q="jugling").suggestion == "juggling"
    with database.writing(engine) as connection:
        connection.execute(sa.update(tables.opportunities).values(title="Acrobats"))
    assert find(engine, q="jugling").suggestion is None
    assert find(engine, q="acrobat").total == 1
    with database.writing(engine) as connection:
        opportunities.retire(connection, pk, pk)
        assert connection.execute(sa.text("SELECT count(*) FROM words")).scalar_one() == 0
    assert find(engine, q="acrobat").suggestion is None


def text(segments: Any) -> str:
    return "".join(one.text for one in segments)


def test_hits_are_marked_in_the_title_and_in_the_passage_that_says_most(
    library: sa.Engine,
) -> None:
    long = "Nothing of note here. " * 300 + "Then a puppet theatre plays. " + "And more. " * 300
    save(library, opportunity("long", "<b>Theatres</b> & more", description=long))
    found = {one.id: one for one in find(library, q="theatre").items}
    heading = found["long"].heading
    assert [one.text for one in heading if one.marked] == ["Theatres"]
    assert text(heading) == "<b>Theatres</b> & more", "plain text as it stands, never HTML"
    passage = found["long"].passage
    assert "theatre" in [one.text for one in passage if one.marked]
    assert "puppet" in text(passage)
    assert len(text(passage)) < 600
    plain = find(library).items[0]
    assert not any(one.marked for one in plain.heading + plain.passage)


def test_marks_that_a_source_smuggled_in_mark_nothing(engine: sa.Engine) -> None:
    save(engine, opportunity("a", "Evil \x02title\x03 \x03of\x02 puppets", description="\x02\x02"))
    (hit,) = find(engine, q="puppets").items
    assert not {"\x02", "\x03"} & set(text(hit.heading) + text(hit.passage))
    (plain,) = find(engine).items
    assert not {"\x02", "\x03"} & set(text(plain.heading) + text(plain.passage))


HOSTILE = [
    "\0", "a\0b", '"', '"""', "unbalanced \"phrase", "'; DROP TABLE listings; --", "a OR b",
    "NEAR(a b)", "title : x", "^harbour", "a*b*c", "(((((", "{title}: light", "-light", "+light",
    "🎭", "🎭 🎪 harbour", "!!!???", "...", "___", "\ud800", "harbour\udfff", "%", "\\", "\\:*",
    "a:*", "'':*", "<->", "&&", "!light", "٣", "²²²", "日本語", "ﬁlm", "İstanbul", "a" * 5000,
    "harbour " * 200_000, '"harbour" ' * 5000, "\u202eharbour", "\n\t harbour \r\n",
    " ".join(chr(97 + at % 26) * 3 for at in range(500)), "0" * 60, "-" * 70, "a-b-c-d/e.f@g.h",
]  # fmt: skip


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_query_is_an_answer(library: sa.Engine, query: str) -> None:
    found = find(library, q=query)
    assert found.total == len(found.items) <= 6
    assert len(found.suggestion or "") <= 1000


@pytest.mark.postgresql
@pytest.mark.parametrize("ready", ["postgresql"], indirect=True, scope="module")
@pytest.mark.parametrize("sort", ["relevance", "newest", "value"])
def test_no_search_by_words_on_postgresql_reads_the_text_vectors(
    library: sa.Engine, sort: str
) -> None:
    plans: list[str] = []

    def explain(_: Any, cursor: Any, statement: str, given: Any, *__: Any) -> None:
        if "@@" in statement and not statement.startswith("EXPLAIN"):
            cursor.execute(f"EXPLAIN {statement}", given)
            plans.append("\n".join(row[0] for row in cursor.fetchall()))

    sa.event.listen(library, "before_cursor_execute", explain)
    try:
        find(library, q="festival", sort=sort, regions=("TLD",), art_forms=("music",))
    finally:
        sa.event.remove(library, "before_cursor_execute", explain)
    assert len(plans) >= 3
    for plan in plans:
        assert "Filter: (search @@" not in plan
        assert "Filter: (title_words @@" not in plan
        assert "Bitmap Index Scan on ix_listings_" in plan


def test_only_punctuation_finds_nothing_and_blanks_ask_for_everything(library: sa.Engine) -> None:
    assert find(library, q="!?") == Found()
    assert find(library, q="  \n").total == 6


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(query=st.text(max_size=30) | st.text("\"'*()^:-+&|!<> abORéø\\%_{}²\u0301", max_size=30))
def test_any_query_is_answered(library: sa.Engine, query: str) -> None:
    assert find(library, q=query).total <= 6


def test_an_empty_database_has_empty_answers(engine: sa.Engine) -> None:
    assert find(engine).total == find(engine, q="light").total == 0
    assert find(engine, q="lihgt", status=("open",)).suggestion is None
    assert all(not counts for counts in find(engine).facets.values())
    with engine.connect() as connection:
        assert browse.week(connection, NOW).open == 0
        assert browse.timeline(connection, 1, ()) == ()
        assert browse.releases_of(connection, "nothing") == ()
        nothing = browse.Related(earlier=(), similar=())
        assert related(connection, 1, opportunity("me"), OpenOnes(connection, NOW)) == nothing
        assert browse.of_authority(connection, "E08000003", now=NOW).open == ()


def test_a_total_that_nobody_asked_counts_for_is_capped(engine: sa.Engine) -> None:
    save(engine, *(opportunity(f"n{at}") for at in range(1005)))
    found = find(engine, counts=False)
    assert (found.total, found.capped) == (1001, True)
    assert (find(engine).total, find(engine).capped) == (1005, False)


def test_the_week_in_numbers(shelf: sa.Engine) -> None:
    with shelf.connect() as connection:
        week = browse.week(connection, NOW)
        later = browse.week(connection, NOW + 5 * DAY)
    assert (week.new, week.closing, week.open, week.awarded) == (15, 0, 13, 1)
    assert (later.closing, later.open) == (12, 13)
    assert (week.by_region["TLD"], week.by_region["UK"], week.by_region["TLC"]) == (1, 1, 0)


def related(
    connection: sa.Connection, pk: int, one: Opportunity, among: OpenOnes, now: datetime = NOW
) -> browse.Related:
    return browse.related(connection, pk, one, seen_of(one, None), among, now=now)


def test_related_are_the_buyers_contracts_with_their_winners_and_what_is_alike(
    engine: sa.Engine,
) -> None:
    buyer = Buyer(name="Carrow Council")
    music = judged("arts", ("music", "visual"))
    won = Award(id="1", suppliers=("Brass & Co",), value=Decimal(700), date=NOW - DAY)
    me = opportunity("me", "Band", buyer=buyer, judgement=music, place=Place(regions=("TLD",)))
    over: dict[str, Any] = {"stage": "award", "status": "awarded"}
    soon = NOW + 9 * DAY
    ids_ = save(
        engine,
        me,
        replace(me, id="won", awards=(won,), published=NOW - 90 * DAY, **over),
        replace(me, id="roof", judgement=judged("none"), **over),
        replace(me, id="else", buyer=Buyer(name="Carrow  Council!"), **over),
        replace(me, id="theirs", buyer=Buyer(name="Somebody"), **over),
        opportunity("one", deadline=soon, judgement=judged("arts", ("music",))),
        opportunity("two", deadline=soon + DAY, judgement=music),
        opportunity("here", deadline=soon, judgement=music, place=Place(regions=("TLD",))),
        opportunity("late", deadline=NOW - DAY, judgement=music),
        opportunity("hidden", deadline=soon, judgement=judged("none", ("music",))),
        opportunity("dance", deadline=soon, judgement=judged("arts", ("performing",))),
    )
    with engine.connect() as connection:
        open_ones = OpenOnes(connection, NOW)
        found = related(connection, ids_[0], me, open_ones)
    assert [one.id for one in found.earlier] == ["else", "won", "roof"]
    assert found.earlier[1].awards == (won,)
    assert [one.id for one in found.similar] == ["here", "two", "one"]
    # What has closed or been cancelled since the open ones were read is not similar any more.
    with database.writing(engine) as connection:
        named = tables.opportunities.c.key == "two"
        connection.execute(sa.update(tables.opportunities).where(named).values(status="cancelled"))
    with engine.connect() as connection:
        later = related(connection, ids_[0], me, open_ones)
        over = related(connection, ids_[0], me, open_ones, soon + DAY / 2)
    assert [one.id for one in later.similar] == ["here", "one"]
    assert over.similar == ()


def test_an_authority_has_calls_and_awards(engine: sa.Engine) -> None:
    here = Place(regions=("TLD",), authority="E08000003")
    won = Award(id="1", suppliers=("Brass & Co",))
    save(
        engine,
        opportunity("call", place=here, deadline=NOW + DAY),
        opportunity("soon", place=here, deadline=NOW + DAY / 2),
        opportunity("undated", place=here),
        opportunity("over", place=here, deadline=NOW - DAY),
        opportunity("plan", place=here, stage="planning", notice_type="forward plan"),
        opportunity("won", place=here, stage="award", status="awarded", awards=(won,)),
        opportunity("roof", place=here, judgement=judged("none")),
        opportunity("there", place=Place(regions=("TLD",), authority="E08000004")),
    )
    with engine.connect() as connection:
        found = browse.of_authority(connection, "E08000003", now=NOW)
        assert browse.of_authority(connection, "x'", now=NOW).open == ()
    assert [one.id for one in found.open] == ["soon", "call", "undated"]
    assert [(one.id, one.awards[0].suppliers) for one in found.awarded] == [
        ("won", ("Brass & Co",))
    ]


def test_changes_without_their_release_stand_in_the_timeline(engine: sa.Engine) -> None:
    change = Change(
        version=2, at=NOW, field="title", old="A", new="B", material=True, source="find-a-tender"
    )
    (pk,) = save(engine, opportunity("a", changes=(change,)))
    with engine.connect() as connection:
        (event,) = browse.timeline(connection, pk, (change,))
    assert (event.changes, event.url, event.tags) == ((change,), None, ())


def test_counts_are_exact_whatever_there_is(engine: sa.Engine) -> None:
    forms = ("music", "visual", "performing")
    made = [
        opportunity(
            f"n{at}",
            judgement=judged("arts" if at % 3 else "adjacent", forms[: at % 4]),
            place=Place(regions=(("TLC",), ("TLD", "TLL"), ())[at % 3]),
            sources=(("moderngov",), ("contracts-finder", "find-a-tender"))[at % 2],
        )
        for at in range(200)
    ]
    save(engine, *made)
    found = find(engine, relevance=())
    wanted = Counter(form for one in made if one.judgement for form in one.judgement.art_forms)
    assert found.facets["art_forms"] == wanted
    places = Counter(one for each in made for one in each.place.regions or ("unknown",))
    assert found.facets["regions"] == places
    assert found.facets["sources"] == Counter(key for one in made for key in one.sources)
