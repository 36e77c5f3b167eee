"""How `kpi web` bears a big shop: `PYTHONPATH=tests python -m bench.web`, three minutes.

50,000 series in six windows each are on `kpi-values`, of the totals eight days; then 200 values a second change while
200 pages are open, each on the totals of a window and the segments of one KPI. Printed: how long a start takes, how
long a page waits for its first data, how late changes come, memory and CPU of the process.
"""

import asyncio
import os
import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle, product
from pathlib import Path

import aiohttp
from aiokafka import AIOKafkaProducer

from bench.ground import ROOT, Ground
from bench.machine import cpu_s, machine, memory_mib
from models.kpi import Catalogue, Kpi
from models.kpi_value import KpiValue, Series, Status
from models.kpis_file import load_kpis
from streams.publication import VALUES_TOPIC, value_record
from streams.tools.broker import EmbeddedKafka
from streams.tools.kafka_installation import Installation

SERIES, HISTORY, A_SECOND, PAGES, SECONDS = 50_000, 6, 200, 200, 30
BY, WINDOWS = "channel", {"1m": 60, "5m": 300, "1h": 3_600, "1d": 86_400}
HOPS = {"1m": 60, "5m": 60, "1h": 300, "1d": 86_400}
TOTALS_S, TOTAL_DAYS = 8 * 86_400, 60  # of windows below a day, and of days
LOADS = 20
APP = "bench-web"
_EMITTED = re.compile(rb'"emitted_at":"([^"]+)"')


def kpis() -> Catalogue:
    return load_kpis((ROOT / "deploy" / "kpis.yaml").read_text(encoding="utf-8"), "kpis.yaml")


