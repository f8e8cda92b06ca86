"""The classifier: true to its numbers, robust to any text, honest about its reasons."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.errors import ModelError, UsageError
from crawler.items import RELEVANCES, Notice
from crawler.relevance import band, bands, judge, load
from crawler.relevance.corpus import Corpus, gather
from crawler.relevance.design import matrix
from crawler.relevance.features import take_apart
from crawler.relevance.grouping import groups
from crawler.relevance.model import Model, Numbers
from crawler.relevance.rows import labelled, read_rows, written
from crawler.relevance.shipped import CORPUS, MODEL
from crawler.relevance.train import main, pack
from crawler.relevance.vocabulary import vocabulary
from crawler.relevance.words import split, without_exclusions

LABELS = Path(__file__).parents[2] / "shared" / "labels" / "train.jsonl"

FULL = Notice(
    id="1",
    title="Music & dance workshops for young people",
    description="The council wants musicians and dancers to run weekly workshops in youth clubs.",
    cpv=("92312000", "80000000"),
    buyer="Marchester City Council",
)


def test_scores_are_probabilities_of_the_four_classes() -> None:
    [judged] = judge([FULL])
    assert set(judged.scores) == set(RELEVANCES)
    assert sum(judged.scores.values()) == pytest.approx(1)
    assert judged.relevance == max(judged.scores, key=lambda name: judged.scores[name]) == "arts"
    assert judged.model == load().version


def test_a_batch_says_the_same_as_one_by_one() -> None:
    other = Notice(title="Resurfacing of roads", cpv=("45233000",))
    assert judge([FULL, other, FULL]) == [judge([one])[0] for one in (FULL, other, FULL)]


def test_judging_adds_up_to_what_was_fitted() -> None:
    """The quick way of judging and the matrix of training give the same logits."""
    model = load()
    numbers = Numbers.from_bytes(MODEL.read_bytes(), "shipped")
    examples = written()[::9]
    held = matrix(gather(examples), numbers.idf.astype(np.float32))[:, numbers.columns]
    wanted = held @ numbers.coefficients.astype(np.float64) + numbers.intercepts
    found = [model.logits(parts, *model.read(parts)) for parts, _ in examples]
    np.testing.assert_allclose(found, wanted, atol=2e-3)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.text(max_size=2000), st.lists(st.text(max_size=12), max_size=3))
def test_any_text_can_be_judged(title: str, description: str, cpv: list[str]) -> None:
    [judged] = judge([Notice(title=title, description=description, cpv=tuple(cpv), buyer=title)])
    assert sum(judged.scores.values()) == pytest.approx(1)


@pytest.mark.parametrize("text", ["", "\x00\x00", "12345", "🎭" * 50, "a" * 5000, "&#0;&lt;"])
def test_strange_titles_can_be_judged(text: str) -> None:
    assert len(judge([Notice(title=text, description=text)])) == 1


def test_ten_megabytes_take_no_longer_than_a_long_notice() -> None:
    start = time.perf_counter()
    judge([Notice(title="Theatre", description="museum gallery exhibition " * 400_000)])
    assert time.perf_counter() - start < 2


def test_very_long_text_keeps_its_sense() -> None:
    filler = "The supplier shall comply with all policies of the authority. " * 250
    [judged] = judge([Notice(title="Arts festival producer", description=filler)])
    assert judged.relevance == "arts"
    [judged] = judge([Notice(title="Boiler replacement", description=filler)])
    assert judged.relevance == "none"


def test_reasons_stand_in_the_notice() -> None:
    [judged] = judge([FULL])
    assert judged.reasons
    for reason in judged.reasons:
        if reason.field in ("title", "description"):
            assert reason.text in getattr(FULL, reason.field)
        elif reason.field == "cpv":
            assert reason.text.startswith("CPV ")


@pytest.mark.parametrize(
    "title",
    [
        "Public art commission for the new library square",
        "Befriending service for isolated older adults",
        "Graphic design and branding of council publications",
        "Festival producer and artistic director wanted",
        "Road resurfacing and drainage near the harbour",
    ],
)
def test_without_its_top_reason_a_notice_scores_lower(title: str) -> None:
    [judged] = judge([Notice(title=title)])
    top = judged.reasons[0]
    assert top.weight > 0
    [rest] = judge([Notice(title=title.replace(top.text, " "))])
    assert rest.scores[judged.relevance] < judged.scores[judged.relevance]


def test_reasons_speak_for_and_against() -> None:
    [judged] = judge([Notice(title="Museum roof repairs and youth theatre workshops")])
    assert {reason.weight > 0 for reason in judged.reasons} == {True, False}


def test_a_code_is_named() -> None:
    [judged] = judge([Notice(title="Community service", cpv=("85312100",))])
    assert any(reason.text.startswith("CPV 853121: Daycare services") for reason in judged.reasons)


def test_words_drop_numbers_entities_and_addresses() -> None:
    text = (
        "T24-059 Arts &amp; Culture: see https://x.org/arts, mail a@b.org; children’s Caf&eacute;"
    )
    assert split(text) == ["arts", "culture", "see", "mail", "children", "s", "cafe"]


def test_exclusions_are_no_words() -> None:
    assert without_exclusions("cleaning. museums are excluded. offices").split(".") == [
        "cleaning",
        " offices",
    ]
    assert "theatre" not in without_exclusions("all halls excluding the theatre; offices")


def test_homonyms_melt_into_one_word() -> None:
    words, hits = vocabulary().match(["new", "operating", "theatre", "and", "dance", "class"])
    assert words == ["new", "operating_theatre", "and", "dance", "class"]
    names = {vocabulary().groups[hit.group].name: hit.start for hit in hits}
    assert names["homonym"] == 1
    assert names["arts_performing"] == 3


def test_groups_tie_buyers_and_near_duplicates() -> None:
    titles = ["Youth service lot one", "Youth service lot two", "Bins", "Boats", "Bolts and nuts"]
    buyers = ["A", "B", "C Council", "c council", "DUE NORTH LIMITED"]
    found = groups(titles, buyers)
    assert found[2] == found[3]
    assert len(set(found)) == 4
    assert (
        len(set(groups(["Arts in parks festival 2024", "Arts in Parks Festival"], [None, None])))
        == 1
    )


@pytest.mark.parametrize(
    ("arts", "adjacent", "expected"),
    [(0.9, 0.05, "shown"), (0.3, 0.1, "review"), (0.02, 0.9, "hidden"), (0.01, 0.01, "hidden")],
)
def test_bands(arts: float, adjacent: float, expected: str) -> None:
    scores = {
        "arts": arts,
        "commissionable": 0.0,
        "adjacent": adjacent,
        "none": 1 - arts - adjacent,
    }
    assert bands.band_of(scores) == expected


def test_bands_of_judgements() -> None:
    assert [
        band(one)
        for one in judge([FULL, Notice(title="Tarmac", description="Supply of tarmac and kerbs.")])
    ] == [
        "shown",
        "hidden",
    ]


def test_a_damaged_or_missing_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        load(tmp_path / "none.npz")
    broken = tmp_path / "broken.npz"
    broken.write_bytes(MODEL.read_bytes()[:5000])
    with pytest.raises(ModelError, match="damaged"):
        load(broken)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(MODEL.read_bytes())
    first = load(path)
    assert load(path) is first
    numbers = Numbers.from_bytes(MODEL.read_bytes(), "shipped")
    path.write_bytes(
        Numbers(
            columns=numbers.columns[:10],
            coefficients=numbers.coefficients[:10],
            intercepts=numbers.intercepts,
            idf=numbers.idf,
            thresholds=numbers.thresholds,
            about="{}",
        ).to_bytes()
    )
    assert load(path).version != first.version


def test_what_ships_is_small_and_holds_no_text() -> None:
    assert MODEL.stat().st_size + CORPUS.stat().st_size < 8_000_000
    with np.load(MODEL, allow_pickle=False) as held:
        assert {held[name].dtype.kind for name in held.files} <= set("iuf")
        assert set(json.loads(held["about"].tobytes())) == {"notices", "origin"}
    with np.load(CORPUS, allow_pickle=False) as held:
        assert {held[name].dtype.kind for name in held.files} <= set("iuf")


def test_training_twice_gives_the_same_bytes() -> None:
    from crawler.relevance.fitting import fit

    corpus = Corpus.load(CORPUS)
    few = corpus.take(np.arange(0, len(corpus), 24, dtype=np.intp))
    first, second = (pack(fit(few), {}) for _ in range(2))
    assert first == second
    assert Model(first, "first").version == Model(second, "second").version


def test_a_corpus_survives_its_file(tmp_path: Path) -> None:
    corpus = gather(written()[:40])
    corpus.save(tmp_path / "corpus.npz")
    again = Corpus.load(tmp_path / "corpus.npz")
    assert (again.title.values == corpus.title.values).all()
    joined = corpus.joined(again)
    assert len(joined) == 80
    assert len(joined.words) == len(corpus.words)
    idf = np.ones(1 << 16, np.float32)
    np.testing.assert_allclose(matrix(joined, idf)[40:].toarray().sum(), matrix(corpus, idf).sum())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "no JSON"),
        ('{"title": "x", "relevance": "perhaps"}', "relevance among"),
        ("", "no labelled"),
    ],
)
def test_wrong_labels_are_told(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_rows(path)


def test_an_unknown_tag_is_told() -> None:
    with pytest.raises(UsageError, match="neither art form nor outcome"):
        labelled([{"id": "1", "title": "x", "relevance": "arts", "art_forms": ["mime"]}])


@pytest.mark.skipif(not LABELS.exists(), reason="the labelled notices are not here")
def test_the_shipped_model_is_rebuilt(tmp_path: Path) -> None:
    """To the last bit of a float16: processors differ in how they round sums."""
    assert main([str(LABELS), str(tmp_path)]) == 0
    for shipped in (MODEL, CORPUS):
        theirs, ours = np.load(shipped), np.load(tmp_path / shipped.name)
        assert set(theirs.files) == set(ours.files)
        for name in theirs.files:
            assert theirs[name].dtype == ours[name].dtype, name
            if theirs[name].dtype.kind == "f":
                np.testing.assert_allclose(ours[name], theirs[name], rtol=2e-3, atol=2e-4)
            else:
                assert np.array_equal(theirs[name], ours[name]), name


@pytest.mark.skipif(not LABELS.exists(), reason="the labelled notices are not here")
def test_a_labelled_notice_is_mostly_judged_as_labelled() -> None:
    """A smoke test, not an estimate: the model has seen these."""
    rows = read_rows(LABELS)[:300]
    notices = [parts for parts, _ in labelled(rows)]
    model = load()
    said = [int(np.argmax(model.logits(parts, *model.read(parts))[:4])) for parts in notices]
    right = [RELEVANCES[label] == row["relevance"] for label, row in zip(said, rows, strict=True)]
    assert np.mean(right) > 0.9


def test_taking_apart_reads_lots_and_codes() -> None:
    parts = take_apart(
        Notice(title="Framework", lots=("Street theatre",), cpv=("92310000", "junk"))
    )
    assert parts.body == ["street", "theatre"]
    assert "!92310000" in parts.codes
    assert not any("junk" in token for token in parts.codes)
