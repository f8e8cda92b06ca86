"""What the lists' own disciplines mean in our art forms.

Arts Council England's disciplines, Mapping Museums' subjects, the heritage funds' categories,
UK-CAT's codes (charityclassification.org.uk, CC BY 4.0), our own art forms, and what people who
keep a list of their own call them. UK-CAT's codes of radio and newspapers name hospital radio and
talking newspapers, and those that begin with HE are of health, not heritage.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from crawler.items import ART_FORMS

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
_WORDS = MappingProxyType(
    {
        "performing": "performing arts, performance, drama, theatre and dance, ballet, circus,"
        " puppetry, physical theatre, street theatre, comedy",
        "music": "choir, choirs, choral, singing, orchestra, orchestras, brass band, jazz",
        "visual": "visual art, visual arts and craft, craft, crafts, design, fine art, painting,"
        " sculpture, ceramics, textiles, photography, printmaking, illustration, public art,"
        " gallery, galleries",
        "film_digital": "cinema, film and video, film and media, film and digital arts, animation,"
        " digital, digital arts, digital art",
        "literature_libraries": "library, archives, archive, poetry, storytelling,"
        " creative writing, spoken word, literature and libraries",
        "museums_heritage": "museum, heritage, museums and heritage, archaeology",
        "festivals_events": "festival, festivals, events, festivals and events, carnival,"
        " outdoor arts",
        "combined": "multi-artform, multi artform, multi-art form, multidisciplinary,"
        " multi-disciplinary, interdisciplinary, cross-artform, participatory arts,"
        " community arts, mixed arts, arts centre",
    }
)
_SEVERAL = MappingProxyType(
    {
        "opera": ("music", "performing"),
        "musical theatre": ("performing", "music"),
        "museum: arts": ("museums_heritage", "visual"),
        "heritage: libraries": ("literature_libraries", "museums_heritage"),
        "heritage: archives": ("literature_libraries", "museums_heritage"),
        "arts": (),
        "culture": (),
        "other": (),
        "unknown": (),
        "not known": (),
        "n/a": (),
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
        "HR102": ("museums_heritage",),
        "HR105": ("museums_heritage",),
    }
)
_OTHER_CODE = re.compile(
    r"(?:AF|AN|AR|AS|BE|CA|CC|CJ|CV|EC|ED|EN|FA|HE|HO|HR|LE|PR|RL|RS|SC|SL|SO|SW)(?:[1-5]\d\d)?"
)
"""UK-CAT's 24 categories: what a charity does besides the arts says nothing of form."""

_MEANINGS = MappingProxyType(
    {
        **{word.strip(): (form,) for form, words in _WORDS.items() for word in words.split(",")},
        **{form: (form,) for form in ART_FORMS},
        **_SEVERAL,
        **DISCIPLINES,
    }
)


def meaning(discipline: str) -> tuple[str, ...] | None:
    """The art forms of one discipline or code, none where it says nothing of form.

    None for a word that we do not know.
    """
    word = discipline.strip()
    if word in CODES:
        return CODES[word]
    if _OTHER_CODE.fullmatch(word):
        return ()
    lower = " ".join(word.lower().replace("&", "and").split())
    if lower in _MEANINGS:
        return _MEANINGS[lower]
    return ("museums_heritage",) if lower.startswith(("museum:", "heritage:")) else None


def art_forms_of(discipline: str) -> tuple[str, ...]:
    """The art forms of one discipline or code; none for one that says nothing, or is not known."""
    return meaning(discipline) or ()
