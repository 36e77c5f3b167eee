"""Several files as one stream: merged by the running maximum of their times, each in its own line order."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from streams.tools.record import Record

Timed = tuple[int, Record]
"""A record and when its turn is: the greatest event time of its file up to it, us since 1970 UTC."""

BEFORE_ALL_US = 0
"""The turn of records that come before any time in their file."""


def running_maximum(records: Iterable[Record]) -> Iterator[Timed]:
    """Each record with the greatest time so far: one without a time, or out of order, keeps its place in its file."""
    turn_us = BEFORE_ALL_US
    for record in records:
        at_us = record.timestamp_us
        if at_us is not None and at_us > turn_us:
            turn_us = at_us
        yield turn_us, record


def merged(files: Sequence[Iterable[Record]]) -> Iterator[Timed]:
    """The records of all files by their turn; at the same turn the file named first comes first."""
    if len(files) == 1:
        return running_maximum(files[0])
    return heapq.merge(*map(running_maximum, files), key=itemgetter(0))
