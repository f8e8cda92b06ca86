"""A PostgreSQL server of one's own, for tests and benchmarks; never as root, gone afterwards."""

from __future__ import annotations

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


def programs() -> pathlib.Path | None:
    """Where initdb and pg_ctl are, or None."""
    candidates = [
        *pathlib.Path("/usr/lib/postgresql").glob("*/bin"),
        pathlib.Path("/usr/local/bin"),
    ]
    found = shutil.which("initdb")
    if found:
        candidates.append(pathlib.Path(found).parent)
    ready = [
        path for path in candidates if (path / "initdb").exists() and (path / "pg_ctl").exists()
    ]
    return sorted(ready)[-1] if ready else None


def _unprivileged() -> dict[str, object]:
    """How to run a program as somebody other than root: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return {}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server that can be stopped and started again."""

    def __init__(self, root: pathlib.Path) -> None:
        found = programs()
        assert found is not None, "PostgreSQL's server programs are not installed"
        self._programs, self._root, self._data = found, root, root / "data"
        self._port = _free_port()
        self._somebody = _unprivileged()
        if self._somebody:
            os.chown(root, self._somebody["user"], self._somebody["group"])  # type: ignore[arg-type]
        words = ["-U", "tenders", "-A", "trust", "-E", "UTF8", "--no-sync"]
        self._run("initdb", "-D", str(self._data), *words)
        self.url = f"postgresql+psycopg://tenders@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -k {self._root} -c fsync=off"
        log = str(self._root / "log")
        self._run("pg_ctl", "-D", str(self._data), "-o", options, "-w", "-l", log, "start")

    @property
    def pid(self) -> int:
        """The number of the process that began all of the server's others."""
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def stop(self) -> None:
        """Stops it at once: every connection breaks."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *words],
            cwd=self._root,
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            **self._somebody,  # type: ignore[call-overload]
        )
        assert done.returncode == 0, done.stderr + done.stdout


@contextmanager
def serving(folder: str | pathlib.Path = "/tmp") -> Iterator[Server]:
    """A running server with its files in a folder that all may enter; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tenders-pg-", dir=folder) as made:
        root = pathlib.Path(made)
        root.chmod(0o755)
        server = Server(root)
        server.start()
        try:
            yield server
        finally:
            server.stop()
