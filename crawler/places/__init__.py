"""Where work is, and whose place that is: regions, authorities, postcodes, buyers.

Knowledge without a database: `locate` reads a `Notice` and says its `Place`. The tables beside
these modules ship with the package; `crawler.sources.register` rebuilds those that are published.
"""

from __future__ import annotations

from crawler.places.authorities import Authority, Board, authorities, authority, boards
from crawler.places.buyers import Resolved, resolve_buyer
from crawler.places.locating import locate
from crawler.places.outcodes import Outcode, outcode
from crawler.places.regions import regions

__all__ = [
    "Authority",
    "Board",
    "Outcode",
    "Resolved",
    "authorities",
    "authority",
    "boards",
    "locate",
    "outcode",
    "regions",
    "resolve_buyer",
]
