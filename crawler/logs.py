"""Log lines as JSON objects, where the setting ``log_format`` asks for them."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

_FIELDS = "tenders"


class JsonFormatter(logging.Formatter):
    """One object a line: ``at`` (UTC), ``level``, ``logger``, ``message``, what was said beside."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        said: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, _FIELDS, {}),
        }
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        # Half a surrogate pair (a hostile page's) is no UTF-8, but \ud800 is JSON.
        return json.dumps(said, ensure_ascii=True, default=str)


def in_json() -> bool:
    """Whether log lines are JSON in this process."""
    return any(isinstance(one.formatter, JsonFormatter) for one in logging.root.handlers)


def set_up(log_format: str, level: int | str = logging.INFO) -> None:
    """Makes every log line JSON if `log_format` is ``json``; otherwise changes nothing."""
    if log_format != "json":
        return
    if not logging.root.handlers:
        logging.basicConfig(level=level, stream=sys.stderr)
    for handler in logging.root.handlers:
        handler.setFormatter(JsonFormatter())


def say(words: str, level: int = logging.INFO, **fields: Any) -> None:
    """Tells whoever runs a command: a plain line on standard error, or a log line in JSON."""
    if in_json():
        logging.getLogger("tenders").log(level, "%s", words, extra={_FIELDS: fields})
    else:
        sys.stderr.write(f"{words}\n")
