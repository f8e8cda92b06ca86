"""Reads how long a contract runs, and how far it may be extended, out of the words of a notice.

``2+1+1 years``, ``36 months from 1 April 2024, option to extend by 24``, ``two further periods of
12 months``: buyers write terms in few patterns and many spellings. A span counts only beside words
that make it a term or an extension, since notices are full of other spans (warranties, experience,
payment days, ages). What is not understood gives nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from crawler.partners import repeats
from crawler.partners.lexing import Token, clauses

Role = Literal["initial", "extension", "total", "nothing"]
_NEAR = 4
_ADJOINING = 3
_SHORTEST = 3
_LONGEST = 480


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long a contract runs: spans in months, dates as the text names them.

    `initial` is the term without extensions, `extensions` the optional periods in order, `maximum`
    the whole with every extension; each may be unknown. `end` is a stated last day, `latest` a
    stated last day with every extension. `words` are the clauses that were understood.
    """

    initial: int | None = None
    extensions: tuple[int, ...] = ()
    maximum: int | None = None
    start: date | None = None
    end: date | None = None
    latest: date | None = None
    words: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        facts = (self.initial, self.extensions, self.maximum, self.start, self.end, self.latest)
        return any(facts)


def read_terms(text: str, *, renewal: bool = False) -> Terms:
    """What `text` says. `renewal` marks a field that speaks of nothing but renewal."""
    found = Terms()
    for words, tokens in clauses(text):
        read = _clause(tokens, found.initial, renewal=renewal)
        again = repeats.of_what_went_before(tokens)
        if read:
            found = _with(found, replace(read, words=(words,)))
        elif again and len(found.extensions) == 1:
            found = replace(found, extensions=found.extensions * again, words=(*found.words, words))
    return found


def merged(read: Iterable[Terms]) -> Terms:
    """The terms of several texts of one notice; what an earlier text says stands."""
    found = Terms()
    for one in read:
        found = _with(found, one)
    return found


def _with(known: Terms, more: Terms) -> Terms:
    return Terms(
        initial=known.initial or more.initial,
        extensions=known.extensions or more.extensions,
        maximum=known.maximum or more.maximum,
        start=known.start or more.start,
        end=known.end or more.end,
        latest=known.latest or more.latest,
        words=tuple(dict.fromkeys((*known.words, *more.words))),
    )


def _clause(tokens: Sequence[Token], initial: int | None, *, renewal: bool) -> Terms:
    found = Terms(initial=initial)
    for at, token in enumerate(tokens):
        if token.kind == "chain":
            found = _chain(found, tokens, at, renewal=renewal)
        elif token.kind == "span" and token.months:
            found = _span(found, tokens, at, renewal=renewal)
        elif token.kind == "date" and token.day:
            found = _dated(found, tokens, at)
        elif token.kind == "number" and at == len(tokens) - 1:
            found = _unitless(found, tokens, at)
    return replace(found, initial=found.initial if found.initial != initial else None)


def _chain(found: Terms, tokens: Sequence[Token], at: int, *, renewal: bool) -> Terms:
    """``2+1+1``: the term and its extensions; extensions alone where a term is known already."""
    parts = tokens[at].parts
    if not all(1 <= part <= 120 for part in parts):
        return found
    speaks = any(token.kind in ("contract", "extend", "initial") for token in tokens)
    if not (tokens[at].spelt_unit or speaks or found.initial):
        return found
    if _more(tokens, at) or (renewal and not _contract(tokens)):
        return replace(found, extensions=found.extensions or parts)
    only_extensions = found.initial is not None and parts[0] != found.initial
    if only_extensions and _before(tokens, at, ("extend",)) is None and not _follows(tokens, at):
        return found
    if only_extensions:
        return replace(found, extensions=found.extensions or parts)
    return replace(found, initial=found.initial or parts[0], extensions=parts[1:])