@dataclass(frozen=True)
class Shop:
    """Series of the shipped KPIs: their totals, and as many segments of a dimension as make SERIES."""

    chance: random.Random
    kinds: list[tuple[Kpi, str]] = field(default_factory=list)
    segments: int = 0

    @classmethod
    def of(cls, catalogue: Catalogue) -> "Shop":
        found = [(kpi, w) for kpi in catalogue.kpis.values() for w in WINDOWS if w in kpi.windows and BY in kpi.by]
        return cls(random.Random(7), found, SERIES // len(found) - 1)

    def series(self) -> Iterator[tuple[Kpi, Series]]:
        for (kpi, window), number in product(self.kinds, range(-1, self.segments)):
            place = ("all", "all") if number < 0 else (BY, f"segment {number}")
            yield kpi, Series(kpi.name, window, *place)

    def past(self) -> Iterator[tuple[int, Kpi, Series]]:
        """Series and hops ago, oldest first: windows of the total alone, then of everybody."""
        totals = [(kpi, series) for kpi, series in self.series() if series.dimension == "all"]
        for kpi, series in totals:
            most = TOTAL_DAYS if series.window == "1d" else TOTALS_S // HOPS[series.window]
            yield from ((ago, kpi, series) for ago in reversed(range(HISTORY, most)))
        for ago in reversed(range(HISTORY)):
            yield from ((ago, kpi, series) for kpi, series in self.series())

    def value(self, kpi: Kpi, series: Series, ago: int, now_us: int) -> tuple[bytes | None, bytes | None]:
        """Of the window that began so many hops before the newest."""
        hop_us = HOPS[series.window] * 1_000_000
        start_us = (now_us // hop_us - ago) * hop_us
        record = value_record(
            KpiValue(
                series=series,
                start_us=start_us,
                end_us=start_us + WINDOWS[series.window] * 1_000_000,
                unit=kpi.unit,
                exponent={"money": 2, "seconds": 6}.get(kpi.unit, 0),
                numerator=(numerator := self.chance.randrange(900)),
                denominator=None if kpi.denominator is None else 1_000,
                interval=kpi.interval(numerator, 1_000),
                status=Status.PROVISIONAL,
                revision=now_us // 1_000_000 % 2**31,
                watermark_us=now_us,
                definition=kpi.definition,
                emitted_us=now_us,
            ),
            {"all": 0, BY: 1},
        )
        return record.key, record.value


async def fill(ground: Ground, shop: Shop) -> int:
    """How many values were written."""
    now_us, written = time.time_ns() // 1_000, 0
    async with AIOKafkaProducer(bootstrap_servers=ground.kafka.bootstrap, linger_ms=20, acks=1) as producer:
        for ago, kpi, series in shop.past():
            key, raw = shop.value(kpi, series, ago, now_us)
            await producer.send(VALUES_TOPIC, raw, key, partition=0 if series.dimension == "all" else 1)
            written += 1
    return written


async def change(ground: Ground, shop: Shop, stop: asyncio.Event) -> None:
    """A_SECOND values a second, a tenth of them totals."""
    every = list(shop.series())
    totals = cycle([one for one in every if one[1].dimension == "all"])
    async with AIOKafkaProducer(bootstrap_servers=ground.kafka.bootstrap, acks=1) as producer:
        while not stop.is_set():
            for turn in range(A_SECOND // 10):
                kpi, series = next(totals) if turn % 10 == 0 else shop.chance.choice(every)
                key, raw = shop.value(kpi, series, 0, time.time_ns() // 1_000)
                await producer.send(VALUES_TOPIC, raw, key, partition=0 if series.dimension == "all" else 1)
            await asyncio.sleep(0.1)


async def load(session: aiohttp.ClientSession, address: str) -> float:
    """What a page asks for at first, up to its first event; seconds."""
    began_s = time.monotonic()
    for question in ("kpis", "overview?window=1h", "series?kpi=conversion_rate&window=1h", "alerts", "ledger"):
        async with session.get(f"{address}api/v1/{question}") as answer:
            answer.raise_for_status()
            await answer.read()
    async with session.get(f"{address}api/v1/stream?window=1h") as answer:
        await answer.content.readuntil(b"\n\n")
    return time.monotonic() - began_s


async def page(session: aiohttp.ClientSession, url: str, late_s: list[float], events: list[int]) -> None:
    """Stays open; how late values come, in seconds."""
    async with session.get(url) as answer:
        async for line in answer.content:
            if line.startswith(b"event:"):
                events[0] += 1
            elif found := _EMITTED.search(line) if b'"revision"' in line and b'"unread"' not in line else None:
                late_s.append(time.time() - datetime.fromisoformat(found[1].decode()).timestamp())


async def address_of(ground: Ground) -> tuple[str, float]:
    """Where the page is, once it is ready, and how long that took."""
    began_s = time.monotonic()
    while not (found := re.search(r"page=(http://\S+)", ground.log_file("web").read_text())):
        await asyncio.sleep(0.05)
    async with aiohttp.ClientSession() as session:
        while True:
            with suppress(aiohttp.ClientError):
                async with session.get(f"{found[1]}readyz") as answer:
                    if answer.ok:
                        return found[1], time.monotonic() - began_s
            await asyncio.sleep(0.05)


async def measure(ground: Ground, shop: Shop, pid: int) -> list[tuple[str, str]]:
    address, ready_s = await address_of(ground)
    rows = [
        ("read to the end and ready", f"{ready_s:.1f} s"),
        ("memory then", "{} MiB (peak {})".format(*memory_mib(pid))),
    ]
    stop, late_s, events = asyncio.Event(), list[float](), [0]
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout()) as session:
        changing = asyncio.create_task(change(ground, shop, stop))
        loads = sorted([await load(session, address) for _ in range(LOADS)])
        rows.append(
            ("first data of a page, alone", f"median {statistics.median(loads):.3f} s, longest {loads[-1]:.3f} s")
        )
        urls = [f"{address}api/v1/stream?window={w}&kpi={kpi.name}&dimension={BY}" for kpi, w in shop.kinds]
        pages = [
            asyncio.create_task(page(session, url, late_s, events))
            for url, _ in zip(cycle(urls), range(PAGES), strict=False)
        ]
        await asyncio.sleep(3)
        before_s, late_s[:], events[0] = cpu_s(pid), [], 0
        await asyncio.sleep(SECONDS)
        used = (cpu_s(pid) - before_s) / SECONDS
        told, came = events[0], sorted(late_s)
        loads = sorted([await load(session, address) for _ in range(LOADS)])
        stop.set()
        await changing
        assert not [one for one in pages if one.done()], "a page was cut off"
        for one in pages:
            one.cancel()
    rows += [
        (f"first data of a page beside {PAGES}", f"median {statistics.median(loads):.3f} s, longest {loads[-1]:.3f} s"),
        ("events told a second", f"{told / SECONDS:,.0f}"),
        (
            "a value, written to told",
            f"median {statistics.median(came):.2f} s, 99 % {came[len(came) * 99 // 100]:.2f} s",
        ),
        ("CPU of the process", f"{used:.2f} cores"),
        (f"memory with {PAGES} pages", "{} MiB (peak {})".format(*memory_mib(pid))),
    ]
    return rows


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="kpi-bench-web-") as folder,
        EmbeddedKafka(Installation.find(os.environ), Path(folder) / "kafka") as kafka,
    ):
        ground, shop = Ground(kafka, Path(folder)), Shop.of(kpis())
        ground.kpi(APP, "topics", "create")
        written = asyncio.run(fill(ground, shop))
        with ground.running("web", "-m", "streams.cli", "web", app_id=APP, KPI_WEB_PORT="0") as process:
            rows = asyncio.run(measure(ground, shop, process.pid))
    print(", ".join(f"{name} {what}" for name, what in machine().items()))
    count = sum(1 for _ in shop.series())
    print(f"{count:,} series, {written:,} values on the topic; {A_SECOND} changes a second")
    for name, what in rows:
        print(f"{name:32} {what}")


if __name__ == "__main__":
    main()
