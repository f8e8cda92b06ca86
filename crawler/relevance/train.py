"""Rebuild the shipped model: ``python -m crawler.relevance.train LABELS.jsonl [FOLDER]``.

Writes ``model.npz`` and ``corpus.npz``; the same labels give the same bytes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from crawler.relevance.corpus import Corpus, gather
from crawler.relevance.fitting import Fit, fit
from crawler.relevance.model import Numbers
from crawler.relevance.rows import Row, labelled, read_rows, written
from crawler.relevance.shipped import HERE


def corpus_of(rows: Sequence[Row]) -> Corpus:
    """Labelled rows and our own written notices as numbers."""
    return gather([*labelled(rows), *written()])


def pack(fitted: Fit, about: dict[str, object]) -> bytes:
    """A model file of `fitted`; columns that say next to nothing are left out."""
    coefficients = fitted.coefficients.astype(np.float16)
    telling = np.abs(coefficients).max(axis=1) > 1e-3
    return Numbers(
        columns=fitted.columns[telling],
        coefficients=coefficients[telling],
        intercepts=fitted.intercepts,
        idf=fitted.idf.astype(np.float16),
        thresholds=fitted.thresholds,
        about=json.dumps(about, sort_keys=True),
    ).to_bytes()


def main(arguments: Sequence[str]) -> int:
    """Train from a file of labels and write both files; returns the exit status."""
    if not 1 <= len(arguments) <= 2:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    rows = read_rows(Path(arguments[0]))
    folder = Path(arguments[1]) if len(arguments) == 2 else HERE
    corpus = corpus_of(rows)
    data = pack(fit(corpus), {"notices": len(rows), "origin": "shipped"})
    corpus.save(folder / "corpus.npz")
    (folder / "model.npz").write_bytes(data)
    sys.stdout.write(f"{len(rows)} labelled notices; {len(data):,} bytes of model" + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
