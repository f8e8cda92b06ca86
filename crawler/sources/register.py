"""Rebuilds the register of councils and the tables of places from a folder of published tables.

    python -m crawler.sources.register FOLDER

reads FOLDER's ``local_authorities.csv``, ``outcodes.csv``, ``icbs.csv`` and, for what it knows of
https, ``procurement_portals_evidence.csv``, and writes
``crawler/sources/councils.toml`` and, beside `crawler.places`, ``authorities.csv``,
``outcodes.csv`` and ``boards.csv``. The same tables give the same bytes. Tables kept by hand
(``areas.csv``, ``bodies.csv``, ``names.csv``, ``namesakes.csv``, ``successors.csv``, ``towns.csv``)
are never written; ``successors.csv`` adds what the published table does not say about abolished
councils.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from crawler.errors import ConfigError, TendersError

Row = Mapping[str, str]

SOURCES = Path(__file__).parent
PLACES = SOURCES.parent / "places"
COUNCIL_KINDS = frozenset(
    {
        "city_corporation", "county", "district", "london_borough", "metropolitan", "ni",
        "scottish", "unitary", "welsh",
    }
)  # fmt: skip
PLATFORMS = {
    "ModernGov": "moderngov",
    "CMIS": "cmis",
    "Custom HTML": "own pages",
    "Custom HTML (Paged)": "own pages",
    "JSON API": "json",
}
AUTHORITY_COLUMNS = (
    "gss", "name", "short_name", "kind", "regions", "county", "combined_authority", "website",
    "lat", "lon", "ended", "successors", "former", "aliases",
)  # fmt: skip
# An alias that only repeats the kind of the authority, or a fragment without a place in it.
NOT_AN_ALIAS = re.compile(r"( ua| district| county| london boro)$|^(city|county) of$|^eilean$")
HEADER = """\
# The register: every principal council, combined authority and integrated care board.
# Written by `python -m crawler.sources.register FOLDER`: change the tables there, not this file.
# Names, codes and sites of local authorities: mySociety, CC BY 4.0.
# Integrated care boards: ONS, Open Government Licence v3.
"""


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of one published table, values stripped. Raises ConfigError when it is missing."""
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            return [
                {k: (v or "").strip() for k, v in row.items()} for row in csv.DictReader(handle)
            ]
    except FileNotFoundError:
        raise ConfigError(
            f"{path} is missing: give the folder that holds the published tables of places"
        ) from None


