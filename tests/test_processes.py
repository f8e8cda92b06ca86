"""A process that is forked from a warm one is what it would have been if it had been started."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from crawler.jobs import processes

PROBE = """
import os, signal, sys, threading

def told():
    import json
    from crawler.sources.registry import own_file
    from crawler.store import database
    print(json.dumps({
        "arguments": sys.argv[1:],
        "folder": os.getcwd(),
        "told": os.environ.get("PROBE"),
        "pid": os.getpid(),
        "leads": os.getsid(0) == os.getpid(),
        "input": os.readlink("/proc/self/fd/0").split(":")[0],
        "threads": len(os.listdir("/proc/self/task")),
        "files": len(os.listdir("/proc/self/fd")) - 1,
        "reactor": "twisted.internet.reactor" in sys.modules,
        "warm": "spiders.find_a_tender" in sys.modules,
        "settings": "crawler.settings" in sys.modules,
        "rows": own_file.cache_info().currsize,
        "engines": database.connect.cache_info().currsize,
        "signals": [str(signal.getsignal(n)) for n in (signal.SIGINT, signal.SIGTERM)],
        "held": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    }))

what = sys.argv[1]
if what == "tell":
    told()
elif what == "words":
    sys.exit("this is why")
elif what == "raise":
    raise ValueError("nobody foresaw this")
elif what == "wait":
    from crawler.jobs.running import end_with_parent
    end_with_parent()
    try:
        print(os.getpid(), flush=True)
        threading.Event().wait(60)
    except KeyboardInterrupt:
        sys.exit(7)
else:
    sys.exit(int(what))
