"""A shop with something of everything, so that no chart is empty: goals, alerts that fire, two months of customers."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from broker.shop_floor import ROOT, ShopFloor, within
from models.bg_nbd import BgNbd
from models.clv import ClvParameters
from models.clv_record import TOPIC as CLV_TOPIC
from models.clv_record import clv_record, encode_clv
from models.gamma_gamma import GammaGamma
from models.kpi import Catalogue
from models.settings import Settings
from streams.tools.publisher import Publisher
from streams.tools.record import Record

TARGETS = {
    "revenue": "{1d: 5000}",
    "orders": "{1d: 500}",
    "conversion_rate": "{1d: 0.03}",
}
RATE = 40  # events a second
DIRECT = "Direct"


def kpis() -> str:
    """The catalogue that is shipped, with targets."""
    lines = (ROOT / "deploy" / "kpis.yaml").read_text(encoding="utf-8").splitlines()
    found = []
    for line in lines:
        found.append(line)
        name = line.strip().removesuffix(":")
        if line == f"  {name}:" and name in TARGETS:
            found.append(f"    target: {TARGETS[name]}")
    return "\n".join(found) + "\n"


def rules(catalogue: Catalogue) -> str:
    """One a KPI that fires at once, whatever the value is; and one by channel."""
    level, its = "levels: {warning: {above: -1000000000}}", catalogue.kpis.values()
    totals = [f"  - {{name: Any_{kpi.name}, kpi: {kpi.name}, window: {kpi.windows[-1]}, {level}}}" for kpi in its]
    by = f"  - {{name: AnyChannel, kpi: visits, window: 1d, by: channel, {level}}}"
    return "\n".join(["rules:", *totals, by]) + "\n"


def lines(events: Iterable[tuple[str, dict[str, Any]]]) -> str:
    return "".join(json.dumps({"key": key, "value": value}) + "\n" for key, value in events)


def orders(which: str, at: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of some customers, who come again; and a refund of an order that nobody knows."""
    common = {"currency": "GBP", "channel": DIRECT, "campaign": "brand", "country": "GB"}
    for number in range(6):
        order, customer = f"{which}-{number}", f"customer-{number}"
        mine = {"event_id": order, "order_id": order, "customer_id": customer, "amount": "20.00"}
        when = {"event_type": "order_placed", "timestamp": (at + timedelta(seconds=number)).isoformat()}
        yield customer, common | mine | when
    refund = {"event_id": f"{which}-refund", "event_type": "order_refunded", "order_id": f"{which}-unknown"}
    yield f"{which}-unknown", common | refund | {"amount": "5.00", "timestamp": (at + timedelta(seconds=9)).isoformat()}


def sign_up(at: datetime) -> tuple[str, dict[str, Any]]:
    """What the synthetic shop has not."""
    click = {"event_id": "sign-up", "event_type": "sign_up", "visitor_id": "visitor", "session_id": "session"}
    return "visitor", click | {"channel": DIRECT, "timestamp": at.isoformat()}


def spend(now: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    for channel in (DIRECT, "Paid Search"):
        event = {
            "event_id": channel,
            "event_type": "ad_spend",
            "source": channel,
            "campaign": "brand",
            "currency": "GBP",
        }
        yield f"{channel}|brand", event | {"channel": channel, "amount": "90.00", "timestamp": now.isoformat()}


@contextmanager
def running(floor: ShopFloor, *arguments: str, **environment: str) -> Iterator[None]:
    """A command of its own settings, until the end of the block."""
    command = [sys.executable, "-m", "streams.cli", *arguments]
    with (floor.folder / f"{arguments[0]}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=floor.environment | environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def last_month(floor: ShopFloor) -> None:
    """Publishes it, and waits until the customers are known: days that end from then on have predictions."""
    month = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    (floor.folder / "orders.ndjson").write_text(lines(orders("then", month - timedelta(hours=5))))
    attributed = month - timedelta(hours=4)  # their session is looked for until then
    floor.kpi("replay", floor.folder / "orders.ndjson", "--heartbeat", attributed.isoformat())
    page(floor, 'table="customers"} 6.0', 'kpi_watermark_timestamp_seconds{topic="customers"}')


async def publish_parameters(bootstrap: str) -> None:
    """Those of CDNOW, to the minor unit."""
    model = ClvParameters(BgNbd(0.243, 4.414, 0.793, 2.426), GammaGamma(6.25, 3.744, 1544.0), 2357)
    record = encode_clv(clv_record(datetime.now(UTC), datetime.now(UTC).date(), "GBP", 2357, model))
    async with Publisher(Settings(broker=bootstrap), [CLV_TOPIC]) as publisher:
        await publisher.put(Record(CLV_TOPIC, b"GBP", record, None))


def last_minutes(floor: ShopFloor) -> str:
    """Publishes them, and answers the worker's page with all of it."""
    now = datetime.now(UTC)
    (floor.folder / "orders.ndjson").write_text(lines(orders("now", now - timedelta(minutes=20))))
    (floor.folder / "ad-spend.ndjson").write_text(lines(spend(now)))
    (floor.folder / "clickstream.ndjson").write_text(lines([sign_up(now - timedelta(minutes=20))]))
    floor.kpi("replay", *(floor.folder / f"{topic}.ndjson" for topic in ("orders", "ad-spend", "clickstream")))
    floor.kpi("generate", "--rate", RATE, "--speed", "max", "--duration", 600, "--seed", 1)
    floor.caught_up()
    return page(floor, "kpi_customer_lifetime_value{", "kpi_conversion_rate_ratio{")


def page(floor: ShopFloor, *wanted: str) -> str:
    """The worker's, when it has what is wanted."""
    text = ""
    for _ in within(30, every=0.2):
        _, text = floor.probe(floor.workers[0], "/metrics")
        if all(one in text for one in wanted):
            return text
    raise AssertionError([one for one in wanted if one not in text], text, floor.log_of(floor.workers[0]))
