"""A process that has everything imported and forks the processes of jobs and crawls.

A crawl's own process spends two seconds of processor time before its first request, nearly all of
it on imports. ``python -m crawler.jobs.forking SOCKET`` (a listening socket's number) does that
once; whoever connects sends a command and three open files, and a fork of this process becomes
what ``python -m MODULE …`` would have been: a process of its own, in a session of its own, with
its own reactor and its own connections. The other side is `crawler.jobs.processes`.

Nothing here runs jobs or opens the database, there is one thread, and no reactor is installed: a
fork inherits modules and what they know of shipped data, nothing that is open. It ends when its
standard input closes; what it forked ends by its own standard input.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from crawler import config
from crawler.errors import TendersError
from crawler.items import Notice
from crawler.jobs import processes
from crawler.jobs.processes import HEAD, NUMBER

_WHOLE = ("spiders", "pipelines", "scrapy.commands")
_SCRAPYS = (
    "scrapy.cmdline",
    "scrapy.crawler",
    "scrapy.core.downloader.handlers.http11",
    "scrapy.downloadermiddlewares",
    "scrapy.dupefilters",
    "scrapy.extensions.corestats",
    "scrapy.logformatter",
    "scrapy.pipelines",
    "scrapy.pqueues",
    "scrapy.spidermiddlewares",
    "scrapy.squeues",
    "scrapy.statscollectors",
    "scrapy.utils.engine",
    "twisted.internet.asyncioreactor",
    "twisted.web.client",
)
_DRIVERS = ("sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql.psycopg", "psycopg")
_WORK = ("scheduler", "crawler.jobs.match", "crawler.jobs.send")
_HELD = (signal.SIGINT, signal.SIGTERM)
_PATIENCE = 5.0


def preload(more: Sequence[str]) -> None:
    """Imports what jobs and crawls import, and `more`; reads what is shipped with them.

    By name: what Scrapy runs is for the processes to come, nothing here uses it. What cannot be
    imported is left out, and fails where it is needed.
    """
    for name in (*_WHOLE, *_SCRAPYS, *_DRIVERS, *_WORK, *more):
        with suppress(ImportError):
            module = importlib.import_module(name)
            for one in pkgutil.iter_modules(getattr(module, "__path__", [])):
                if name in _WHOLE or name.endswith("middlewares"):
                    importlib.import_module(f"{name}.{one.name}")
    from crawler.contacts.bidding import page_facts
    from crawler.places import locate
    from crawler.relevance import in_force
    from crawler.sources.councils import bodies
    from crawler.sources.registry import shipped

    bodies(), shipped(), page_facts()

    # A buyer whom nobody knows is looked for in every table.
    sample = Notice(title="Drumming workshops", buyer="The Council of X", postcode=("LS1 1UR",))
    locate(sample)
    with suppress(TendersError):  # wrong settings fail where they are used
        in_force(config.load().model).judge([sample])


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a fork is to become, and the files that are its standard input, output and error."""

    module: str
    arguments: list[str]
    environment: dict[str, str]
    folder: str
    files: list[int]


