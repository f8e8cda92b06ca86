"""What people decide is kept, survives merging, teaches, and changes no judgement by itself."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from release_samples import CF, FTS, NOW, amended, batch, dump, keep, read, release
from typer.testing import CliRunner, Result

from crawler.cli.app import app
from crawler.errors import UsageError
from crawler.items import Judgement, Reason
from crawler.jobs import reprocess
from crawler.jobs import train as training
from crawler.relevance import in_force
from crawler.relevance.bands import REVIEW, SHOWN, doubt
from crawler.relevance.corpus import UNSAID, Corpus, inverse_frequency
from crawler.relevance.design import matrix
from crawler.relevance.fitting import fit_tags
from crawler.relevance.shipped import CORPUS, load
from crawler.store import database, marks, opportunities, releases, reviews, subscribers, tables
from crawler.store.reviews import Said
from crawler.store.subscribers import Subscription

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DANCES = ("clog", "maypole", "rapper sword", "broom", "step", "sword", "garland", "stave")
UNSURE = 0.4


def scored(wanted: float, relevance: str = "commissionable", **more: Any) -> Judgement:
    """A judgement that gives `wanted` to what people are shown."""
    rest = (1 - wanted) / 2
    return Judgement(
        relevance=relevance,  # type: ignore[arg-type]
        scores={"arts": wanted / 4, "commissionable": wanted * 3 / 4, "adjacent": rest}
        | {"none": rest},
        reasons=(Reason(text="harbour", field="title", weight=1.0),),
        model="test",
        **more,
    )


def judged(
    engine: sa.Engine, found: dict[str, Any], judgement: Judgement | None, source: str = FTS
) -> str:
    """Keeps a release with this judgement; the public id of its opportunity."""
    plain = batch(source, found)
    (one,) = plain.releases
    assert one.facts is not None
    with database.writing(engine) as connection:
        made = replace(plain, releases=(replace(one, judgement=judgement),))
        releases.keep(connection, made, read)
        held = opportunities.by_key(
            connection, opportunities_key(connection, source, one.facts.ocid)
        )
    assert held is not None
    return held[1].id


def opportunities_key(connection: sa.Connection, source: str, ocid: str) -> str:
    table = tables.processes
    query = sa.select(table.c.key).where(table.c.source == source, table.c.ocid == ocid)
    return str(connection.execute(query).scalar_one())


def unsure(engine: sa.Engine, number: int = 1, wanted: float = UNSURE, **tender: Any) -> str:
    """An opportunity in the review band; its public id."""
    title = tender.pop("title", f"Harbour programme {number}")
    return judged(engine, amended(release(number), title=title, **tender), scored(wanted))


def say(engine: sa.Engine, key: str, decision: str, now: datetime = NOW, **more: Any) -> None:
    mouth = {} if "subscriber_id" in more else {"reviewer": "Ann"}
    said = Said(decision=decision, **(mouth | more))  # type: ignore[arg-type]
    with database.writing(engine) as connection:
        reviews.decide(connection, key, said, now)


def rows(engine: sa.Engine, table: sa.Table = tables.reviews) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(table).order_by(table.c.id)).mappings())


def taught(engine: sa.Engine) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return reviews.taught(connection, read)


def waiting(engine: sa.Engine, limit: int = 50) -> list[str]:
    with engine.connect() as connection:
        found = reviews.to_review(connection, doubt, NOW, limit)
    return [one.id for one in found.first]


def join(engine: sa.Engine, email: str = "a@theatre.example") -> int:
    with database.writing(engine) as connection:
        added = subscribers.add(
            connection, email=email, organisation=None, subscription=Subscription(), now=NOW
        )
    return added.id


def test_accepting_confirms_the_judgement_with_its_tags(engine: sa.Engine):
    sure = scored(UNSURE, art_forms=("music",), outcomes=("older_people",))
    key = judged(engine, release(), sure)
    say(engine, key, "accept", note="As it says.")
    (kept,) = rows(engine)
    assert (kept["by"], kept["reviewer"], kept["decision"]) == ("reviewer", "Ann", "accept")
    assert (kept["relevance"], kept["art_forms"]) == ("commissionable", ["music"])
    assert (kept["outcomes"], kept["note"]) == (["older_people"], "As it says.")
    assert kept["decided_at"] == NOW


def test_a_later_decision_of_one_person_supersedes_and_deletes_nothing(engine: sa.Engine):
    key = unsure(engine)
    say(engine, key, "accept", NOW + HOUR)
    say(engine, key, "reject", NOW)
    assert [row["relevance"] for row in taught(engine)] == ["commissionable"]
    say(engine, key, "label", NOW + 2 * HOUR, relevance="arts")
    assert [row["relevance"] for row in taught(engine)] == ["arts"]
    say(engine, key, "reject", NOW + 2 * HOUR, reviewer="Ben")
    assert [row["relevance"] for row in taught(engine)] == ["arts", "none"]
    assert len(rows(engine)) == 4


def test_a_taught_row_holds_the_notice_that_was_judged(engine: sa.Engine):
    lots = [{"id": "1", "title": "Lanterns", "description": "for schools"}]
    key = unsure(engine, title="Harbour evenings", lots=lots)
    say(engine, key, "label", relevance="arts", art_forms=("visual",))
    changed = amended(release(), title="Harbour drainage", description="Pipes.", lots=[])
    later = changed | {"id": "000009-2026", "date": "2026-03-20T09:00:00Z"}
    judged(engine, later, scored(0.01, "none"))
    (row,) = taught(engine)
    assert row["title"] == "Harbour evenings"
    assert row["lots"] == ("Lanterns for schools",)
    assert row["cpv"] == ("92312000",)
    assert row["buyer"] == "Saltmarsh Borough Council"
    assert row["nuts"] or row["buyer_nuts"]
    assert (row["id"], row["by"], row["relevance"]) == (key, "reviewer", "arts")
    assert (row["art_forms"], row["outcomes"]) == (["visual"], [])
    (decision,) = training.decisions_of([row])
    assert decision.notice.title == "Harbour evenings"


def test_a_decision_outlives_the_raw_text(engine: sa.Engine):
    say(engine, unsure(engine, title="Harbour evenings"), "reject")
    (before,) = taught(engine)
    with database.writing(engine) as connection:
        assert releases.prune(connection, NOW + 9 * DAY) == 1
    (after,) = taught(engine)
    for name in ("title", "description", "cpv", "buyer", "category", "lots", "relevance", "by"):
        assert after[name] == before[name], name


def test_unsaid_tags_stay_unsaid(engine: sa.Engine):
    say(engine, unsure(engine, 1), "label", relevance="arts")
    say(engine, unsure(engine, 2), "label", NOW + HOUR, relevance="none")
    assert [(row["art_forms"], row["outcomes"]) for row in taught(engine)] == [
        (None, None),
        ([], []),
    ]
    learnt = training._corpus(training.decisions_of(taught(engine)), 0)
    assert learnt.tags.tolist() == [UNSAID, 0]


def test_merging_moves_decisions(engine: sa.Engine):
    """The notice decided about turns out to be the copy of one that was published earlier."""
    copy = release(ocid="ocds-b5fd17-000001", id="c1", date="2026-03-03T09:00:00Z")
    key = judged(engine, copy, scored(UNSURE), CF)
    bystander = unsure(engine, 7)
    say(engine, key, "accept")
    say(engine, bystander, "reject")
    with engine.connect() as connection:
        before = opportunities.by_key(connection, key)
    heir = judged(engine, release(), scored(0.45))
    assert before is not None
    assert heir != key
    assert heir in [row["id"] for row in taught(engine)]
    assert len(rows(engine)) == 2
    assert waiting(engine) == []
    say(engine, key, "reject", NOW + HOUR)
    assert {row["id"]: row["relevance"] for row in taught(engine)} == {
        heir: "none",
        bystander: "none",
    }


def test_two_opportunities_that_become_one_keep_both_decisions(engine: sa.Engine):
    first = unsure(engine, 1, title="Quay nights")
    second = unsure(engine, 2, title="Pier nights")
    say(engine, first, "accept", NOW + HOUR)
    say(engine, second, "reject", NOW)
    with database.writing(engine) as connection:
        pks = [held[0] for held in map(functools.partial(opportunities.by_key, connection),
                                       (first, second)) if held]  # fmt: skip
        tables_processes = tables.processes
        connection.execute(
            sa.update(tables_processes)
            .where(tables_processes.c.opportunity_id == pks[1])
            .values(opportunity_id=pks[0])
        )
        opportunities.retire(connection, pks[1], pks[0])
    assert [row["opportunity_id"] for row in rows(engine)] == [pks[0]] * 2
    (row,) = taught(engine)
    assert (row["id"], row["relevance"]) == (first, "commissionable")


def test_what_teaches_most_comes_first_then_what_closes_next(engine: sa.Engine):
    def closing(days: int) -> dict[str, Any]:
        return {"tenderPeriod": {"endDate": (NOW + days * DAY).isoformat()}}

    far = unsure(engine, 1, REVIEW + 0.02, **closing(1))
    shut = unsure(engine, 2, 0.44, **closing(-2))
    late = unsure(engine, 3, 0.46, **closing(20))
    soon = unsure(engine, 4, 0.42, **closing(3))
    undated = unsure(engine, 5, 0.43, tenderPeriod={})
    unsure(engine, 6, SHOWN + 0.01)
    unsure(engine, 7, 0.05)
    judged(engine, release(8), None)
    assert waiting(engine) == [soon, late, undated, shut, far]
    assert waiting(engine, 2) == [soon, late]
    say(engine, late, "accept")
    say(engine, undated, "not_for_us", subscriber_id=join(engine))
    assert waiting(engine) == [soon, undated, shut, far]


def test_erasing_a_subscriber_takes_their_decisions_along(engine: sa.Engine):
    key = unsure(engine)
    say(engine, key, "accept")
    say(engine, key, "not_for_us", subscriber_id=join(engine))
    with database.writing(engine) as connection:
        subscribers.remove(connection, "a@theatre.example")
    assert [row["by"] for row in rows(engine)] == ["reviewer"]


def test_a_reviewer_outweighs_a_later_not_for_us(engine: sa.Engine):
    key = unsure(engine)
    say(engine, key, "accept")
    say(engine, key, "not_for_us", NOW + HOUR, subscriber_id=join(engine))
    say(
        engine,
        unsure(engine, 2),
        "not_for_us",
        NOW + HOUR,
        subscriber_id=join(engine, "b@x.example"),
    )
    decided = training.decisions_of(taught(engine))
    assert [one.by for one in decided] == ["reviewer", "subscriber", "subscriber"]
    learnt = training._corpus(decided, 0)
    weights = sorted(zip(learnt.relevance.tolist(), learnt.trust.round(2).tolist(), strict=True))
    assert [(kind, round(weight, 2)) for kind, weight in weights] == [(1, 1.0), (3, 0.3)]


@pytest.mark.parametrize(
    "more",
    [{"decision": "not_for_us", "reviewer": "Ann"}, {"decision": "reject"},
     {"decision": "reject", "subscriber_id": 1},
     {"decision": "not_for_us", "subscriber_id": 1, "reviewer": "Ann"}],
)  # fmt: skip
def test_a_decision_in_the_wrong_mouth_is_refused(more: dict[str, Any]):
    with pytest.raises(ValueError, match="either"):
        assert Said(**more).by


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Path:
    """An installation on the test's database."""
    monkeypatch.setenv("TENDERS_HOME", str(tmp_path))
    monkeypatch.setenv("TENDERS_DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def tenders(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def review(*words: str) -> Result:
    return tenders("review", *words)


def test_the_whole_way_at_the_command_line(home: Path, engine: sa.Engine):
    assert "Nothing waits" in review("list").output
    first, second = unsure(engine, 1, 0.45), unsure(engine, 2, 0.25)
    listed = review("list", "--limit", "1")
    assert listed.exit_code == 0, listed.output
    assert first in listed.output
    assert "2 notices to review, 1 more than shown." in listed.output
    assert "45% for us" in listed.output
    assert "harbour" in listed.output
    lines = [json.loads(line) for line in review("list", "--json").output.splitlines()]
    assert [line["id"] for line in lines] == [first, second]
    assert lines[0]["scores"]["none"] == pytest.approx(0.275)
    assert lines[0]["reasons"] == [{"text": "harbour", "field": "title", "weight": 1.0}]
    done = review("accept", f" {first.upper()} ", "--by", "Ann", "--note", "Plainly so.")
    assert "Harbour programme 1: commissionable." in done.output
    assert "tenders reprocess --judgements" in done.output
    words = ("--art-form", "festivals-events", "--art-form", "music", "--outcome", "Older people")
    done = review("label", second, "--relevance", "Arts", *words)
    assert "arts (festivals_events, music and older_people)" in done.output
    assert "stays judged commissionable" in done.output
    assert "Nothing waits" in review("list").output
    join(engine)
    done = review("reject", second, "--subscriber", "A@theatre.example")
    assert "not for them" in done.output
    with engine.connect() as connection:
        person = subscribers.listed(connection)[0]
        assert [one.hidden_at is not None for one in marks.listed(connection, person.id)] == [True]
    assert [(row["by"], row["reviewer"], row["relevance"]) for row in rows(engine)] == [
        ("reviewer", "Ann", "commissionable"),
        ("reviewer", "reviewer", "arts"),
        ("subscriber", None, "none"),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("accept", "nosuchthing"), "tenders review list"),
        (("accept", "é\udce9\x00"), "tenders review list"),
        (("accept", "{unjudged}"), "tenders review label"),
        (("accept", "{id}", "--by", " \u202e"), "--by is empty"),
        (("label", "{id}", "--relevance", "art"), "arts, commissionable, adjacent, none"),
        (("label", "{id}", "--relevance", "arts", "--art-form", "macrame"), "performing, music"),
        (("label", "{id}", "--relevance", "arts", "--outcome", "music"), "health_wellbeing"),
        (("label", "{id}", "--relevance", "none", "--outcome", "environment"), "Leave them out"),
        (("reject", "{id}", "--subscriber", "nobody@x.example"), "tenders subscribers list"),
        (("reject", "{id}", "--subscriber", "a@theatre.example", "--by", "Ann"), "exclude"),
    ],
)
def test_a_wrong_word_names_what_is_allowed(
    home: Path, engine: sa.Engine, words: tuple[str, ...], said: str
):
    key = unsure(engine)
    unjudged = judged(engine, release(2), None)
    join(engine)
    failed = review(*(word.format(id=key, unjudged=unjudged) for word in words))
    assert isinstance(failed.exception, UsageError), failed.output
    assert said in str(failed.exception)
    assert rows(engine) == []


