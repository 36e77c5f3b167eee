"""Exact distinct counts without sets: what was seen remembers in which minutes.

A first sighting in pane p, with q the last pane before p and r the first after p in which it was already seen, is
new exactly in the windows that contain p but neither q nor r, and these are a range of window numbers:

    panes per window 3           q     p        r          windows of p: p-2 .. p
                            -----+-----+--------+-----     without q: from q+1      without r: to r-3

Booked +1 over that range and 0 elsewhere, the sum over everything seen is the distinct count of every window,
whatever the order of arrival, and additive over partitions. Panes of every grid are made of minutes, so the neighbours
among the minutes tell those among the panes of each grid, and one mask serves all windows.
"""

from collections.abc import Iterable, Iterator

import msgspec

Neighbours = tuple[int | None, int | None]
"""The last minute before and the first one after a minute in which something was seen."""


class Sightings(msgspec.Struct, array_like=True, gc=False):
    """Minutes since 1970 UTC in which something was seen: bit i of `mask` is the minute `last - i`.

    `earlier`: the last one before those the mask still holds.
    """

    last: int = -1
    mask: int = 0
    earlier: int | None = None

    def add(self, minute: int, keep: int) -> Neighbours | None:
        """Remember a minute; its neighbours, or None if it was seen before.

        Exact for minutes less than `keep` before the last one: older ones than that are forgotten but for one.
        """
        ahead, mask = minute - self.last, self.mask
        if ahead > 0:
            near = self.last if mask else None, None
            mask = mask << ahead | 1
            if mask >> keep:
                mask = self._forget(mask, minute, keep)
            self.last, self.mask = minute, mask
            return near
        bit = 1 << -ahead
        if mask & bit:
            return None
        newer, older = mask & (bit - 1), mask >> (1 - ahead)
        self.mask = mask | bit
        before = minute - (older & -older).bit_length() if older else self.earlier
        return before, self.last - newer.bit_length() + 1

    def around(self, minute: int) -> Neighbours | None:
        """What `add` would answer; nothing is remembered."""
        ahead = minute - self.last
        if ahead > 0:
            return self.last if self.mask else None, None
        bit = 1 << -ahead
        if self.mask & bit:
            return None
        newer, older = self.mask & (bit - 1), self.mask >> (1 - ahead)
        before = minute - (older & -older).bit_length() if older else self.earlier
        return before, self.last - newer.bit_length() + 1

    def minutes(self) -> Iterator[int]:
        """Those that the mask holds, from the last one back."""
        mask, minute = self.mask, self.last
        while mask:
            ago = (mask & -mask).bit_length() - 1
            minute -= ago
            yield minute
            minute, mask = minute - 1, mask >> (ago + 1)

    def unite(self, other: "Sightings") -> None:
        """See what the other one has seen as well; nothing is forgotten."""
        last = max(self.last, other.last)
        self.mask = self.mask << (last - self.last) | other.mask << (last - other.last)
        self.earlier = max((e for e in (self.earlier, other.earlier) if e is not None), default=None)
        self.last = last

    def _forget(self, mask: int, last: int, keep: int) -> int:
        """What is kept of a mask, and of the rest the last one."""
        forgotten = mask >> keep
        self.earlier = last - keep + 1 - (forgotten & -forgotten).bit_length()
        return mask & (1 << keep) - 1


def joint(near: Neighbours, others: Iterable[Sightings], minute: int) -> Neighbours | None:
    """The neighbours of a minute among those of several, from `near` of one that had not seen it; None: one had."""
    before, after = near
    for other in others:
        found = other.around(minute)
        if found is None:
            return None
        if found[0] is not None and (before is None or found[0] > before):
            before = found[0]
        if found[1] is not None and (after is None or found[1] < after):
            after = found[1]
    return before, after


def new_windows(pane: int, panes: int, before: int | None, after: int | None) -> range:
    """The windows in which a sighting in `pane` is the first one (module docstring); none if a neighbour is in it."""
    first = pane - panes + 1 if before is None else max(pane - panes + 1, before + 1)
    last = pane if after is None else min(pane, after - panes)
    return range(first, last + 1)
