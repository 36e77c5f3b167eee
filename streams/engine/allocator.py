"""What the C library does with memory that is freed: it keeps it, instead of giving it back and asking for it again.

A fetch of some MiB is received into a buffer that grows, cut out of it and freed. The GNU library gives large
blocks back to the system at once, so each page of each copy was a fault: 12 % of a worker's time when it is behind, now
2 %.
"""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)

KEPT_BYTES = 64 * 1024 * 1024
"""Free memory above this is given back: some fetches of eight partitions."""

LARGE_BYTES = 32 * 1024 * 1024
"""Blocks from this size on are given back at once. The most that mallopt takes."""


def keep_freed_memory() -> bool:
    """Whether the C library does so from now on: the GNU library can be told. Elsewhere nothing changes."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl and macOS have none, Windows has no such library
        return False
    return bool(mallopt(_MMAP_THRESHOLD, LARGE_BYTES) and mallopt(_TRIM_THRESHOLD, KEPT_BYTES))
