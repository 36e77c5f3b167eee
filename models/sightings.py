"""Exact distinct counts without sets: what was seen remembers in which panes.

A first sighting in pane p, with q the last pane before p and r the first after p in which it was already seen, is
new exactly in the windows that contain p but neither q nor r, and these are a range of window numbers:

    panes per window 3           q     p        r          windows of p: p-2 .. p
                            -----+-----+--------+-----     without q: from q+1      without r: to r-3

Booked +1 over that range and 0 elsewhere, the sum over everything seen is the distinct count of every window,
whatever the order of arrival, and additive over partitions.
"""

import msgspec


class Sightings(msgspec.Struct, array_like=True, gc=False):
    """The recent panes of one grid in which something was seen: bit i of `mask` is pane `base + i`."""

    base: int = 0
    mask: int = 0

    def seen_in(self, pane: int) -> bool:
        """Whether pane was added before and not forgotten."""
        return pane >= self.base and bool(self.mask >> (pane - self.base) & 1)

    def neighbours(self, pane: int) -> tuple[int | None, int | None]:
        """The last pane before and the first pane after `pane` in which it was seen."""
        # Minutes since 1970 are 30 million bits: a mask is never wider than what it holds (60 % of a worker's time)
        shift = min(pane - self.base, self.mask.bit_length())
        below = self.mask & ((1 << shift) - 1) if shift > 0 else 0
        above = self.mask >> (shift + 1) if shift >= 0 else self.mask << -(shift + 1)
        before = self.base + below.bit_length() - 1 if below else None
        after = pane + (above & -above).bit_length() if above else None
        return before, after

    def add(self, pane: int, keep: int) -> None:
        """Remember a pane and forget all but the newest `keep` panes before the last one."""
        if not self.mask:
            self.base = pane
        elif pane < self.base:
            self.mask <<= self.base - pane
            self.base = pane
        self.mask |= 1 << (pane - self.base)
        surplus = self.mask.bit_length() - keep
        if surplus > 0:
            self.mask >>= surplus
            self.base += surplus


def new_windows(pane: int, panes: int, before: int | None, after: int | None) -> range:
    """The windows in which a sighting in `pane` is the first one (module docstring)."""
    first = pane - panes + 1 if before is None else max(pane - panes + 1, before + 1)
    last = pane if after is None else min(pane, after - panes)
    return range(first, last + 1)
