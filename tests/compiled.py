"""Compiles templates and addresses once for a run of the tests, and not once for each app.

A test makes an app of its own, and there are a thousand; three quarters of the processor time that
one took to make, and a third of its first page's, were this.
"""

from __future__ import annotations

from types import CodeType
from typing import Any, ClassVar

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule


class KeptTemplates(BytecodeCache):
    """Templates as compiled; Jinja's checksum tells whether the source is still the same."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


class KeptRule(Rule):
    """An address whose builder, a function of its words alone, was compiled for an earlier app."""

    _builders: ClassVar[dict[Any, Any]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Any:
        words = (self.rule, repr(self.defaults), tuple(self._trace), append_unknown)
        if words not in self._builders:
            self._builders[words] = super()._compile_builder(append_unknown)
        return self._builders[words]


def once() -> None:
    """From now on, every app of this process uses what earlier ones compiled."""
    Flask.jinja_options = {"bytecode_cache": KeptTemplates()}
    Flask.url_rule_class = KeptRule
