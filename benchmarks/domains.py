"""Simulated domains: each an address of this machine (127.0.1.N) that answers late, like a portal.

A process of its own: ``python benchmarks/domains.py --domains 40 --latency 0.2`` prints its port.
Each window of the OCDS interface holds one release of our own writing, whose OCID says the domain
and the window. ``/_census`` tells, as JSON by domain, how many requests came, how many of them
at a time at most, when the first and the last came, and the OCIDs that were served.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

ROW = """
[sim-{number}]
name = "Simulated {number}"
publisher = "Nobody"
platform = "find_a_tender"
base_url = "http://127.0.1.{number}:{port}"
pace = {{ requests = 1000, seconds = 1 }}
window = "1h"
overlap = "0h"
first = "{requests}h"
min_items = 1
when = "0 0 1 1 *"
"""


def rows(numbers: Iterable[int], port: int, requests: int) -> str:
    """The TOML of an installation's own rows for these domains."""
    return "".join(ROW.format(number=one, port=port, requests=requests) for one in numbers)


@dataclass
class Domain:
    """What was seen of one domain; `first` and `last` are when it was asked, on one clock."""

    requests: int = 0
    now: int = 0
    most: int = 0
    first: float = 0.0
    last: float = 0.0
    served: set[str] = field(default_factory=set)


def release(number: int, start: str) -> dict[str, object]:
    """The one release of a window."""
    ocid = f"ocds-sim{number:03}-{start}"
    return {
        "ocid": ocid,
        "id": f"{number}-{start}",
        "date": start,
        "tag": ["tender"],
        "buyer": {"id": f"B{number}", "name": f"Council of Simulated {number}"},
        "tender": {
            "id": start,
            "title": f"Drumming workshops {number} {start}",
            "description": f"Workshops led by artists, lot {number} of {start}.",
            "status": "active",
            "classification": {"scheme": "CPV", "id": "92312000"},
        },
    }


class Server:
    """All domains, on one port."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.domains: dict[int, Domain] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        number = int(writer.get_extra_info("sockname")[0].rpartition(".")[2])
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                target = head.split(b" ", 2)[1].decode()
                status, body = await self.answer(number, target)
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
        writer.close()

    async def answer(self, number: int, target: str) -> tuple[str, bytes]:
        """Status and body, after the latency."""
        if target == "/_census":
            told = {
                key: {
                    "requests": one.requests,
                    "most": one.most,
                    "first": one.first,
                    "last": one.last,
                    "served": sorted(one.served),
                }
                for key, one in self.domains.items()
            }
            return "200 OK", json.dumps(told).encode()
        domain = self.domains.setdefault(number, Domain())
        domain.requests += 1
        domain.now += 1
        domain.last = time.monotonic()
        domain.first = domain.first or domain.last
        domain.most = max(domain.most, domain.now)
        try:
            await asyncio.sleep(self.latency)
        finally:
            domain.now -= 1
        if not target.startswith("/api/"):
            return "404 Not Found", b"{}"
        (start,) = parse_qs(urlsplit(target).query)["updatedFrom"]
        made = release(number, start)
        domain.served.add(str(made["ocid"]))
        return "200 OK", json.dumps({"releases": [made]}).encode()


async def run(domains: int, latency: float) -> None:
    """Serves until standard input closes."""
    server = Server(latency)
    first = await asyncio.start_server(server.serve, "127.0.1.1", 0)
    port = first.sockets[0].getsockname()[1]
    for number in range(2, domains + 1):
        await asyncio.start_server(server.serve, f"127.0.1.{number}", port)
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--domains", type=int, default=40)
    parser.add_argument("--latency", type=float, default=0.2)
    options = parser.parse_args()
    asyncio.run(run(options.domains, options.latency))
