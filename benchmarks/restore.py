"""How long a backup, a restore and a copy take: `seeding.py`'s opportunities, on SQLite.

    python benchmarks/restore.py [--opportunities 100000]

Beside them the bare copy of the same file, which no disk does quicker.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from seeding import seed

from crawler.config import Settings
from crawler.jobs import restoring
from crawler.store import copying, database


def timed(what: str, work: Callable[[], object]) -> None:
    """Prints how long `work` took."""
    started = time.perf_counter()
    work()
    sys.stdout.write(f"{what:<24} {time.perf_counter() - started:6.1f} s\n")


def main() -> None:
    """Measures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--opportunities", type=int, default=100_000)
    wanted = parser.parse_args().opportunities
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), secret_key="0123456789abcdef" * 2)
        engine = database.engine(settings.database)
        seed(engine, wanted)
        now = datetime.now(UTC)
        path = database.backup(engine, settings.var / "backups", now)
        engine.dispose()
        sys.stdout.write(f"{path.stat().st_size / 1e6:.0f} MB\n")
        timed("bare copy of the file", lambda: shutil.copy(path, Path(folder) / "bare"))
        timed("backup", lambda: database.backup(engine, Path(folder) / "again", now))
        engine.dispose()
        timed("restore", lambda: restoring.restore(settings, path, now, replace=True))
        other = database.connect(f"sqlite:///{folder}/other.sqlite")
        timed("copy", lambda: copying.copy(engine, other))


if __name__ == "__main__":
    main()
