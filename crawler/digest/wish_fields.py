"""Reads single fields of a wish: each gives a value, or notes a problem and goes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from itertools import islice

from crawler import money, text
from crawler.digest import wish_places, wording
from crawler.digest.wish_places import Unclear, quoted

Given = Mapping[str, str | Sequence[str] | bool | int | None]
"""Fields by name, each as typed: a text, several, or a value that a program set."""

MOST_WORDS = 20
LONGEST_WORD = 60
MOST_PLACES = 60
LABEL = 60
_LONGEST = 20_000
_MOST_PARTS = 240
_ENOUGH = 400
_PARTS = re.compile(r"[;|\n\r]")
_WORD_PARTS = re.compile(r"[;|,\n\r]")
_YES = frozenset({"yes", "y", "true", "on", "1"})
_NO = frozenset({"no", "n", "false", "off", "0", ""})


class Fields:
    """What was typed into each field, and what is to be said about it.

    `problems` are by field; `notes` are sentences about what was read in another way than typed.
    """

    def __init__(self, given: Given) -> None:
        self._given = given
        self.problems: dict[str, str] = {}
        self.notes: list[str] = []

    def has(self, name: str) -> bool:
        """Whether the field was there at all, empty or not."""
        return self._given.get(name) is not None

    def _typed(self, name: str) -> tuple[str, ...]:
        value = self._given.get(name)
        if value is None:
            return ()
        if isinstance(value, bool):
            return ("yes" if value else "no",)
        if isinstance(value, str | int):
            return (str(value)[:_LONGEST],)
        return tuple(str(one)[:_LONGEST] for one in value[:_MOST_PARTS])

    def text(self, name: str) -> str:
        """A field that holds one value, on one line; the last one if several were sent."""
        given = [words for one in self._typed(name) if (words := wording.plain(one, 200))]
        return given[-1] if given else ""

    def parts(self, name: str, between: re.Pattern[str] = _PARTS) -> list[str]:
        """A field that holds several values, each on one line."""
        split = (part for one in self._typed(name) for part in between.split(one))
        found = (words for part in split if (words := wording.plain(part, 200)))
        return list(islice(found, _MOST_PARTS))

    def problem(self, name: str, words: str) -> None:
        """Notes what is wrong with a field."""
        before = self.problems.get(name, "")
        if not before:
            self.problems[name] = words
        elif words not in before and not self._enough(name):
            self.problems[name] = f"{before} {words}"

    def _enough(self, name: str) -> bool:
        """Whether so much is wrong with a field that saying more would help nobody."""
        return len(self.problems.get(name, "")) > _ENOUGH

    def refuse(self, name: str, typed: str, why: str) -> None:
        """The same, beginning with what was typed."""
        self.problem(name, f"{quoted(typed)} {why}")

    def unknown(self, name: str, typed: str, allowed: Iterable[str]) -> None:
        """Notes that a value is none of `allowed`, with the nearest of them."""
        known = list(allowed)
        lowered = {one.lower(): one for one in known}
        wanted = text.key(typed[:80]).replace(" ", "_")
        near = get_close_matches(wanted, list(lowered), n=1, cutoff=0.6)
        perhaps = f"; did you mean {lowered[near[0]]}?" if near else "."
        self.refuse(name, typed, f"is not known{perhaps} Write one of {', '.join(known)}.")

    def choices(self, name: str, allowed: Mapping[str, str]) -> tuple[str, ...]:
        """Some of `allowed` (names by key), in its order; written as key or as name."""
        titles = {text.key(title): key for key, title in allowed.items()}
        chosen = set()
        for typed in self.parts(name):
            wanted = text.key(typed)
            found = wanted.replace(" ", "_")
            if found in allowed:
                chosen.add(found)
            elif wanted in titles:
                chosen.add(titles[wanted])
            else:
                self.unknown(name, typed, allowed)
        return tuple(key for key in allowed if key in chosen)

    def choice(self, name: str, allowed: Mapping[str, str]) -> str | None:
        """One of `allowed`, None for nothing."""
        typed = self.text(name)
        wanted = text.key(typed).replace(" ", "_")
        if typed and wanted not in allowed:
            self.unknown(name, typed, allowed)
        return wanted if wanted in allowed else None

    def phrases(self, name: str) -> tuple[str, ...]:
        """Words or phrases to look for, each once."""
        found: dict[str, str] = {}
        for typed in self.parts(name, _WORD_PARTS):
            words = typed.strip('"“”').strip()
            key = text.key(words)
            if len(words) > LONGEST_WORD:
                self.refuse(name, words, f"is longer than {LONGEST_WORD} characters. Shorten it.")
            elif not key:
                self.refuse(name, words, "has no letter or digit to look for. Leave it out.")
            else:
                found.setdefault(key, words)
        if len(found) > MOST_WORDS:
            self.problem(
                name,
                f"{len(found)} words or phrases are more than we can look for."
                f" Keep the {MOST_WORDS} that matter most.",
            )
        return tuple(found.values())

    def regions(self, name: str) -> tuple[str, ...]:
        """ITL1 codes, from north to south."""
        return wish_places.in_order(
            code for typed in self.parts(name) for code in self._place(name, typed, _region)
        )

    def councils(self, name: str) -> tuple[str, ...]:
        """GSS codes of living authorities, in the order typed."""
        found = dict.fromkeys(
            code for typed in self.parts(name) for code in self._place(name, typed, self._council)
        )
        if len(found) > MOST_PLACES:
            self.problem(
                name,
                f"{len(found)} are more than we can keep; at most {MOST_PLACES}."
                " Choose their region instead.",
            )
        return tuple(found)

    def postcode(self, name: str) -> str | None:
        """A postcode or outcode, None for nothing."""
        typed = self.text(name)
        found = self._place(name, typed, _postcode) if typed else ()
        return found[0] if found else None

    def _place(
        self, name: str, typed: str, look_up: Callable[[str], tuple[str, ...]]
    ) -> tuple[str, ...]:
        if self._enough(name):  # looking for near names takes a while, and a form may be hostile
            return ()
        try:
            return look_up(typed)
        except Unclear as unclear:
            self.problem(name, str(unclear))
            return ()

    def _council(self, typed: str) -> tuple[str, ...]:
        council = wish_places.council(typed)
        if council.note:
            self.notes.append(council.note)
        return council.codes

    def pounds(self, name: str) -> Decimal | None:
        """An amount in pounds, None for nothing."""
        typed = self.text(name)
        value = money.pounds(typed)
        if typed and value is None:
            self.refuse(name, typed, "is no amount. Write one such as 25,000, £10k or 1.2m.")
        return value

    def whole(self, name: str, low: int, high: int, unit: str, beside: str = "") -> int | None:
        """A whole number from `low` to `high`, None for nothing; its `unit` may stand with it."""
        typed = self.text(name)
        digits = typed.lower().removesuffix(unit).strip()
        if re.fullmatch(r"[0-9]{1,6}", digits) and low <= int(digits) <= high:
            return int(digits)
        if typed:
            allowed = f"a whole number of {unit} from {low} to {high}{beside}"
            self.refuse(name, typed, f"is not allowed. Write {allowed}.")
        return None

    def yes(self, name: str) -> bool:
        """Whether the field says yes."""
        typed = self.text(name).lower()
        if typed not in _YES | _NO:
            self.refuse(name, typed, "is neither yes nor no. Write one of yes, no.")
        return typed in _YES

    def line(self, name: str) -> str | None:
        """A few words of their own, None for none."""
        typed = self.text(name)
        if len(typed) > LABEL:
            self.refuse(name, typed, f"is longer than {LABEL} characters. Shorten it.")
        return typed or None


def _region(typed: str) -> tuple[str, ...]:
    return (wish_places.region(typed),)


def _postcode(typed: str) -> tuple[str, ...]:
    return (wish_places.postcode(typed),)
