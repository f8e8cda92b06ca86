"""What alert services do today: match CPV codes or keywords. Beaten, or we need not exist."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from crawler.items import Notice

_KEYWORDS = re.compile(
    r"\b(arts?|artists?|artworks?|cultur\w+|creative|museums?|galler(?:y|ies)|theatres?|heritage"
    r"|festivals?|music\w*|dance|drama|films?|exhibitions?|sculptures?|murals?|librar(?:y|ies)"
    r"|archives?|performances?|carnivals?)\b",
    re.IGNORECASE,
)
_SPORT = ("926", "9233")


def by_code(notices: Sequence[Notice]) -> npt.NDArray[np.float64]:
    """The share of each notice's CPV codes in division 92 (culture) without sport."""
    return np.array(
        [
            sum(code.startswith("92") and not code.startswith(_SPORT) for code in notice.cpv)
            / max(len(notice.cpv), 1)
            for notice in notices
        ]
    )


def by_keyword(notices: Sequence[Notice]) -> npt.NDArray[np.float64]:
    """How many different arts keywords title and description hold; the title's count twice."""
    return np.array(
        [2.0 * len(_words(notice.title)) + len(_words(notice.description)) for notice in notices]
    )


def _words(text: str) -> set[str]:
    return {word.lower() for word in _KEYWORDS.findall(text)}
