"""Begins the processes of jobs and crawls: forks of one that is warm, or from nothing.

Every process ends when the standard input that it is given here closes, so that none outlives
whoever began it. Where a process with everything imported is at hand (`kept_warm`, and in all its
forks) a new one costs a fork; where it is not, or does not answer, an interpreter is started. Both
are processes of their own in sessions of their own, and end alike.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

HEAD = struct.Struct("!I")
"""A warm process is first told the length of the request in bytes, and given the three files."""

NUMBER = struct.Struct("!i")
"""It answers with the number of the new process, and later with its exit status."""

LOST = -9
"""The exit status of a process whose end nobody could tell."""

_WAITING = 128


class Process:
    """A process that was begun here, and whose standard input stays open until it has ended."""

    def __init__(
        self,
        pid: int,
        ending: Coroutine[Any, Any, int],
        signal: Callable[[int], None],
        lifeline: int,
    ) -> None:
        self.pid = pid
        self._signal, self._lifeline = signal, lifeline
        self._ended = asyncio.ensure_future(ending)
        self._ended.add_done_callback(lambda _: os.close(lifeline))

    @property
    def returncode(self) -> int | None:
        """The exit status (a signal's number below zero), None while it runs."""
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> int:
        """The exit status, once it has ended."""
        return await asyncio.shield(self._ended)

    def send_signal(self, number: int) -> None:
        """Sends a signal; nothing happens if it has ended."""
        if not self._ended.done():
            with suppress(ProcessLookupError):
                self._signal(number)


async def begin(
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str] | None = None,
    output: int = 1,
) -> Process:
    """Begins what ``python -m MODULE ARGUMENTS`` is, with the open file `output` as its output.

    The environment is this process's own if none is given.
    """
    told = dict(os.environ if environment is None else environment)
    reads, lifeline = os.pipe()
    try:
        try:
            return await _fork(module, arguments, told, (reads, output, 2), lifeline)
        except (OSError, asyncio.IncompleteReadError) as error:
            _forking.mend(error)
        process = await asyncio.create_subprocess_exec(
            *command(module, arguments),
            stdin=reads,
            stdout=output,
            env=told,
            start_new_session=True,
        )
        return Process(process.pid, process.wait(), process.send_signal, lifeline)
    except BaseException:
        os.close(lifeline)
        raise
    finally:
        os.close(reads)


def command(module: str, arguments: Sequence[str]) -> list[str]:
    """How an interpreter is started on `module`."""
    return [sys.executable, "-P", "-m", module, *arguments]


async def _fork(
    module: str,
    arguments: Sequence[str],
    environment: dict[str, str],
    files: tuple[int, int, int],
    lifeline: int,
) -> Process:
    """Has the warm process fork. Raises `OSError` or `IncompleteReadError` where it does not."""
    if _forking.path is None:
        raise ConnectionRefusedError("there is no warm process")
    request = {
        "module": module,
        "arguments": list(arguments),
        "environment": environment,
        "folder": os.getcwd(),  # noqa: PTH109
    }
    body = json.dumps(request).encode()
    link = socket.socket(socket.AF_UNIX)
    try:
        link.setblocking(False)
        await asyncio.get_running_loop().sock_connect(link, str(_forking.path))
        socket.send_fds(link, [HEAD.pack(len(body))], files)
        reader, writer = await asyncio.open_unix_connection(sock=link)
    except BaseException:
        link.close()
        raise
    try:
        writer.write(body)
        pid: int = NUMBER.unpack(await reader.readexactly(NUMBER.size))[0]
    except BaseException:
        writer.close()
        raise

    async def ending() -> int:
        try:
            return int(NUMBER.unpack(await reader.readexactly(NUMBER.size))[0])
        except (OSError, asyncio.IncompleteReadError):
            return LOST  # whoever forked it is gone; its input closes now, and it ends by that
        finally:
            writer.close()

    return Process(pid, ending(), lambda number: writer.write(bytes([number])), lifeline)


class _Forking:
    """The warm process: where it is asked, and the process itself where it is ours."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self._own: subprocess.Popen[bytes] | None = None
        self._more: Sequence[str] = ()

    def start(self, path: Path, more: Sequence[str] = ()) -> None:
        """Starts one that is asked at `path`. It may be asked at once, and answers when warm."""
        self._more = more
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(_WAITING)
            self._own = subprocess.Popen(
                command("crawler.jobs.forking", [str(listener.fileno()), str(path), *more]),
                stdin=subprocess.PIPE,
                pass_fds=(listener.fileno(),),
                start_new_session=True,
                # Threads of a numerical library would not live on in a fork: none are made.
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )
        self.path = path

    def mend(self, error: Exception) -> None:
        """Replaces our own one where it has died; says so."""
        if self._own is None or self.path is None or self._own.poll() is None:
            return
        logger.error("the warm process ended (%s); another one is started", error)
        self._own.communicate()
        self.start(self.path, self._more)

    def stop(self) -> None:
        """Ends our own one. What it forked goes on."""
        self.path = None
        if self._own is not None:
            self._own.kill()  # there is nothing in it that needs tidying
            self._own.communicate()
            self._own = None


_forking = _Forking()
"""What this process knows of a warm one: like its parent, each process has one or none."""


def forked_by(path: str) -> None:
    """Says in a fork that the process it came from is asked at `path`."""
    _forking.path = Path(path)


@contextmanager
def kept_warm(*more: str) -> Iterator[None]:
    """While this lasts, `begin` forks a process that has everything imported, and these modules.

    In a fork of such a process, that one is asked. Where none can be made (a full disk, a path
    that is too long for a socket), processes are started from nothing.
    """
    if _forking.path is not None:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="tenders-") as folder:  # only this user may enter it
        try:
            _forking.start(Path(folder) / "asked", more)
        except OSError as error:
            logger.warning("no warm process can be made (%s); each starts by itself", error)
        try:
            yield
        finally:
            _forking.stop()