def _span(found: Terms, tokens: Sequence[Token], at: int, *, renewal: bool) -> Terms:
    months = tokens[at].months
    if not 1 <= months <= _LONGEST or _splits(tokens, at):
        return found
    role = _role(tokens, at, renewal=renewal, known=found)
    if role == "extension":
        count = repeats.count(tokens, at)
        if count > 12 or (found.extensions and not _on_top(found, tokens, at)):
            return found
        more = (months,) * count + repeats.once_more(tokens, at)
        return replace(found, extensions=(*found.extensions, *more))
    if role == "total":
        return replace(found, maximum=found.maximum or months)
    if role == "initial" and months >= _SHORTEST:
        return replace(found, initial=found.initial or months)
    return found


def _on_top(found: Terms, tokens: Sequence[Token], at: int) -> bool:
    """Whether the span adds to the extension that stands before it in the clause."""
    last = _before(tokens, at, ("span",))
    known = last is not None and found.extensions[-1:] == (tokens[last].months,)
    return known and (tokens[at - 1].text == "plus" or repeats.joined(tokens, at))


def _unitless(found: Terms, tokens: Sequence[Token], at: int) -> Terms:
    """``36 months, option to extend by 24``: the last number takes the unit of the term."""
    extending, term = _before(tokens, at, ("extend",)), _before(tokens, at, ("span",))
    if found.extensions or extending is None or term is None or term > extending:
        return found
    months = tokens[at].number * (1 if "m" in tokens[term].text.lower().split()[-1][:2] else 12)
    return replace(found, extensions=(months,)) if 1 <= months <= 120 else found


def _role(tokens: Sequence[Token], at: int, *, renewal: bool, known: Terms) -> Role:
    """What the span at `at` is, by the cues before and after it in its clause."""
    if _unrelated(tokens, at) or (at and tokens[at - 1].kind == "times"):
        return "nothing"  # As in "paid three times a year".
    extending = _before(tokens, at, ("extend",))
    if _if_extended(tokens, at):
        return "total"
    if _follows(tokens, at):
        return "extension"
    if _names_initial(tokens, at):
        return "initial"
    if _names_total(tokens, at, extending):
        return "total"
    if extending is not None and _more(tokens, at):
        return "extension"
    if extending is not None and not any(one.kind == "contract" for one in tokens[at + 1 : at + 3]):
        return "extension"
    if renewal:
        later = any(one.kind == "extend" for one in tokens[at + 1 :])
        starts = _contract(tokens) and any(one.kind == "begin" for one in tokens)
        return "initial" if (later or starts) and not known.initial else "extension"
    if _more(tokens, at):
        periods = any(one.text.startswith("period") for one in tokens[max(0, at - 4) : at])
        if any(one.kind == "extend" for one in tokens) or (known.initial and periods):
            return "extension"
    return "initial" if _contract(tokens) else "nothing"


def _contract(tokens: Sequence[Token]) -> bool:
    return any(token.kind in ("contract", "extend", "initial") for token in tokens)


def _unrelated(tokens: Sequence[Token], at: int) -> bool:
    """Whether the span belongs to a warranty, an age, a deadline or the like."""
    near = [*tokens[max(0, at - 3) : at], *tokens[at + 1 : at + 4]]
    return any(token.kind == "unrelated" for token in near)


def _names_initial(tokens: Sequence[Token], at: int) -> bool:
    """``initial term of 3 years``, ``3 years initial``, ``3 years with an option to extend``."""
    extending = _before(tokens, at, ("extend",))
    said = _before(tokens, at, ("initial",))
    if said and tokens[said - 1].text in ("inclusive of", "including"):
        return False
    if said is not None and extending is not None and 0 < said - extending <= 3:
        return False  # "extend the initial term by …"
    if said is not None and (extending is None or extending < said):
        return _before(tokens, at, ("span", "chain")) is None or said > (
            _before(tokens, at, ("span", "chain")) or 0
        )
    after = tokens[at + 1 : at + 1 + _NEAR]
    return extending is None and any(token.kind == "initial" for token in after)


