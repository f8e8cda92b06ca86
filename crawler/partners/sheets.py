"""Reads the lines of a list (CSV) that comes from outside: what cannot be read does not end it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from crawler.errors import UsageError

Cells = Mapping[str, str | None]
"""A line by column; None where it has fewer cells than there are columns."""

TOO_MANY = "it has more cells than the first line names columns"


def lines(
    file: TextIO, columns: Sequence[str], needed: Sequence[str]
) -> Iterator[tuple[int, Cells | csv.Error]]:
    """The number and cells of each line after the first, or why it cannot be read.

    A line with more cells than the first has them under None. Raises `UsageError` if the first line
    names not all the `columns` that are `needed`.
    """
    # NUL would end the reading.
    reader = csv.DictReader(line.replace("\0", "") for line in file)
    missing = [name for name in needed if name not in (reader.fieldnames or ())]
    if missing:
        raise UsageError(
            f"the list lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}."
            f" Its first line must name its columns: {', '.join(columns)}."
        )
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, error
        else:
            yield reader.line_num, cells
