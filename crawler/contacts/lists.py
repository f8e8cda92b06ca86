"""Reads the lists of words that ship beside this module. Who asks keeps what it got."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


@cache
def _lists() -> dict[str, str]:
    text = files(__package__).joinpath("lists.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def words(name: str) -> frozenset[str]:
    """The words of one list."""
    return frozenset(_lists()[name].split())
