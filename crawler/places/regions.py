"""The twelve ITL1 regions, and the region that a NUTS or ITL code of any level lies in.

Source: ONS, International Territorial Levels (Open Government Licence v3). NUTS codes differ from
ITL codes only in their first two letters (``UK`` for ``TL``).
"""

from __future__ import annotations

import re
from types import MappingProxyType

UK = "UK"
NATIONWIDE = (UK,)
_NAMES = MappingProxyType(
    {
        "TLC": "North East",
        "TLD": "North West",
        "TLE": "Yorkshire and The Humber",
        "TLF": "East Midlands",
        "TLG": "West Midlands",
        "TLH": "East of England",
        "TLI": "London",
        "TLJ": "South East",
        "TLK": "South West",
        "TLL": "Wales",
        "TLM": "Scotland",
        "TLN": "Northern Ireland",
    }
)
CODES = tuple(_NAMES)
_CODE = re.compile(r"^(?:UK|TL|EU)([C-N])[0-9A-Z]{0,2}$")
_GSS = MappingProxyType(
    {
        **{f"E1200000{number}": f"TL{letter}" for number, letter in enumerate("CDEFGHIJK", 1)},
        "W92000004": "TLL",
        "S92000003": "TLM",
        "N92000002": "TLN",
    }
)
_WHOLE = frozenset({"UK", "TL", "GB", "UK0", "GBR"})


def regions() -> dict[str, str]:
    """Names by ITL1 code, from north to south and then Wales, Scotland, Northern Ireland."""
    return dict(_NAMES)


def name(code: str) -> str:
    """What people call the region: ``"North West"``, ``"the whole UK"``. Unknown: the code."""
    return "the whole UK" if code == UK else _NAMES.get(code, code)


def of_code(code: str) -> str | None:
    """The ITL1 region that a NUTS or ITL code of any level lies in, or that a GSS code means.

    ``"UKC22"`` gives ``"TLC"``, ``"UK"`` gives ``"UK"``, anything else None, and so does ``UKZ``
    (outside the UK).
    """
    code = code.strip().upper()
    if code in _WHOLE:
        return UK
    found = _CODE.match(code)
    return f"TL{found[1]}" if found else _GSS.get(code)
