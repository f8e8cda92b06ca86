"""The model at hand: the one that ships with the package, unless a path names another."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from crawler.items import Judgement, Notice
from crawler.relevance.model import Model, read

HERE = Path(__file__).parent
MODEL = HERE / "model.npz"
CORPUS = HERE / "corpus.npz"
TRAINED = "model.npz"
"""The name of a model that ``tenders train`` made, in the folder where it keeps them."""


@functools.cache
def _read(path: Path, _stamp: tuple[int, int]) -> Model:
    return read(path)


def load(path: Path | None = None) -> Model:
    """The model in `path`, or the shipped one; read once, and again when the file changes.

    Raises `ModelError` when it is missing or damaged.
    """
    path = path or MODEL
    try:
        status = path.stat()
    except OSError:
        return read(path)
    return _read(path, (status.st_mtime_ns, status.st_size))


def in_force(folder: Path) -> Model:
    """The model that was trained in `folder`, or the shipped one if none was.

    Raises `ModelError` when it is damaged.
    """
    path = folder / TRAINED
    return load(path if path.exists() else None)


def judge(notices: Sequence[Notice]) -> list[Judgement]:
    """A judgement for each notice, in order, by the shipped model."""
    return load().judge(notices)