def test_hostile_titles_stay_words(home: Path, engine: sa.Engine):
    unsure(engine, title="[red]Boo[/red]\x1b[31m \u202etxt")
    for said in (review("list").output, review("accept", waiting(engine)[0]).output):
        assert "[red]Boo[/red]" in said
        assert "\u202e" not in said
        assert "\x1b" not in said


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few of the shipped features, so that training takes a second or two."""
    path = tmp_path_factory.mktemp("features") / "corpus.npz"
    corpus = Corpus.load(CORPUS)
    corpus.take(np.arange(0, len(corpus), 24, dtype=np.intp)).save(path)
    return path


@pytest.fixture
def quick(home: Path, features: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installation whose `train` learns on top of a few of the shipped features."""
    on_a_few = functools.partial(training.train, shipped_features=features)
    monkeypatch.setattr(training, "train", on_a_few)
    return home


def test_tags_are_learnt_only_where_they_were_said(features: Path):
    corpus = Corpus.load(features)
    said = np.arange(0, len(corpus), 2, dtype=np.intp)
    full, weights = matrix(corpus, inverse_frequency(corpus)), np.ones(len(corpus))
    held = full[:, np.unique(full.indices)]  # the others are ten times as many, and empty
    tags = np.full(len(corpus), UNSAID, np.int32)
    tags[said] = corpus.tags[said]
    learnt = fit_tags(held, replace(corpus, tags=tags), weights)
    alone = fit_tags(held[said], corpus.take(said), weights[said])
    assert all(np.array_equal(one, other) for one, other in zip(learnt, alone, strict=True))


