"""How many notices a second the classifier judges on one core, beside bare reading.

    python benchmarks/classify.py [NOTICES.jsonl] [--count N]

Judges N notices of about 150 words (made from our own written ones, or those of a file in the
format of `tenders classify`) and prints notices per second for `judge`, for `judge` with `locate`
and JSON in and out as `tenders classify` does it, and for the bare baseline of the same run:
decoding the same JSON lines and splitting their words. Loading the model is timed apart.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

FILLER = (
    "The authority invites tenders from organisations with experience of similar work. Bids are "
    "judged on quality and price; the term is two years with an option to extend by one more. "
    "Bidders must register on the portal, where all documents can be had, before the deadline. "
)


def rows(path: Path | None, count: int) -> list[str]:
    """JSON lines of `count` notices."""
    if path:
        lines = path.read_text(encoding="utf-8").splitlines()
    else:
        text = files("crawler.relevance").joinpath("written.tsv").read_text(encoding="utf-8")
        fields = [line.split("\t") for line in text.splitlines() if line and line[0] != "#"]
        stories = [" ".join(field[2:4]) for field in fields]
        lines = []
        for at, field in enumerate(fields):
            near = ". ".join(stories[at : at + 6])
            words = f"{near}. {FILLER}{FILLER}"
            lines.append(json.dumps({"title": field[2], "description": words, "cpv": ["92000000"]}))
    return list(itertools.islice(itertools.cycle(lines), count))


def rate(name: str, count: int, work: Callable[[], object]) -> float:
    """Run `work` once and print notices per second of processor time."""
    start = time.process_time()
    work()
    found = count / (time.process_time() - start)
    print(f"{name:<44}{found:>10,.0f} notices/s")
    return found


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--count", type=int, default=5000)
    options = parser.parse_args(arguments)
    import numpy  # noqa: F401  (loading is measured beyond importing libraries)

    lines = rows(options.file, options.count)
    start = time.perf_counter()
    from crawler.relevance import judge, load

    load()
    print(f"loading the model: {time.perf_counter() - start:.2f} s beyond numpy")
    from crawler.cli.judging import _batches, answer, parse
    from crawler.places import locate

    notices = [parse(line.encode()) for line in lines]
    mean = sum(len(notice.description.split()) for notice in notices) / len(notices)
    print(f"{len(notices)} notices of {mean:.0f} words in the mean")
    judge(notices[:200])

    def whole() -> None:
        for batch in _batches(iter(line.encode() for line in lines)):
            held = [notice for _, notice in batch]
            judged = judge(held)
            for notice, judgement in zip(held, judged, strict=True):
                json.dumps(answer(notice, judgement, locate(notice)))

    words = re.compile(r"\w+")
    bare = rate("bare: decode JSON and split words", len(lines), lambda: [
        words.findall(json.loads(line)["description"].lower()) for line in lines
    ])  # fmt: skip
    own = rate("judge, with reasons", len(lines), lambda: judge(notices))
    rate("classify: JSON, judge, locate, JSON", len(lines), whole)
    print(f"judge is {own / bare:.3f} of the bare baseline")


if __name__ == "__main__":
    sys.stdout = io.TextIOWrapper(sys.stdout.buffer, line_buffering=True)
    main(sys.argv[1:])
