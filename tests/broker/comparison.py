"""Everything published against an oracle: every closed window of every KPI it knows, figure by figure."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from math import isclose

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from broker.oracle import MONTH, SPANS, CellKey, Family, Figure, Figures

LATENESS_US = 60 * 10**6
SHOWN = 20
NO_ORACLE = frozenset({"customer_lifetime_value", "customer_equity"})
"""Predictions: what the model is worth is tested beside it. Goals (`_target`, ...) are no figures of a data set."""
GOALS = ("_target", "_expected", "_attainment", "_forecast")
ZERO: Figure = (0, None)


class Value(msgspec.Struct):
    """The fields of a record of `kpi-values` that are compared."""

    kpi: str
    window: str
    start: str
    end: str
    dimension: str
    segment: str
    value: float | str | None
    unit: str
    numerator: int | float | str
    denominator: int | None
    interval: tuple[float, float] | None
    status: str

    @property
    def key(self) -> CellKey:
        return CellKey.of(self.kpi, self.window, self.start, self.dimension, self.segment)

    @property
    def figure(self) -> Figure:
        if self.unit == "seconds":  # the numerator's unit is nobody's business but the value's
            return round(float(self.value or 0) * (self.denominator or 0) * 10**6), self.denominator
        return int(Decimal(self.numerator) * (100 if self.unit == "money" else 1)), self.denominator

    @property
    def is_consistent(self) -> bool:
        """The value and its interval are those of its numerator and denominator."""
        if self.denominator == 0 or self.value is None:
            return self.value is None and self.denominator == 0 and self.interval is None
        if self.unit != "seconds" and not _is(self.value, Decimal(self.numerator) / (self.denominator or 1)):
            return False
        return self.interval is None or all(
            _is_bound(b, float(self.value), self.denominator or 0) for b in self.interval
        )


@dataclass
class Published:
    """The last revision of every window that has ended and the oracle knows; what else was seen, by KPI."""

    figures: Figures = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)


def known(families: Iterable[Family]) -> Mapping[str, frozenset[str]]:
    """By KPI of an oracle, the dimensions it can tell."""
    return {kpi: frozenset(("all", *family.dimensions)) for family in families for kpi in family.kpis}


async def published(bootstrap: str, families: Iterable[Family], until_us: int) -> Published:
    """Read all of `kpi-values` as a subscriber does; a window that ends by `until_us` must be closed."""
    told, until = known(families), datetime.fromtimestamp(until_us / 10**6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    found, still_open = Published(), set[CellKey]()
    async for value in _values(bootstrap):
        if value.dimension not in told.get(value.kpi, ()) or value.window not in {*SPANS, MONTH}:
            found.others[value.kpi] += 1
        elif value.end <= until:
            key = value.key
            found.figures[key] = value.figure
            (still_open.add if value.status == "provisional" else still_open.discard)(key)
            found.faults += [f"{value}: inconsistent"] * (not value.is_consistent)
    found.faults += (f"{'|'.join(key)}: never closed" for key in still_open)
    found.faults += (
        f"{kpi}: no oracle" for kpi in found.others if kpi not in {*told, *NO_ORACLE} if not kpi.endswith(GOALS)
    )
    return found


def differences(expected: Figures, found: Figures) -> Iterator[str]:
    """Where they differ; a figure of zeros may be published or not."""
    unequal = dict(expected.items() ^ found.items())  # of millions, the few that differ
    for key in sorted(unequal):
        want, have = expected.get(key, ZERO), found.get(key, ZERO)
        if any(want) or any(have):
            yield f"{'|'.join(key)}: published {have}, the oracle has {want}"


def compare(bootstrap: str, families: Iterable[Family], expected: Figures, until_us: int) -> None:
    """Fails with the first differences; says how many figures were compared."""
    assert expected, "the catalogue has no KPI that the oracle knows"
    found = asyncio.run(published(bootstrap, tuple(families), until_us))
    wrong = [*differences(expected, found.figures), *found.faults]
    assert not wrong, "\n".join([f"{len(wrong)} faults", *wrong[:SHOWN]])
    by_kpi = Counter(key.kpi for key in expected)
    print(f"compared {len(expected)} figures and {len(found.figures.keys() - expected.keys())} zeros:")
    print("  " + ", ".join(f"{kpi} {number}" for kpi, number in sorted(by_kpi.items())))
    print(f"  without an oracle: {', '.join(sorted(found.others)) or 'none'}")


async def _values(bootstrap: str) -> AsyncIterator[Value]:
    decode = msgspec.json.Decoder(Value).decode
    async with AIOKafkaConsumer(
        bootstrap_servers=bootstrap, isolation_level="read_committed", auto_offset_reset="earliest"
    ) as consumer:
        cluster = await consumer._client.fetch_all_metadata()
        partitions = [TopicPartition("kpi-values", number) for number in cluster.partitions_for_topic("kpi-values")]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        while waited := [one for one in partitions if await consumer.position(one) < ends[one]]:
            for records in (await consumer.getmany(*waited, timeout_ms=200)).values():
                for record in records:
                    yield decode(record.value)


def _is(value: float | str, quotient: Decimal) -> bool:
    """Money is exact to 12 digits and more, a ratio is the nearest double."""
    return isclose(Decimal(value), quotient, rel_tol=1e-12)


def _is_bound(bound: float, share: float, trials: int) -> bool:
    """A bound p of the Wilson interval solves (share - p)^2 = z^2 p (1 - p) / trials, with z of 95 %."""
    left, right = (share - bound) ** 2, 1.959963984540054**2 * bound * (1 - bound) / trials
    return isclose(left, right, rel_tol=1e-9, abs_tol=1e-12)