"""


@pytest.fixture(scope="module", autouse=True)
def interruptible() -> Iterator[None]:
    """Who runs the tests in the background may have made them deaf to SIGINT; children inherit."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pathlib.Path]:
    """A folder with the module `probe`, which processes find."""
    folder = tmp_path_factory.mktemp("probe")
    (folder / "probe.py").write_text(PROBE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        patch.setattr(processes, "_forking", processes._Forking())
        yield folder


@pytest.fixture(scope="module")
def warm(probe: pathlib.Path) -> Iterator[None]:
    with processes.kept_warm():
        yield


@pytest.fixture(params=["forked", "started"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Either way to begin a process."""
    request.getfixturevalue("warm" if request.param == "forked" else "probe")
    if request.param == "started":
        monkeypatch.setattr(processes, "_forking", processes._Forking())
    return str(request.param)


async def said(arguments: list[str], **environment: str) -> tuple[int, str]:
    """The exit status of the probe, and what it wrote to its standard output."""
    reads, writes = os.pipe()
    try:
        begun = await processes.begin("probe", arguments, os.environ | environment, writes)
    finally:
        os.close(writes)
    status = await asyncio.wait_for(begun.wait(), 60)
    assert begun.returncode == status
    with os.fdopen(reads) as output:
        return status, output.read()


def test_a_fork_is_told_what_a_new_process_is_told(way: str, tmp_path: pathlib.Path) -> None:
    with contextlib.chdir(tmp_path):
        status, text = asyncio.run(said(["tell", "ä b"], PROBE="ü"))
    assert status == 0
    found = json.loads(text)
    assert found["arguments"] == ["tell", "ä b"]
    assert found["folder"] == str(tmp_path)
    assert found["told"] == "ü"
    assert found["leads"], "a session of its own"
    assert found["input"] == "pipe"
    assert found["signals"][1] == "0", "SIGTERM ends it"
    assert "default_int_handler" in found["signals"][0]
    assert found["held"] == []
    assert found["warm"] is (way == "forked")


def test_nothing_that_is_open_or_chosen_crosses_a_fork(warm: None) -> None:
    found = json.loads(asyncio.run(said(["tell"]))[1])
    assert found["files"] == 3
    assert found["threads"] == 1
    assert not found["reactor"], "each crawl has its own"
    assert not found["settings"], "they are of the environment that it is given"
    assert found["rows"] == found["engines"] == 0


@pytest.mark.parametrize(("what", "status"), [("0", 0), ("75", 75), ("words", 1), ("raise", 1)])
def test_it_ends_with_the_status_it_asked_for(
    way: str, what: str, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    assert asyncio.run(said([what]))[0] == status
    words = {"words": "this is why\n", "raise": "ValueError: nobody foresaw this\n"}
    assert capfd.readouterr().err.endswith(words.get(what, ""))


async def waiting() -> tuple[processes.Process, int]:
    """A probe that waits, and the number by which it knows itself."""
    reads, writes = os.pipe()
    try:
        begun = await processes.begin("probe", ["wait"], None, writes)
    finally:
        os.close(writes)
    with os.fdopen(reads, "rb") as output:
        return begun, int(await asyncio.to_thread(output.readline))


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 7), (signal.SIGKILL, -9)])
def test_signals_reach_it(way: str, number: int, status: int) -> None:
    async def check() -> None:
        begun, pid = await waiting()
        assert begun.pid == pid
        assert begun.returncode is None
        begun.send_signal(number)
        assert await asyncio.wait_for(begun.wait(), 30) == status
        begun.send_signal(number)  # to nobody

    asyncio.run(check())


def gone(pid: int) -> bool:
    try:
        return "\nState:\tZ" in pathlib.Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def eventually(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 30
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return true()


BEGIN = """
import asyncio, sys
from crawler.jobs import processes
async def main():
    begun = await processes.begin("probe", ["wait"])
    await begun.wait()
if len(sys.argv) > 1:
    processes.forked_by(sys.argv[1])
asyncio.run(main())
"""


def test_it_ends_when_whoever_began_it_is_killed(way: str) -> None:
    path = [str(processes._forking.path)] if way == "forked" else []
    beginner = subprocess.Popen(
        [sys.executable, "-c", BEGIN, *path], stdout=subprocess.PIPE, text=True
    )
    assert beginner.stdout is not None
    pid = int(beginner.stdout.readline())
    assert not gone(pid)
    beginner.kill()
    beginner.communicate()
    assert eventually(lambda: gone(pid))


KEEP = """
import sys
from crawler.jobs import processes
with processes.kept_warm():
    print(processes._forking.path, flush=True)
    sys.stdin.read()
"""


def test_a_warm_process_ends_with_whoever_keeps_it_and_leaves_nothing(probe: pathlib.Path) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", KEEP], text=True, **pipes) as keeper:  # type: ignore[call-overload]
        path = pathlib.Path(keeper.stdout.readline().strip())
        assert path.is_socket()
        keeper.kill()
    assert eventually(lambda: not path.parent.exists())


def ask(send: Callable[[socket.socket], object]) -> None:
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(processes._forking.path))
        send(link)


def test_half_a_request_harms_nobody(warm: None) -> None:
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123
        three = [nothing.fileno()] * 3
        ask(lambda link: None)
        ask(lambda link: link.sendall(processes.HEAD.pack(4) + b"{}{}"))
        ask(lambda link: socket.send_fds(link, [processes.HEAD.pack(9)], three))
        for body in (b"}{", b"[]", b'{"module": "probe"}'):
            head = processes.HEAD.pack(len(body))
            ask(lambda link, whole=head + body: socket.send_fds(link, [whole], three))
    found = json.loads(asyncio.run(said(["tell"]))[1])
    assert found["warm"]
    assert found["files"] == 3


def test_a_warm_process_that_is_killed_is_replaced(
    warm: None, caplog: pytest.LogCaptureFixture
) -> None:
    own = processes._forking._own
    assert own is not None

    async def check() -> list[dict[str, Any]]:
        begun, pid = await waiting()
        own.kill()
        assert await asyncio.wait_for(begun.wait(), 30) == processes.LOST
        assert await asyncio.to_thread(eventually, lambda: gone(pid)), "it is not left behind"
        own.wait()
        return [json.loads((await said(["tell"]))[1]) for _ in range(2)]

    assert [one["warm"] for one in asyncio.run(check())] == [False, True]
    assert "another one is started" in caplog.text


def test_many_at_once_each_get_their_own_status(warm: None) -> None:
    async def check() -> list[int]:
        asked: list[Awaitable[tuple[int, str]]] = [said([str(number)]) for number in range(30)]
        return [status for status, _ in await asyncio.gather(*asked)]

    assert asyncio.run(check()) == list(range(30))


def test_without_room_for_a_socket_processes_are_started_in_the_ordinary_way(
    probe: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    monkeypatch.setattr(processes, "_forking", processes._Forking())
    with processes.kept_warm():
        found = json.loads(asyncio.run(said(["tell"]))[1])
    assert found["warm"] is False
    assert "no warm process can be made" in caplog.text
