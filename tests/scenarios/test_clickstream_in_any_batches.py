"""The whole e-commerce clickstream in memory, shuffled within lateness, cut into partitions and batches of any size."""

import random
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pytest
import yaml

from flow import KPIS, Flow, Sent
from models.kpi_value import KpiValue, Status
from models.partition import partition_of_key
from streams.tools import datasets
from streams.topics import INPUTS

LATENESS_US, LONG = 60_000_000, {"1d", "7d"}
Figures = dict[tuple[str, ...], tuple[int, int | None]]


def long_windows() -> str:
    """The shipped KPIs in the windows in which 31,106 events are something."""
    shipped = yaml.safe_load(KPIS.read_text(encoding="utf-8"))
    kpis = {name: kpi | {"windows": [w for w in kpi["windows"] if w in LONG]} for name, kpi in shipped["kpis"].items()}
    return yaml.safe_dump({"kpis": {name: kpi for name, kpi in kpis.items() if kpi["windows"]}})


def arrivals(file: Path, *, shuffled: bool) -> list[Sent]:
    chance = random.Random(4711)
    turns = [
        ((record.timestamp_us or 0) + (chance.randint(0, LATENESS_US) if shuffled else 0), n, record)
        for n, record in enumerate(datasets.source(file, None).read())
    ]
    return [Sent("clickstream", record.key, record.value) for *_, record in sorted(turns, key=itemgetter(0, 1))]


def figures(sent: list[Sent], partitions: int, size: int) -> Figures:
    """The last revision of all that is closed and not empty."""
    flow = Flow(partitions=partitions, kpis=long_windows())
    for first in range(0, len(sent), size):
        chunk = [(partition_of_key(one.key or b"", partitions), one) for one in sent[first : first + size]]
        for partition, batch in groupby(sorted(chunk, key=itemgetter(0)), key=itemgetter(0)):
            flow.batch("clickstream", [one for _, one in batch], partition)
    for partition in range(partitions):
        for topic in INPUTS:
            end = Sent(topic, None, None, (("kpi-heartbeat", b"2024-07-15T00:02:00Z"),))
            flow.batch(topic, [end], partition)
    assert sum(flow.ledger("clickstream", n).counted for n in range(partitions)) == 31_106
    last: dict[tuple[str, ...], KpiValue] = {}
    for one in flow.values:
        if one.status is not Status.PROVISIONAL:
            last[*one.series, str(one.start_us)] = one
    return {key: (v.numerator, v.denominator) for key, v in last.items() if v.numerator or v.denominator}


@pytest.fixture(scope="module")
def expected(ecom: Path) -> Figures:
    """In its order, in one partition; the sessions are those known of the set."""
    found = figures(arrivals(ecom, shuffled=False), 1, 500)
    days = [v for key, v in found.items() if key[:4] == ("conversion_rate", "1d", "all", "all")]
    assert (sum(n for n, _ in days), sum(d or 0 for _, d in days)) == (470, 3_605)
    return found


def test_shuffled_in_four_partitions_the_figures_are_the_same(ecom: Path, expected: Figures) -> None:
    assert figures(arrivals(ecom, shuffled=True), 4, 1_000) == expected


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("partitions", [1, 4, 16])
@pytest.mark.parametrize("size", [1, 37, 5_000])
def test_neither_partitions_nor_batches_change_a_figure(
    ecom: Path, expected: Figures, partitions: int, size: int
) -> None:
    assert figures(arrivals(ecom, shuffled=True), partitions, size) == expected