def table(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A CSV text with a header, ready to be written."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(lines)
    return out.getvalue()


def spaced(text: str) -> str:
    """`text` with every run of white space made one blank."""
    return " ".join(text.split())


def ended(value: str) -> str:
    """The first day without the authority; the tables give that day or the last one with it."""
    if not value:
        return ""
    day = date.fromisoformat(value)
    return (day + timedelta(days=1) if day.day in (30, 31) else day).isoformat()


def aliases(row: Row) -> list[str]:
    """Other names of the authority that name a place and came through undamaged, sorted."""
    own = {spaced(row["name"]).casefold(), spaced(row["short_name"]).casefold()}
    found: dict[str, str] = {}
    for alias in map(spaced, row["alt_names"].split("|")):
        folded = alias.casefold()
        damaged = any(mark in alias for mark in "ï¿¾�") or folded.startswith("ynys mn")
        if alias and folded not in own and not damaged and not NOT_AN_ALIAS.search(folded):
            found.setdefault(folded, alias)
    return sorted(found.values(), key=str.casefold)


def known_https(links: Iterable[str]) -> frozenset[str]:
    """Hosts, and domains that sell sites to councils, which some table publishes with https."""
    hosts: set[str] = set()
    for link in links:
        split = urlsplit(link)
        if split.scheme == "https" and split.hostname:
            hosts.add(split.hostname)
            if split.hostname.endswith((".moderngov.co.uk", ".cmis.uk.com")):
                hosts.add(split.hostname.partition(".")[2])
    return frozenset(hosts)


def secured(link: str, https: frozenset[str]) -> str:
    """`link` with https where its host, or its host's domain, is known to have it."""
    split = urlsplit(link)
    host = split.hostname or ""
    if split.scheme == "http" and (host in https or host.partition(".")[2] in https):
        return split._replace(scheme="https").geturl()
    return link


class Register:
    """The published tables, joined: authorities with their regions, successors and links."""

    def __init__(self, folder: Path) -> None:
        """Reads FOLDER. Raises ConfigError when a table is missing or holds a code twice."""
        self.rows = rows(folder / "local_authorities.csv")
        self.boards = sorted(rows(folder / "icbs.csv"), key=lambda row: row["gss_code"])
        self.outcodes = rows(folder / "outcodes.csv")
        self.added = {row["code"]: row for row in rows(PLACES / "successors.csv")}
        for row in self.rows:
            row["key"] = row["gss_code"] or row["code"]
        self.rows.sort(key=lambda row: row["key"])
        self.by_key = {row["key"]: row for row in self.rows}
        if len(self.by_key) != len(self.rows):
            raise ConfigError("local_authorities.csv has a GSS code twice: keep one row for each")
        evidence = rows(folder / "procurement_portals_evidence.csv")
        self.https = known_https(
            word
            for row in (*self.rows, *self.boards, *evidence)
            for value in row.values()
            for word in value.split()
        )

    def link(self, row: Row, column: str) -> str:
        """The address in that column, with https where that is known to work."""
        return secured(row[column], self.https)

    def successors(self, row: Row) -> list[str]:
        """GSS codes of the authorities that took over, in the table's order."""
        if row["key"] in self.added:
            return self.added[row["key"]]["successors"].split("|")
        return re.findall(r"\(([A-Z]\d{8})\)", row["successor"])

    def regions(self, row: Row) -> list[str]:
        """ITL1 codes: an authority's own, its successors', or those of a combined one's members."""
        if row["type"] == "combined_authority":
            members = (r for r in self.rows if r["combined_authority"] == row["name"])
            return sorted({member["itl1_code"] for member in members} or {row["itl1_code"]})
        if row["itl1_code"]:
            return [row["itl1_code"]]
        return sorted(
            {code for key in self.successors(row) for code in self.regions(self.by_key[key])}
        )

    def authorities(self) -> str:
        """The text of ``authorities.csv``: every authority, abolished ones with successors."""
        by_name = {row["name"]: row["key"] for row in self.rows}
        return table(
            AUTHORITY_COLUMNS,
            (
                (
                    row["key"],
                    spaced(row["name"]),
                    spaced(row["short_name"]),
                    row["type"],
                    "|".join(self.regions(row)),
                    row["county_gss"],
                    by_name.get(row["combined_authority"], ""),
                    self.link(row, "website"),
                    f"{float(row['lat']):.4f}" if row["lat"] else "",
                    f"{float(row['lon']):.4f}" if row["lon"] else "",
                    self.added.get(row["key"], {}).get("ended") or ended(row["end_date"]),
                    "|".join(self.successors(row)),
                    row["former_gss_codes"],
                    "|".join(aliases(row)),
                )
                for row in self.rows
            ),
        )

    def outcode_table(self) -> str:
        """The text of ``outcodes.csv``, without the regions: the authorities' shares give them."""
        return table(
            ("outcode", "lat", "lon", "postcodes", "shares"),
            (
                (
                    row["outcode"],
                    f"{float(row['lat']):.3f}",
                    f"{float(row['lon']):.3f}",
                    row["n_postcodes"],
                    row["la_shares"].replace(":1.00", ""),
                )
                for row in sorted(self.outcodes, key=lambda row: row["outcode"])
            ),
        )

    def board_table(self) -> str:
        """The text of ``boards.csv``: the integrated care boards."""
        return table(
            ("gss", "name", "short_name", "regions", "website"),
            (
                (
                    row["gss_code"],
                    row["name"],
                    row["short_name"].removesuffix("Integrated Care Board").strip(),
                    row["itl1_codes"],
                    row["website"],
                )
                for row in self.boards
            ),
        )

    def councils(self) -> str:
        """The text of ``councils.toml``: a table for each body, keyed by its GSS code."""
        active = [row for row in self.rows if row["status"] == "active"]
        parts = [HEADER]
        parts += [self.council(row) for row in active if row["type"] in COUNCIL_KINDS]
        for row in active:
            if row["type"] not in COUNCIL_KINDS and row["key"] not in self.added:
                parts.append(
                    body(
                        f"combined_authority.{row['key']}",
                        row["name"],
                        self.regions(row),
                        self.link(row, "website"),
                    )
                )
        for row in self.boards:
            regions = row["itl1_codes"].split("|")
            parts.append(body(f"board.{row['gss_code']}", row["name"], regions, row["website"]))
        return "\n".join(parts)

    def council(self, row: Row) -> str:
        """The five lines that are one council. Raises ConfigError for a platform without a word."""
        if row["cms"] not in PLATFORMS:
            raise ConfigError(f"{row['name']}: name the new platform {row['cms']!r} in PLATFORMS")
        return toml(
            f"council.{row['key']}",
            name=spaced(row["name"]),
            region=row["itl1_code"],
            website=self.link(row, "website"),
            democracy=self.link(row, "democracy_url"),
            platform=PLATFORMS[row["cms"]],
        )


def body(header: str, name: str, regions: Sequence[str], website: str) -> str:
    """The table of a body above councils, which may lie in several regions."""
    return toml(header, name=spaced(name), regions=list(regions), website=website)


def toml(header: str, **values: str | list[str]) -> str:
    """One TOML table; empty values are left out, since TOML knows no null."""
    lines = [f"[{header}]"]
    for key, value in values.items():
        if isinstance(value, list):
            lines.append(f"{key} = [{', '.join(map(quoted, value))}]")
        elif value:
            lines.append(f"{key} = {quoted(value)}")
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """`text` as a TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def rebuild(folder: Path) -> dict[Path, str]:
    """What every generated file should hold, by its path. Nothing is written."""
    register = Register(folder)
    return {
        SOURCES / "councils.toml": register.councils(),
        PLACES / "authorities.csv": register.authorities(),
        PLACES / "outcodes.csv": register.outcode_table(),
        PLACES / "boards.csv": register.board_table(),
    }


def main(arguments: Sequence[str]) -> int:
    """Writes the generated files and says which changed; exit status 2 when it cannot."""
    if len(arguments) != 1:
        sys.stderr.write(__doc__ or "")
        return 2
    try:
        files = rebuild(Path(arguments[0]))
    except TendersError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for path, text in files.items():
        same = path.exists() and path.read_text(encoding="utf-8") == text
        if not same:
            path.write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{'same   ' if same else 'written'} {path.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
