"""Data sets as a shop lives through them: the files of a run, a worker that is killed on the way, all of it counted.

The clickstream of 2024 is moved into the year of Online Retail, by whole weeks, so that both are one shop's.
"""

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from broker.clicks_oracle import FAMILIES as CLICKS
from broker.clicks_oracle import ecom_figures
from broker.comparison import LATENESS_US, compare
from broker.oracle import Catalogue, Family, Figures, catalogue_of
from broker.orders_oracle import FAMILIES as ORDERS
from broker.orders_oracle import cdnow_figures, retail_figures
from broker.shop_floor import ROOT, ShopFloor, within
from streams.tools import datasets, instant, ndjson
from streams.tools.record import Record
from streams.tools.shift import moved

RETAIL = ROOT / "tests" / "data" / "online_retail.parquet"
ECOM_MOVED_DAYS = -678 * 7
"""2024-01-04 becomes 2011-01-06."""

LONG_WINDOWS = ("1d", "7d", "30d", "1M")
SEED = 4711


@dataclass(frozen=True, slots=True)
class DataSet:
    """What is replayed and what it comes to. `topics`: events by topic, all counted; `until`: the last heartbeat."""

    files: tuple[Path, ...]
    until: str
    topics: dict[str, int]
    families: tuple[Family, ...]
    expected: Callable[[Catalogue, int], Figures]
    currency: str = "GBP"


def retail_and_clicks(ecom: Path, folder: Path) -> DataSet:
    """Online Retail and the clickstream together."""
    clicks = _written(folder / "clickstream.ndjson", moved(datasets.source(ecom, None).read(), ECOM_MOVED_DAYS))

    def expected(catalogue: Catalogue, until_us: int) -> Figures:
        orders = retail_figures(RETAIL, catalogue, until_us)
        return orders | ecom_figures(ecom, catalogue, until_us, ECOM_MOVED_DAYS)

    topics = {"orders": 23_798, "clickstream": 31_106}
    return DataSet((RETAIL, clicks), "2012-01-01T12:00:00Z", topics, (*ORDERS, *CLICKS), expected)


def cdnow_alone(cdnow: Path) -> DataSet:
    """CDNOW, in its own currency, 17 years later."""

    def expected(catalogue: Catalogue, until_us: int) -> Figures:
        return cdnow_figures(cdnow, catalogue, until_us)

    return DataSet((cdnow,), "2015-07-01T12:00:00Z", {"orders": 67_591}, ORDERS, expected, currency="USD")


def shuffled(files: Iterable[Path], folder: Path) -> tuple[Path, ...]:
    """The same events, each up to `allowed_lateness` after its turn."""
    chance = random.Random(SEED)

    def turn(record: Record) -> float:
        return (record.timestamp_us or 0) + chance.uniform(0, LATENESS_US)

    sources = [datasets.source(file, None) for file in files]
    folder.mkdir()
    return tuple(_written(folder / f"{one.topic}.ndjson", sorted(one.read(), key=turn)) for one in sources)


def long_windows(folder: Path) -> dict[str, str]:
    """Settings of a shop with the shipped KPIs in windows of a day and longer: without three million values."""
    shipped = yaml.safe_load((ROOT / "deploy" / "kpis.yaml").read_text())
    for name, kpi in list(shipped["kpis"].items()):
        kpi["windows"] = [window for window in kpi["windows"] if window in LONG_WINDOWS]
        if not kpi["windows"]:
            del shipped["kpis"][name]
    (folder / "kpis.yaml").write_text(yaml.safe_dump(shipped))
    (folder / "alerts.yaml").write_text("rules: []\n")
    return {"KPI_KPIS_FILE": str(folder / "kpis.yaml"), "KPI_RULES_FILE": str(folder / "alerts.yaml")}


def check(floor: ShopFloor, data: DataSet, *, kills: int = 0, patience_s: float = 200) -> None:
    """Replay it, kill -9 the worker `kills` times on the way; then ledger and figures are those of the oracle."""
    catalogue = catalogue_of(Path(floor.settings.get("KPI_KPIS_FILE", ROOT / "deploy" / "kpis.yaml")).read_text())
    until_us = (instant.parse(data.until) or 0) - LATENESS_US
    floor.start_worker()
    with floor.started("replay", *data.files, "--heartbeat", data.until) as replay:
        for number in range(1, kills + 1):
            _kill_worker(floor, number / (kills + 1), sum(data.topics.values()))
        assert replay.wait() == 0
    expected = data.expected(catalogue, until_us)
    floor.caught_up(patience_s)
    ledger, nothing = floor.ledger(), dict.fromkeys(("duplicate", "late", "bot", "invalid"), 0)
    for topic, number in data.topics.items():
        assert ledger[topic] == {"received": number, "counted": number} | nothing
    compare(floor.kafka.bootstrap, data.families, expected, until_us)


def _kill_worker(floor: ShopFloor, share: float, total: int) -> None:
    """Once it has counted that share of all events; another one follows."""
    worker, at = floor.workers[-1], _counted(floor, round(share * total))
    worker.kill()
    worker.wait()
    print(f"killed at {at} of {total} events")
    assert at < total, "killed after all was done: nothing was shown"
    floor.start_worker()


def _counted(floor: ShopFloor, least: int) -> int:
    """Wait until the last worker shows that so many events are counted; answers how many."""
    worker = floor.workers[-1]
    for _ in within(60, every=0.05):
        _, page = floor.probe(worker, "/metrics")
        found = re.findall(r'^kpi_events_total\{.*outcome="counted".*\} (\S+)$', page, re.MULTILINE)
        if (counted := int(sum(map(float, found)))) >= least:
            return counted
        assert worker.poll() is None, floor.log_of(worker)
    raise AssertionError(floor.log_of(worker))


def _written(path: Path, records: Iterable[Record]) -> Path:
    path.write_bytes(b"".join(map(ndjson.line_of, records)))
    return path
