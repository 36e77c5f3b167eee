"""How much memory rows take, estimated from a few of them.

An object that others hold too (an interned segment, the slices of all sessions from one campaign) counts with its
share: its size over the number of its references. So the parts of a row add up to what goes when the row goes.
"""

from collections.abc import Iterator, Sequence
from gc import get_referents
from itertools import islice
from sys import getrefcount, getsizeof
from typing import Any

import msgspec

Rows = dict[Any, Any]

SAMPLE = 16
"""Rows measured of a table at each scrape: a millisecond at most."""

_STRIDE = 256
"""From one row of a sample to the next. The very newest rows are not typical: they have had one event."""

_SHARE = 0.001
"""A smaller share is not followed."""

_LEAVES = frozenset({int, str, bytes, float, bool, type(None)})

_OURS = 3
"""References that measuring itself holds: the list of parts, the loop's variable, the argument."""


def rows_bytes(parts: Sequence[Rows], *, common_keys: bool = False) -> int:
    """The dicts of a table with their keys and rows, in bytes; a table of any size takes as long.

    `common_keys`: the dicts have keys in common, which count with their shares. Rows are taken from up to 15 of the
    dicts and from both ends of each: within a quarter of the truth where those in between are alike.
    """
    some = [part for part in parts[:: max(1, len(parts) * 2 // SAMPLE)] if part]
    each = max(2, SAMPLE // max(1, len(some)))
    mean = sum(_mean(part, each, common_keys=common_keys) * len(part) for part in some) / max(1, sum(map(len, some)))
    return sum(map(getsizeof, parts)) + round(mean * sum(map(len, parts)))


def own_bytes(one: object) -> float:
    """Memory that only this object holds, with its share of what it holds together with others."""
    total, todo = 0.0, [(one, 1.0)]
    while todo:
        whole, share = todo.pop()
        total += share * getsizeof(whole)
        parts = _parts(whole)
        for part in parts:
            its = share / max(1, getrefcount(part) - _OURS)
            if type(part) in _LEAVES:
                total += its * getsizeof(part)
            elif its > _SHARE and not isinstance(part, type):
                todo.append((part, its))
    return total


def _parts(one: object) -> list[Any]:
    """What an object refers to. A Struct with `gc=False` does not tell the collector."""
    if isinstance(one, msgspec.Struct):
        return [getattr(one, name) for name in one.__struct_fields__]
    return get_referents(one)


def _mean(rows: Rows, sample: int, *, common_keys: bool) -> float:
    """Bytes of a key and its row."""
    sizes = []
    for key, row in list(_spread(rows, sample)):
        holders = getrefcount(key) - _OURS if common_keys else 1
        sizes.append(own_bytes(key) / max(1, holders) + own_bytes(row))
    return sum(sizes) / len(sizes)


def _spread(rows: Rows, sample: int) -> Iterator[tuple[Any, Any]]:
    """Rows from both ends, as far apart as their number allows."""
    stride = max(1, min(_STRIDE, len(rows) // sample))
    far = stride * sample // 2
    yield from islice(rows.items(), 0, far, stride)
    yield from islice(reversed(rows.items()), 0, far, stride)
