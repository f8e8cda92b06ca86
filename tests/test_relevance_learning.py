"""Learning from people: no worse or not at all, and always a way back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from crawler.errors import UsageError
from crawler.items import Notice
from crawler.jobs.train import HISTORY, Decision, decisions_of, rollback, train
from crawler.relevance import in_force, load
from crawler.relevance.corpus import Corpus
from crawler.relevance.shipped import CORPUS, TRAINED

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few of the shipped features, so that training takes a second or two."""
    path = tmp_path_factory.mktemp("features") / "corpus.npz"
    corpus = Corpus.load(CORPUS)
    corpus.take(np.arange(0, len(corpus), 20, dtype=np.intp)).save(path)
    return path


def decisions(relevance: str = "arts") -> list[Decision]:
    words = ("clog", "maypole", "rapper sword", "broom", "step", "sword", "garland", "stave")
    return decisions_of(
        [{"title": f"{word} side wanted for Whitsun", "relevance": relevance} for word in words]
    )


def test_decisions_are_learnt_and_can_be_taken_back(features: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    asked = [Notice(title="Garland side wanted for Whitsun")]
    outcome = train(decisions(), folder, NOW, features)
    assert outcome.replaced
    assert outcome.after >= outcome.before - 0.01
    model = in_force(folder)
    assert model.version == outcome.version
    assert model.judge(asked)[0].scores["arts"] > 0.5
    train(decisions(), folder, NOW, features)
    assert "previous" in rollback(folder, NOW)
    assert load(folder / TRAINED).version == outcome.version
    assert "shipped" in rollback(folder, NOW)
    assert in_force(folder).version == load().version
    with pytest.raises(UsageError, match="nothing to roll back"):
        rollback(folder, NOW)
    history = [json.loads(line) for line in (folder / HISTORY).read_text().splitlines()]
    assert [line.get("replaced", "rollback") for line in history] == [
        True,
        True,
        "rollback",
        "rollback",
    ]


def test_a_worse_model_is_refused(features: Path, tmp_path: Path) -> None:
    """Decisions that turn the guide upside down must not come into force."""
    upside_down = {"arts": "none", "commissionable": "none", "adjacent": "none", "none": "arts"}
    text = files("crawler.relevance").joinpath("written.tsv").read_text(encoding="utf-8")
    lines = [line.split("\t") for line in text.splitlines() if line and line[0] != "#"]
    rows = [{"title": line[2], "relevance": upside_down[line[0]]} for line in lines * 2]
    outcome = train(decisions_of(rows), tmp_path, NOW, features)
    assert not outcome.replaced
    assert outcome.after < outcome.before
    assert in_force(tmp_path).version == load().version
    assert json.loads((tmp_path / HISTORY).read_text())["replaced"] is False


def test_few_decisions_are_refused(features: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="too few"):
        train(decisions()[:2], tmp_path, NOW, features)
