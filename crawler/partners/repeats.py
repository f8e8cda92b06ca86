"""How often a period of extension may be taken: ``two periods of``, ``twice``, ``then one more``.

Buyers put the number before the period, after it, or name the same period again. `terms` asks here
once it knows that a span is an extension; what is not understood counts once.
"""

from __future__ import annotations

from collections.abc import Sequence

from crawler.partners.lexing import Token

MORE = frozenset({"further", "additional", "extra", "more", "subsequent", "another"})
_MOST = 12
_REACH = 9
_SINGLE = frozenset({"a", "an", "single", "another", "a second", "a third", "a fourth"})
_PLENTY = frozenset(
    {"another", "separate", "equal", "the", "any", "both", "calendar", "in", "to", "possible"}
)
_AGAIN = frozenset({"then", "again", "followed by", "plus", "second", "third", "thereafter"})
_PASSING = frozenset(
    {
        "to", "s", "time", "may", "can", "could", "might", "this", "that", "which", "it", "used",
        "taken", "done", "exercised", "exercisable", "offered", "applied", "repeated", "invoked",
        "not", "agreement", "mutual",
        "either", "both", "the", "in", "same", "length", "at", "again", "so", "thereafter", "after",
        "if", "needed", "wished", "agreed", "wishes", "council", "authority", "buyer", "as", "most",
    }
)  # fmt: skip
_HANGING = frozenset({"filler", "joint", "extend", "until", "total"})
_ENACTED = frozenset({"used", "taken", "done", "exercised", "applied", "repeated", "invoked"})


def count(tokens: Sequence[Token], at: int) -> int:
    """How many periods of the span at `at` there are, as the words before or after it say."""
    return max(1, _said_before(tokens, at) or _said_after(tokens, at))


def once_more(tokens: Sequence[Token], at: int) -> tuple[int, ...]:
    """The months of the further periods that follow the span without a unit of their own.

    ``one year and then by one more``; ``12 months and then by 12 more`` keeps the span's unit.
    """
    months = tokens[at].months
    for here in range(at + 1, min(at + 1 + _REACH, len(tokens))):
        token = tokens[here]
        if token.kind == "times" and token.text.startswith("once"):
            return (months,)
        if token.kind == "number" and token.text not in {"a", "an"}:
            follows = [one.text for one in tokens[here + 1 : here + 3]]
            more = follows[:1] in (["more"], ["further"], ["again"])
            ends = follows[1:] if more else follows
            if not (more or token.text == "another") or not _adds(tokens[at + 1 : here]):
                return ()
            if ends and ends[0] not in _AFTER:
                return ()  # "and one more lot", "and another artist"
            in_months = "m" in tokens[at].text.lower().split()[-1][:2]
            alike = token.number <= 2 or not in_months
            return (months,) * token.number if alike and token.number <= _MOST else (token.number,)
        if not _passes(token):
            return ()
    return ()


def joined(tokens: Sequence[Token], at: int) -> bool:
    """Whether the span at `at` comes on top of the one before it: ``one year, then another year``.

    A span in brackets or after ``a total of`` says the same again and comes on top of nothing.
    """
    earlier = next((i for i in range(at - 1, -1, -1) if tokens[i].kind in ("span", "chain")), None)
    if earlier is None or at - earlier > _REACH:
        return False
    between = tokens[earlier + 1 : at]
    if any(token.kind == "total" or token.text == "(" for token in between):
        return False
    if not all(_passes(token) or token.kind in ("number", "times") for token in between):
        return False
    own = set(tokens[at].text.lower().split())
    on_top = bool(own & (MORE | _AGAIN)) or any(token.text in MORE | _AGAIN for token in between)
    trailing = " ".join(token.text for token in tokens[at + 1 : at + 3])
    return _adds(between) and (on_top or trailing.startswith(("after that", "thereafter")))


def of_what_went_before(tokens: Sequence[Token]) -> int:
    """The number in a clause such as ``This option may be used twice``; 0 for any other."""
    times = [token for token in tokens if token.kind == "times" and token.number > 1]
    if len(times) != 1 or any(token.kind in ("span", "chain", "unrelated") for token in tokens):
        return 0
    texts = {token.text for token in tokens}
    meant = any(token.kind == "extend" for token in tokens) or tokens[0].text in {"this", "that"}
    enacted = bool(texts & _ENACTED) or any(token.text.startswith("exten") for token in tokens)
    return times[0].number if meant and enacted and times[0].number <= _MOST else 0


def _said_before(tokens: Sequence[Token], at: int) -> int:
    each = any(token.text in {"each", "apiece"} for token in tokens[at + 1 : at + 3])
    for token in reversed(tokens[max(0, at - _REACH) : at]):
        if token.kind == "times":
            return token.number
        if token.kind == "number" and token.text not in _SINGLE:
            return token.number
        passing = token.kind in ("filler", "number", "extend", "joint") or token.text in _PLENTY
        if not (passing or (each and token.kind == "total")):
            return 0
    return 0


def _said_after(tokens: Sequence[Token], at: int) -> int:
    """``by one year, twice``; not ``by one year and is reviewed twice a year``."""
    for here in range(at + 1, min(at + 1 + _REACH, len(tokens))):
        token = tokens[here]
        if token.kind == "times" and token.number > 1:
            after = tokens[here + 1] if here + 1 < len(tokens) else None
            often = after is not None and (after.kind == "span" or after.text in _RATES)
            return 0 if often else token.number
        if not _passes(token):
            return 0
    return 0


_AFTER = frozenset(
    {",", "(", "and", "or", "at", "if", "by", "on", "after", "thereafter", "subject"}
)
_RATES = frozenset({"per", "annually", "yearly", "monthly", "weekly", "daily", "every"})


def _passes(token: Token) -> bool:
    return token.kind in _HANGING or token.text in _PASSING or token.text in {*_SINGLE, *_AGAIN}


def _adds(between: Sequence[Token]) -> bool:
    """Whether what stands between two periods puts the second on top of the first."""
    return any(token.kind == "joint" or token.text in _AGAIN for token in between)
