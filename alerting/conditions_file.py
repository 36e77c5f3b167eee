"""The conditions of a rule in alerts.yaml: levels and `clear`, with what makes sense where the rule looks."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol

from alerting.clause import AllOf, AnyOf, Change, Clause, Condition, Direction, Limit
from alerting.condition import LEVELS, Level
from alerting.versus_file import versus
from models.source import Node
from models.window_definition import Shape

KINDS: Final = ("below", "above", "outside", "drop", "rise", "all", "any")
SEVERAL: Final = 2
_PERCENT: Final = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,4})?)%")


class KnownKpi(Protocol):
    """What a rule has to know of a KPI; `models.kpi.Kpi` is one."""

    @property
    def windows(self) -> Collection[str]:
        """Names of the windows it is published for."""

    @property
    def by(self) -> Collection[str]:
        """Dimensions it is published by, without the total."""

    @property
    def denominator(self) -> object | None:
        """None for a sum."""

    @property
    def proportion(self) -> bool:
        """Whether it has an interval."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule looks. `shape`: length and hop of its window, us; None: calendar months."""

    kpi: str
    window: str
    by: str | None
    confident: bool
    known: Mapping[str, KnownKpi]
    shape: Shape | None


def levels(node: Node, place: Place) -> dict[Level, Condition]:
    """At least one level with its condition. Raises DefinitionError."""
    found = node.fields(required=(), optional=LEVELS)
    its = {level: _condition(found[level], place) for level in LEVELS if level in found}
    if not its:
        raise node.error("no level", f"write at least one of {' '.join(LEVELS)}")
    if len(its) == len(LEVELS) and not _may_be_worse(its[Level.CRITICAL], its[Level.WARNING]):
        raise found[Level.CRITICAL].error(
            "critical is not worse than warning", "write the same side and a bound further out"
        )
    return its


def clear(node: Node, its: Mapping[Level, Condition], place: Place) -> Condition:
    """When an alert is over; it may not hold where a level does, as far as that can be seen. Raises DefinitionError."""
    found, lowest = _condition(node, place), next(its[level] for level in LEVELS if level in its)
    if isinstance(found, Clause) and isinstance(lowest, Clause) and found.kpi == lowest.kpi:
        match found.test, lowest.test:
            case Limit() as calm, Limit() as bad:
                _check_apart(node, calm, bad)
            case _:
                pass
    return found


def _check_apart(node: Node, calm: Limit, bad: Limit) -> None:
    if calm.low is not None and calm.high is not None:
        raise node.error("clear holds where a level does", "write all: [{above: ...}, {below: ...}]")
    side, bound = ("below", calm.low) if calm.low is not None else ("above", calm.high)
    if bad.low is not None and bad.high is not None:
        raise node.error(f"clear is {side} like one of the levels' sides", "write all: [{above: ...}, {below: ...}]")
    bad_side, bad_bound = ("below", bad.low) if bad.low is not None else ("above", bad.high)
    if side == bad_side:
        raise node.error(f"clear is {side} like the levels", "write the other side")
    assert bound is not None
    assert bad_bound is not None
    if bound < bad_bound if bad_side == "below" else bound > bad_bound:
        raise node.error("clear holds where a level does", f"write a bound not {bad_side} {bad_bound:g}")


def _may_be_worse(critical: Condition, warning: Condition) -> bool:
    """False where it is seen that critical holds in a case in which warning does not, or in the same ones."""
    if critical == warning:
        return False
    if not isinstance(critical, Clause) or not isinstance(warning, Clause) or critical.kpi != warning.kpi:
        return True
    match critical.test, warning.test:
        case Limit(low=low, high=high), Limit(low=mild_low, high=mild_high):
            lower = low is None or (mild_low is not None and low <= mild_low)
            return lower and (high is None or (mild_high is not None and high >= mild_high))
        case Change() as much, Change() as little:
            alike = much.versus == little.versus
            return much.direction is little.direction and (not alike or much.by > little.by)
        case _:
            return True


def _condition(node: Node, place: Place, *, inside: bool = False) -> Condition:
    """`inside`: one of several, which may name another KPI."""
    found = dict(node.fields(required=(), optional=(*KINDS, "kpi") if inside else KINDS))
    other = found.pop("kpi", None)
    if len(found) != 1:
        raise node.error(f"{len(found)} conditions instead of one", f"write one of {' '.join(sorted(KINDS))}")
    (kind, at), *_ = found.items()
    if kind in {"all", "any"}:
        if other is not None:
            raise other.error(f"a KPI for {kind}", "write it into the conditions of the list")
        parts = tuple(_condition(item, place, inside=True) for item in at.items())
        if len(parts) < SEVERAL:
            raise at.error(f"{len(parts)} conditions", "write two or more, or the one without the list")
        return AllOf(parts) if kind == "all" else AnyOf(parts)
    kpi = _other(other, place) if other is not None else None
    return Clause(_test(kind, at, kpi, place), kpi)


def _other(node: Node, place: Place) -> str | None:
    """Another KPI, which has to be published where the rule looks; None: it is the rule's own."""
    name = node.choice(place.known)
    kpi = place.known[name]
    if name == place.kpi:
        return None
    if place.window not in kpi.windows:
        raise node.error(f"{name} has no window {place.window}", f"its windows are {' '.join(sorted(kpi.windows))}")
    if place.by is not None and place.by not in kpi.by:
        its = f"its dimensions are {' '.join(sorted(kpi.by))}" if kpi.by else "remove `by`"
        raise node.error(f"{name} is not published by {place.by}", its)
    if place.confident and not kpi.proportion:
        raise node.error(f"{name} has no interval", "remove `confident`, or this condition")
    return name


def _test(kind: str, at: Node, kpi: str | None, place: Place) -> Limit | Change:
    match kind:
        case "below":
            return Limit(low=at.number())
        case "above":
            return Limit(high=at.number())
        case "outside":
            return _outside(at)
        case _:
            return _change(Direction(kind), at, kpi, place)


def _outside(node: Node) -> Limit:
    match [item.number() for item in node.items()]:
        case [low, high] if low < high:
            return Limit(low, high)
        case _:
            raise node.error("no range", "write the lower and the higher bound, like [0.01, 0.05]")


def _change(direction: Direction, node: Node, kpi: str | None, place: Place) -> Change:
    parts = node.fields(required=("by", "versus"), optional=("weeks", "min_weeks", "mads"))
    share = _share(parts["by"], direction)
    expected = f"{kpi or place.kpi}_expected"
    fits = expected in place.known and place.window in place.known[expected].windows and place.by is None
    to = versus(parts, place.window, place.shape, expected if fits else None)
    return Change(direction, share, to)


def _share(node: Node, direction: Direction) -> float:
    text = node.scalar()
    found = _PERCENT.fullmatch(text)
    if found is None:
        raise node.error(f'"{text}" is no percentage', "write it like 20%")
    share = float(Decimal(found.group(1)) / 100)
    if share <= 0:
        raise node.error(f"{text} is no change", "write more than 0%")
    if share >= 1 and direction is Direction.DROP:
        raise node.error(f"nothing drops by {text}", "write less than 100%, or `below`")
    return share