def dances(engine: sa.Engine) -> list[str]:
    """Notices of a kind that the shipped model hardly knows, judged by it; their public ids."""
    found = []
    for number, word in enumerate(DANCES, 1):
        words = {
            "title": f"{word} side wanted for Whitsun",
            "description": "",
            "classification": {},
        }
        found.append(judged(engine, amended(release(number), **words), None))
    reprocess.reprocess(engine, load(), NOW)
    return found


def test_training_from_the_store_changes_judgements_only_when_told(quick: Path, engine: sa.Engine):
    before = dances(engine)
    for number, key in enumerate(before):
        tags = ("--art-form", "performing") if number % 2 else ()
        assert review("label", key, "--relevance", "arts", *tags).exit_code == 0
    untouched = dump(engine)
    done = tenders("train")
    assert done.exit_code == 0, done.output
    assert "8 decisions" in done.output
    assert "tenders reprocess --judgements" in done.output
    assert dump(engine) == untouched
    told = tenders("reprocess", "--judgements").output.splitlines()
    moved = [json.loads(line) for line in told if line.startswith("{")]
    assert {one["new"] for one in moved if one["id"] in before} == {"arts"}
    with engine.connect() as connection:
        assert {opportunities.relevances(connection)[key][1] for key in before} == {"arts"}
    assert len(rows(engine)) == len(DANCES)
    back = tenders("train", "--rollback")
    assert "the shipped model is in force again" in back.output
    assert in_force(quick / "var" / "model").version == load().version


