"""A shop for the page: broker, worker, `kpi web`, and visitors who buy, or whose payments fail, as a test tells it."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer

from broker.shop_floor import ROOT, ShopFloor, shop_floor, within
from streams.tools.kafka_installation import Installation

RULES = """
rules:
  - name: ConversionRateLow
    kpi: conversion_rate
    window: 5m
    levels: {critical: {below: 0.10}}
    clear: {above: 0.12}
    min_denominator: 20
    on: provisional
    annotations:
      summary: "Conversion {value:.1%}, {level} below {threshold:.1%}"
      runbook_url: https://runbooks.example/conversion
"""
TARGETS = ("revenue", "{1d: 50000}")
HISTORY_S = 40 * 60
TURN_S = 0.5
DEVICES, COUNTRIES, SOURCES = ("desktop", "mobile", "tablet"), ("GB", "PL", "DE"), ("google", "newsletter", "")


class Business(NamedTuple):
    """`visits` a turn, of which each `buying`th buys; 0: nobody does."""

    visits: int
    buying: int


USUAL, FAILING, BOOMING = Business(3, 4), Business(50, 0), Business(50, 2)


@dataclass
class LiveShop:
    """`business`: how it goes now. `address`: of the page."""

    floor: ShopFloor
    port: int
    business: Business = USUAL
    server: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=count)
    _over: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self) -> None:
        """Start `kpi web`."""
        settings = self.floor.environment | {"KPI_WEB_PORT": str(self.port)}
        with (self.floor.folder / "web.log").open("ab") as log:
            command = [sys.executable, "-m", "streams.cli", "web"]
            self.server = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=log, stderr=log)

    def stop_serving(self) -> None:
        """As a supervisor would."""
        assert self.server is not None
        self.server.send_signal(signal.SIGTERM)
        self.server.wait(20)

    def until_ready(self) -> None:
        for _ in within(60):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                assert self.server is not None
                assert self.server.poll() is None, (self.floor.folder / "web.log").read_text()
        raise AssertionError((self.floor.folder / "web.log").read_text())

    def api(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}", timeout=10) as answer:
            return msgspec.json.decode(answer.read())

    def run(self) -> None:
        """Until it is over: the past at once, then visits as time goes by."""
        asyncio.run(self._open())

    def close(self) -> None:
        self._over.set()

    async def _open(self) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.floor.kafka.bootstrap, linger_ms=5)
        await producer.start()
        try:
            now_s = time.time()
            for turn in range(HISTORY_S // 20):
                await self._visits(producer, now_s - HISTORY_S + 20 * turn, USUAL)
            while not self._over.is_set():
                await self._visits(producer, time.time(), self.business)
                await asyncio.sleep(TURN_S)
        finally:
            await producer.stop()

    async def _visits(self, producer: AIOKafkaProducer, at_s: float, business: Business) -> None:
        """Visits that are over in a moment."""
        sent = []
        for _ in range(business.visits):
            visit = next(self._numbers)
            buys = business.buying > 0 and visit % business.buying == 0
            for topic, key, event in visit_events(visit, at_s, buys=buys):
                sent.append(await producer.send(topic, msgspec.json.encode(event), key.encode()))
        await asyncio.gather(*sent)


def visit_events(visit: int, at_s: float, *, buys: bool) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Topic, key and event of all that a visitor does; `visit` numbers them."""
    visitor, order = f"v{visit}", f"o{visit}"
    steps = ["page_view", "view_item", "add_to_cart", "begin_checkout", "add_payment_info"][
        : 2 + visit % 4 if not buys else 5
    ]
    shared = {
        "visitor_id": visitor,
        "session_id": f"s{visit}",
        "device": DEVICES[visit % 3],
        "country": COUNTRIES[visit % 7 % 3],
        "utm_source": SOURCES[visit % 5 % 3],
    }
    for index, step in enumerate([*steps, *(["purchase"] if buys else [])]):
        at = _rfc3339(at_s + 0.01 * index)
        yield "clickstream", visitor, {"event_id": f"{visitor}-{index}", "event_type": step, "timestamp": at, **shared}
    if buys:
        amount = f"{20 + visit % 60}.50"
        facts = {"order_id": order, "customer_id": f"c{visit % 500}", "amount": amount, "currency": "GBP"}
        placed = {"event_id": order, "event_type": "order_placed", "timestamp": _rfc3339(at_s + 0.1)}
        yield "orders", facts["customer_id"], placed | facts | {"visitor_id": visitor, "session_id": f"s{visit}"}


def _rfc3339(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def kpis_with_goal(folder: Path) -> Path:
    """The shipped KPIs; one has a target."""
    name, target = TARGETS
    text = (ROOT / "deploy" / "kpis.yaml").read_text(encoding="utf-8")
    head = f"\n  {name}:\n"
    assert text.count(head) == 1
    file = folder / "kpis.yaml"
    file.write_text(text.replace(head, f"{head}    target: {target}\n"), encoding="utf-8")
    return file


@contextmanager
def live_shop(installation: Installation, folder: Path) -> Iterator[LiveShop]:
    """It is open, and the page can be looked at; every process is gone afterwards."""
    (folder / "alerts.yaml").write_text(RULES, encoding="utf-8")
    files = {"KPI_KPIS_FILE": str(kpis_with_goal(folder)), "KPI_RULES_FILE": str(folder / "alerts.yaml")}
    with shop_floor(installation, folder, partitions=1, **files) as floor:
        shop = LiveShop(floor, free_port())
        visitors = threading.Thread(target=shop.run)
        floor.start_worker()
        shop.serve()
        visitors.start()
        try:
            shop.until_ready()
            yield shop
        finally:
            shop.close()
            visitors.join()
            if shop.server is not None:
                shop.server.kill()
                shop.server.wait()