class Nursery:
    """The forking process: who has asked, and which child is whose."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._bell, self._rings = socket.socketpair()
        self._children: dict[int, socket.socket] = {}

    def serve(self) -> Task | None:
        """Forks until standard input closes; returns in each fork what it is to become."""
        for end in (self._bell, self._rings):
            end.setblocking(False)
        # Whoever began us says by our standard input when to end; a fork unblocks these for itself.
        signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._rings.fileno(), warn_on_full_buffer=False)
        self._selector.register(0, selectors.EVENT_READ)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._bell, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    task = self._welcome()
                    if task is not None:
                        self._leave()
                        return task
                elif key.fileobj is self._bell:
                    self._bury()
                elif key.fileobj == 0:
                    if not os.read(0, 4096):
                        return None
                else:
                    self._pass_on(key.data, key.fileobj)  # type: ignore[arg-type]

    def _welcome(self) -> Task | None:
        """Takes a request and forks; the fork gets its task, we get None."""
        client, _ = self._listener.accept()
        client.settimeout(_PATIENCE)
        try:
            task = _received(client)
        except (OSError, ValueError, TypeError):
            client.close()  # it is told by that, and begins its process in the ordinary way
            return None
        try:
            pid = os.fork()
        except OSError:
            pid = -1
        if pid == 0:
            client.close()
            return task
        for number in task.files:
            os.close(number)
        if pid < 0:
            client.close()
            return None
        self._children[pid] = client
        # Whoever asked may be gone: then the child's input is closed as well, and it ends by that.
        with suppress(OSError):
            client.sendall(NUMBER.pack(pid))
        self._selector.register(client, selectors.EVENT_READ, pid)
        return None

    def _pass_on(self, pid: int, client: socket.socket) -> None:
        """Passes signals on: each byte is one. None hits a stranger, for we bury the dead."""
        try:
            numbers = client.recv(64)
        except OSError:
            numbers = b""
        if not numbers:
            self._selector.unregister(client)
        for number in numbers:
            if self._children.get(pid) is client:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)

    def _bury(self) -> None:
        """Tells how each child that ended did so."""
        with suppress(BlockingIOError):
            self._bell.recv(4096)
        for pid in list(self._children):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found == 0:
                continue
            client = self._children.pop(pid)
            with suppress(KeyError):
                self._selector.unregister(client)
            with suppress(OSError):
                client.sendall(NUMBER.pack(os.waitstatus_to_exitcode(status)))
            client.close()

    def _leave(self) -> None:
        """In a fork: lets go of all that is the forking process's."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        for one in (self._listener, self._bell, self._rings, *self._children.values()):
            one.close()
        self._children.clear()


def _received(client: socket.socket) -> Task:
    """What `client` asks for. Raises `OSError`, `ValueError` or `TypeError`."""
    head, files, _, _ = socket.recv_fds(client, HEAD.size, 3)
    try:
        if len(head) != HEAD.size or len(files) != 3:
            raise ValueError("no request")
        left = HEAD.unpack(head)[0]
        parts = []
        while left:
            part = client.recv(min(left, 1 << 16))
            if not part:
                raise ValueError("half a request")
            parts.append(part)
            left -= len(part)
        return Task(**json.loads(b"".join(parts)), files=files)
    except BaseException:
        for number in files:
            os.close(number)
        raise


def become(task: Task) -> NoReturn:
    """Turns this fork into what ``python -m MODULE ARGUMENTS`` is; ends as that does.

    But for taking the interpreter apart module by module, which takes as long as a fork.
    """
    os.setsid()
    for number, file in enumerate(task.files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(task.folder)
    os.environ.clear()
    os.environ.update(task.environment)
    sys.argv[1:] = task.arguments
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)
    status = 1
    try:
        status = _run(task.module)
        threading._shutdown()  # type: ignore[attr-defined]  # as multiprocessing ends its own
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
        status = 1
    finally:
        os._exit(status)


def _run(module: str) -> int:
    """Runs a module as the main one; the exit status that it asks for."""
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            return (error.code or 0) & 0xFF
        sys.stderr.write(f"{error.code}\n")
        return 1
    return 0


def main() -> None:
    """Serves on the socket whose number and path are the arguments; others are modules."""
    number, path, *more = sys.argv[1:]
    listener = socket.socket(fileno=int(number))
    preload(more)
    gc.collect()
    gc.freeze()  # forks share this memory for as long as nobody counts through it
    task = Nursery(listener).serve()
    if task is not None:
        processes.forked_by(path)
        become(task)
    with suppress(OSError):  # whoever began us was killed, and has left this behind
        Path(path).unlink()
        Path(path).parent.rmdir()


if __name__ == "__main__":
    main()