def _names_total(tokens: Sequence[Token], at: int, extending: int | None) -> bool:
    """``making 4 years in total``, ``7 years if extended``; not ``a total of 2 further years``."""
    after = tokens[at + 1 : at + 1 + _NEAR]
    if _more(tokens, at):
        return False
    for token in after[:2]:
        if token.kind == "joint":
            break
        if token.kind == "total" and token.text not in ("latest", "including", "inclusive of"):
            return True
    said = _before(tokens, at, ("total",))
    last = _before(tokens, at, ("span", "chain"))
    if said is None or at - said > 9 or (last is not None and last > said):
        return False
    # "up to a maximum of 24 months" after "extend" is how far it may be extended.
    if extending is None or tokens[said].text.startswith("making"):
        return True
    return extending > said and tokens[extending - 1].text in _WITH and extending >= at - 3


def _if_extended(tokens: Sequence[Token], at: int) -> bool:
    """``7 years if the full extension is taken``, ``5 years including extensions``."""
    following = tokens[at + 1 : at + 6]
    if not following or following[0].text not in ("if", "including", "inclusive of"):
        return False
    return any(token.kind == "extend" for token in following)


def _more(tokens: Sequence[Token], at: int) -> bool:
    """Whether ``further``, ``additional`` or the like stands just before or after the span."""
    words = repeats.MORE
    if words & set(tokens[at].text.lower().split()):
        return True
    for token in reversed(tokens[max(0, at - 5) : at]):
        if token.kind in ("span", "chain", "contract"):
            break
        if token.text in words:
            return True
    return bool(tokens[at + 1 : at + 2]) and tokens[at + 1].text in words


def _follows(tokens: Sequence[Token], at: int) -> bool:
    """Whether the span is named an extension right after it: ``24 month extension option``."""
    for token in tokens[at + 1 : at + 1 + _NEAR]:
        if token.kind == "extend":
            # "36 months which may be extended" is the term, "12 months extension" is none.
            return token.text.startswith(("extens", "renewal", "option"))
        if token.kind in ("joint", "span", "number", "contract"):
            return False
    return False


def _splits(tokens: Sequence[Token], at: int) -> bool:
    """``in 12-month increments`` says how an extension is taken, not how long it is."""
    following = [token.text for token in tokens[at + 1 : at + 2]]
    earlier = _before(tokens, at, ("span",))
    return earlier is not None and following[:1] in (
        ["increments"], ["increment"], ["intervals"], ["blocks"], ["steps"],
    )  # fmt: skip


_OLD = frozenset({"currently", "current", "existing", "incumbent", "since", "present"})
"""Words by which a clause speaks of the contract before: its end is not that of this one."""

_WITH = frozenset({"with", "including", "inclusive of", "any", "all", "possible", "potential"})


def _before(tokens: Sequence[Token], at: int, kinds: tuple[str, ...]) -> int | None:
    """The nearest place before `at` of a token of one of `kinds`."""
    return next((i for i in range(at - 1, -1, -1) if tokens[i].kind in kinds), None)


def _dated(found: Terms, tokens: Sequence[Token], at: int) -> Terms:
    """A start, an end, or the latest end, by the nearest cue; nothing for other dates."""
    day = tokens[at].day
    if not any(token.kind in ("contract", "extend", "initial") for token in tokens):
        return found
    if _unrelated(tokens, at) or any(token.text in _OLD for token in tokens[:at]):
        return found
    begin, until = _before(tokens, at, ("begin",)), _before(tokens, at, ("until",))
    if until is not None and tokens[until].text == "to" and at - until > _ADJOINING:
        until = None  # "appointed to the framework by 15 August" ends nothing
    said = max(begin if begin is not None else -1, until if until is not None else -1)
    if said < 0 or at - said > 6:
        return found
    if said == begin:
        return replace(found, start=found.start or day)
    extending = _before(tokens, at, ("extend",))
    if extending is not None and tokens[extending - 1].text in ("been", "was", "were"):
        return replace(found, end=found.end or day, extensions=())  # it has been used already
    latest = any(token.text == "latest" for token in tokens[max(0, at - 6) : at])
    if latest or (extending is not None and (begin is None or begin < extending)):
        return replace(found, latest=found.latest or day)
    return replace(found, end=found.end or day)
