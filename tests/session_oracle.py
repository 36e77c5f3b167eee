"""What sessions and visitors contribute, by brute force: every event is looked at in every window."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from models import measure
from models.slices import TOTAL, Slice
from models.window import Window

S = 1_000_000
Sums = Counter[tuple[str, str, int, Slice]]
"""By measure, window name and number, and slice."""


@dataclass(frozen=True)
class Seen:
    """An event, or a joined order (`kind` None)."""

    event_id: str
    visitor: str
    session: str | None
    at_us: int
    kind: str | None
    segments: tuple[str, ...] = ()


@dataclass
class Visit:
    visitor: str
    events: list[Seen]
    orders: list[Seen] = field(default_factory=list)

    def slices(self, dimensions: Sequence[str]) -> list[Slice]:
        return [TOTAL, *zip(dimensions, self.events[0].segments, strict=True)]

    def engaged_us(self, conversions: Collection[str | None]) -> int | None:
        views, found = 0, [order.at_us for order in self.orders]
        for event in self.events:
            views += event.kind == "page_view"
            late = event.at_us - self.events[0].at_us >= 10 * S
            if late or views == 2 or event.kind in conversions:
                found.append(event.at_us)
        return min(found, default=None)


def visits(events: Iterable[Seen], orders: Iterable[Seen], gap_us: int) -> list[Visit]:
    named: dict[tuple[str, str], Visit] = {}
    made: dict[str, list[Visit]] = defaultdict(list)
    for event in sorted(events, key=lambda one: (one.at_us, one.event_id)):
        if event.session is not None:
            named.setdefault((event.visitor, event.session), Visit(event.visitor, [])).events.append(event)
        elif (its := made[event.visitor]) and event.at_us - its[-1].events[-1].at_us < gap_us:
            its[-1].events.append(event)
        else:
            its.append(Visit(event.visitor, [event]))
    for order in orders:
        named[order.visitor, order.session or ""].orders.append(order)
    return [*named.values(), *(visit for its in made.values() for visit in its)]


def expected(
    events: Iterable[Seen],
    orders: Iterable[Seen],
    gap_us: int,
    kinds: Iterable[Window],
    dimensions: Sequence[str],
    conversions: Sequence[str] = ("purchase",),
) -> Sums:
    """The sums of every measure of sessions, where they are not 0."""
    sums: Sums = Counter()
    visitors: set[tuple[str, str, int, Slice]] = set()
    for visit in visits(events, orders, gap_us):
        for kind in kinds:
            for number, its in by_window(visit, kind).items():
                measured = measured_in(visit, its, conversions)
                for piece in visit.slices(dimensions):
                    visitors.add((visit.visitor, kind.name, number, piece))
                    for name, n in measured.items():
                        sums[name, kind.name, number, piece] += n
    for _, window, number, piece in visitors:
        sums[measure.VISITORS, window, number, piece] += 1
    return Counter({key: n for key, n in sums.items() if n})


def by_window(visit: Visit, kind: Window) -> Mapping[int, list[Seen]]:
    found: dict[int, list[Seen]] = defaultdict(list)
    for one in (*visit.events, *visit.orders):
        pane = kind.grid.pane(one.at_us)
        for number in range(pane - kind.panes + 1, pane + 1):
            found[number].append(one)
    return found


def measured_in(visit: Visit, its: Sequence[Seen], conversions: Sequence[str]) -> dict[str, int]:
    """Of one session in one window, which holds some of its events and orders."""
    steps = {"purchase" if one.kind is None else one.kind for one in its}
    engaged_us = visit.engaged_us(conversions)
    before = {id(event): last.at_us for last, event in zip(visit.events, visit.events[1:], strict=False)}
    gaps = [one.at_us - before[id(one)] for one in its if id(one) in before]
    found = {
        measure.SESSIONS: 1,
        measure.PAGE_VIEWS: sum(one.kind == "page_view" for one in its),
        measure.TIME_ON_SITE: sum(gaps),
        measure.ENGAGED_SESSIONS: int(engaged_us is not None and any(one.at_us >= engaged_us for one in its)),
        measure.CONVERTING_SESSIONS: int(any(one.kind is None or one.kind in conversions for one in its)),
    }
    for name, step in measure.STEPS.items():
        found[name] = int(step in steps)
    for name, both in measure.BOTH_STEPS.items():
        found[name] = int({measure.STEPS[step] for step in both} <= steps)
    return found
