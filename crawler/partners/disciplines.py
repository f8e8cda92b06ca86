"""What the lists' own disciplines mean in our art forms.

Arts Council England's disciplines, Mapping Museums' subjects, the heritage funds' categories and
UK-CAT's codes (charityclassification.org.uk, CC BY 4.0). Its codes of radio and newspapers name
hospital radio and talking newspapers, and those that begin with HE are of health, not heritage.
"""

from __future__ import annotations

from types import MappingProxyType

DISCIPLINES = MappingProxyType(
    {
        "music": ("music",),
        "theatre": ("performing",),
        "dance": ("performing",),
        "combined arts": ("combined",),
        "visual arts": ("visual",),
        "museums": ("museums_heritage",),
        "literature": ("literature_libraries",),
        "libraries": ("literature_libraries",),
        "film": ("film_digital",),
        "not discipline specific": (),
        "other/not known": (),
    }
)
CODES = MappingProxyType(
    {
        "AR102": ("festivals_events",),
        "AR104": ("visual",),
        "AR201": ("film_digital",),
        "AR202": ("literature_libraries",),
        "AR206": ("film_digital",),
        "AR300": ("performing",),
        "AR301": ("music",),
        "AR302": ("performing",),
        "AR303": ("music",),
        "AR304": ("performing", "music"),
        "AR305": ("music", "performing"),
        "AR306": ("music",),
        "AR307": ("performing",),
    }
)


def art_forms_of(discipline: str) -> tuple[str, ...]:
    """The art forms of one discipline or code; none for one that says nothing of form."""
    word = discipline.strip()
    if word in CODES:
        return CODES[word]
    lower = word.lower()
    if lower in DISCIPLINES:
        return DISCIPLINES[lower]
    if lower == "museum: arts":
        return ("museums_heritage", "visual")
    if lower in ("heritage: libraries", "heritage: archives"):
        return ("literature_libraries", "museums_heritage")
    return ("museums_heritage",) if lower.startswith(("museum:", "heritage:")) else ()
