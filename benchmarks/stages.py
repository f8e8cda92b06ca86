"""Where the time of `ingest.py` goes: processor time a release in each step, without the network.

python benchmarks/stages.py [--copies 4] [--shared ../shared]
"""

from __future__ import annotations

import argparse
import json
import pathlib
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from crawler.decoding import content_hash
from crawler.items import Batch, RawRelease, Window
from crawler.relevance import load as load_model
from crawler.sources import load
from crawler.store import database, releases
from pipelines.decode import decoded
from pipelines.keep import read
from pipelines.place import located
from pipelines.relevance import judged

SOURCES = ("find-a-tender", "contracts-finder", "public-contracts-scotland", "sell2wales")
NOW = datetime.now(UTC)
WINDOW = Window(start=NOW, end=NOW)


def raws(shared: pathlib.Path, source: str, copies: int) -> list[bytes]:
    """The source's releases, each `copies` times under further ids and titles."""
    found = []
    for line in (
        (shared / "portals/data" / f"{source}.jsonl").read_text(encoding="utf-8").splitlines()
    ):
        release = json.loads(line)
        for at in range(copies):
            tender = release["tender"] | {"title": f"{release['tender']['title']} ({at})"}
            named = {"ocid": f"{release['ocid']}-x{at}", "id": f"{release.get('id')}-x{at}"}
            found.append(json.dumps(release | named | {"tender": tender}).encode())
    return found


def main() -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--copies", type=int, default=4)
    options.add_argument(
        "--shared",
        type=pathlib.Path,
        default=pathlib.Path(__file__).resolve().parents[2] / "shared",
    )
    chosen = options.parse_args()
    spent: Counter[str] = Counter()

    @contextmanager
    def step(name: str) -> Iterator[None]:
        started = time.process_time()
        yield
        spent[name] += time.process_time() - started

    model, rows, count = load_model(), load(), 0
    with tempfile.TemporaryDirectory() as folder:
        engine = database.engine(f"sqlite:///{folder}/stages.sqlite")
        for source in SOURCES:
            lines = raws(chosen.shared, source, chosen.copies)
            for at in range(0, len(lines), 100):
                with step("hash"):
                    page = tuple(
                        RawRelease(raw=raw, content_hash=content_hash(raw))
                        for raw in lines[at : at + 100]
                    )
                with step("known?"), engine.connect() as connection:
                    releases.known(connection, source, [one.content_hash for one in page])
                with step("decode"):
                    page = tuple(decoded(one, source, rows[source].repairs) for one in page)
                with step("judge"):
                    page = judged(page, model)
                with step("place"):
                    page = tuple(located(one) for one in page)
                batch = Batch(source=source, url="", fetched_at=NOW, window=WINDOW, releases=page)
                with step("keep"), database.writing(engine) as connection:
                    releases.keep(connection, batch, read)
                count += len(page)
        engine.dispose()
    for name, seconds in spent.most_common():
        print(f"{name:8} {seconds / count * 1e6:6.0f} µs a release")
    print(f"{count} releases, {count / spent.total():.0f} a second of processor time")


if __name__ == "__main__":
    main()
