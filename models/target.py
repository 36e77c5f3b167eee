"""What a KPI is to reach in a day or a month, and how much of it is usually reached by each hour.

target:
  1d: 50000          in major units for money
  1M: 1500000
  pace: learnt       or 24 cumulative shares of a day, the last one 1; without it every hour weighs the same
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from models.source import Node

PPM: Final = 1_000_000
"""A whole day, in parts per million: shares are integers, so that goals are exact and the same everywhere."""

HOURS: Final = 24
WINDOWS: Final = ("1d", "1M")
LARGEST: Final = Decimal(10**12)

Curve = tuple[int, ...]
"""Share of the day reached at the end of each local hour 0 to 23, in parts per million; the last is PPM."""

EVEN: Final[Curve] = tuple(PPM * (hour + 1) // HOURS for hour in range(HOURS))
LEARNT: Final = "learnt"


@dataclass(frozen=True, slots=True)
class Target:
    """`values` by window, in major units for money. `curve`: None is learnt from the last weeks."""

    values: tuple[tuple[str, Decimal], ...]
    curve: Curve | None

    @property
    def windows(self) -> tuple[str, ...]:
        """Those that have a target."""
        return tuple(window for window, _ in self.values)

    def value(self, window: str) -> Decimal:
        """Of a window that has one."""
        return dict(self.values)[window]


def read_target(node: Node, *, ratio: bool, proportion: bool, whole: bool) -> Target:
    """The entry `target:` of a KPI; raises DefinitionError.

    A `ratio` has no pace: it does not add up over a day. A `proportion` is at most 1. `whole`: it counts things.
    """
    parts = node.entries()
    for name, part in parts.items():
        if name not in {*WINDOWS, "pace"}:
            raise part.error(f'"{name}" has no target', "write one for a day, 1d, or a month, 1M; beside them pace")
    wanted = {name: part for name, part in parts.items() if name in WINDOWS}
    if not wanted:
        raise node.error("no target", "write one for a day, 1d, or a month, 1M")
    if ratio and "pace" in parts:
        raise parts["pace"].error("a ratio does not grow over the day", "remove pace: all day it is to be its target")
    most = Decimal(1) if proportion else LARGEST
    values = tuple((name, _value(part, most, whole=whole)) for name, part in wanted.items())
    return Target(values, _curve(parts["pace"]) if "pace" in parts else EVEN)


def _value(node: Node, most: Decimal, *, whole: bool) -> Decimal:
    value = node.decimal()
    if value <= 0:
        raise node.error(f"{node.scalar()} is no target", "write a number above 0")
    if value > most:
        raise node.error(f"{node.scalar()} cannot be reached", f"write at most {most:f}")
    if whole and value % 1:
        raise node.error(f"{node.scalar()} is no count", "write a whole number")
    return value


def _curve(node: Node) -> Curve | None:
    if not node.is_list:
        if node.string() != LEARNT:
            raise node.error(f'"{node.string()}" is no pace', f"write {LEARNT}, or 24 shares like [0.01, ..., 1]")
        return None
    shares = [(item, item.decimal()) for item in node.items()]
    if len(shares) != HOURS:
        raise node.error(f"{len(shares)} shares instead of {HOURS}", "write one for the end of each hour")
    before = Decimal(0)
    for item, share in shares:
        if not before <= share <= 1:
            raise item.error(f"{item.scalar()} after {before}", "write cumulative shares: from 0 to 1, never falling")
        before = share
    if before != 1:
        raise shares[-1][0].error(f"the day ends at {before}", "end with 1: by midnight all is reached")
    return tuple(round(share * PPM) for _, share in shares)