def test_a_worse_model_is_refused(quick: Path, engine: sa.Engine):
    """Decisions that turn the guide upside down must not come into force."""
    upside_down = {"arts": "none", "commissionable": "none", "adjacent": "none", "none": "arts"}
    text = files("crawler.relevance").joinpath("written.tsv").read_text(encoding="utf-8")
    lines = [line.split("\t") for line in text.splitlines() if line and line[0] != "#"]
    notices = [
        amended(release(number), title=line[2], description="", classification={})
        for number, line in enumerate(lines, 1)
    ]
    keep(engine, FTS, *notices)
    with database.writing(engine) as connection:
        keys = {one.title: one.id for _, one in opportunities.iterate(connection)}
        for line in lines:
            if line[2] in keys:
                said = Said(decision="label", reviewer="A", relevance=upside_down[line[0]])
                reviews.decide(connection, keys[line[2]], said, NOW)
    refused = tenders("train")
    assert refused.exit_code == 1
    assert "not replaced" in refused.output
    assert in_force(quick / "var" / "model").version == load().version


def test_few_decisions_are_refused(home: Path, engine: sa.Engine):
    say(engine, unsure(engine), "accept")
    few = tenders("train")
    assert isinstance(few.exception, UsageError)
    assert "decisions to learn from: 1." in str(few.exception)
    assert "tenders review list" in str(few.exception)


def test_a_file_of_decisions_is_learnt_instead_of_the_store(
    home: Path, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
):
    say(engine, unsure(engine), "accept")
    path = home / "decisions.jsonl"
    path.write_text(json.dumps({"title": "Clog side wanted", "relevance": "arts"}) + "\n")
    learnt: list[str] = []

    def learn(decisions: list[training.Decision], *_: object) -> training.Outcome:
        learnt.extend(one.notice.title for one in decisions)
        return training.Outcome(
            replaced=True, decisions=1, before=0.9, after=0.9, version="x", message=""
        )

    monkeypatch.setattr(training, "train", learn)
    assert tenders("train", "--from", str(path)).exit_code == 0
    assert tenders("train").exit_code == 0
    assert learnt == ["Clog side wanted", "Harbour programme 1"]
