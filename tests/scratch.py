"""Where the tests' files lie: in memory, where there is room.

Nothing that a test writes outlives it, and a thousand databases on a disk cost more than the tests
that use them: copying one of PostgreSQL takes three times the processor time, and at times thirty.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import tempfile

MEMORY = pathlib.Path("/dev/shm")
ROOM = 2_000_000_000
"""Bytes that must be free there; a run takes a quarter of it. Containers often have 64 MB."""


def roomy() -> bool:
    """Whether files in memory are to be had."""
    return os.access(MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(MEMORY).free >= ROOM


FOLDER = MEMORY if roomy() else pathlib.Path("/tmp")
"""Where a PostgreSQL server may lie: everybody may look in, as its own user must."""


def use() -> None:
    """Lets all temporary files of this process and of its children lie there.

    Whoever has said with TMPDIR where they are to lie is obeyed.
    """
    if "TMPDIR" not in os.environ:
        os.environ["TMPDIR"] = tempfile.tempdir = str(FOLDER)
