"""Customer lifetime value from end to end: a tenth of CDNOW, a fit, the values of the next day; and an erasure."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from math import inf
from pathlib import Path

import msgspec

from broker.shop_floor import ShopFloor, shop_floor, within
from models.clv import ClvParameters, Rfm, predicted_minor
from models.clv_fit import fit
from models.clv_record import TOPIC, ClvRecord, decode_clv
from models.settings import Settings
from streams.publication import VALUES_TOPIC, KpiValueRecord, read_value
from streams.tools import cdnow, ndjson
from streams.tools.clv_fit import fit_clv
from streams.tools.kafka_installation import Installation
from streams.tools.kept_customers import kept_customers
from streams.tools.record import Record
from streams.tools.replay import replay
from streams.tools.topic_reader import last_by_key

KPIS = """
kpis:
  customer_lifetime_value:
    {help: mean, numerator: predicted_value, denominator: predicted_customers, windows: [1d], by: [channel]}
  customer_equity: {help: sum, numerator: predicted_value, windows: [1d], by: [channel]}
  new_customers: {help: first orders, numerator: new_customers, windows: [1d]}
"""
CHANNELS = ("Email", "Direct", "Paid Search")
FITTED = date(2014, 9, 30)
NEXT, AFTER = date(2014, 10, 1), date(2014, 10, 2)
Lives = dict[str, dict[date, int]]
"""By customer, cents by day with an order."""


def channel(customer: str) -> str:
    return CHANNELS[int(customer) // 10 % len(CHANNELS)]


def sample(file: Path, until: date) -> tuple[list[Record], Lives]:
    """Every tenth customer, each with a channel, up to a day."""
    records, lives = [], defaultdict[str, dict[date, int]](dict)
    for record in cdnow.records(file):
        event = json.loads(record.value or b"")
        day, customer = datetime.fromisoformat(event["timestamp"]).date(), event["customer_id"]
        if int(customer) % 10 == 0 and day <= until:
            lives[customer][day] = int(Decimal(event["amount"]) * 100)
            value = json.dumps(event | {"channel": channel(customer)}).encode()
            records.append(msgspec.structs.replace(record, value=value))
    return records, lives


def figures(lives: Lives, today: date) -> dict[str, Rfm]:
    """Of those who had come by a day: repeats are days after the first one."""
    found = {}
    for customer, cents in lives.items():
        if days := sorted(day for day in cents if day <= today):
            repeats = [cents[day] for day in days[1:]]
            weeks = ((days[-1] - days[0]).days / 7, (today - days[0]).days / 7)
            found[customer] = Rfm(len(repeats), *weeks, sum(repeats) / len(repeats) if repeats else 0.0)
    return found


def expected(lives: Lives, today: date, parameters: ClvParameters) -> dict[str, tuple[int, int]]:
    """By channel: the sum of all predictions in cents, and the number of customers."""
    sums: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for customer, rfm in figures(lives, today).items():
        for segment in ("all", channel(customer)):
            cents, n = sums[segment]
            sums[segment] = cents + predicted_minor(rfm, parameters), n + 1
    return sums


def test_a_fit_makes_the_values_of_the_next_day_and_an_erased_customer_is_new_again(
    installation: Installation, cdnow: Path, tmp_path: Path
) -> None:
    records, lives = sample(cdnow, NEXT)
    with shop(installation, tmp_path) as (floor, settings):
        send(floor, [one for one in records if day_of(one) <= FITTED], "2014-10-01T02:00:00Z")
        for _ in within(60, every=0.5):
            kept = asyncio.run(kept_customers(settings))
            if kept.through == FITTED.toordinal():
                break
        assert set(kept.rows) == set(figures(lives, FITTED))

        asyncio.run(fit_clv(settings, dry_run=True))
        assert asyncio.run(last_by_key(settings, TOPIC)) == {}
        line = floor.kpi("clv", "fit", "--json").stdout.encode()
        parameters = checked(line, settings, lives)

        send(floor, [one for one in records if day_of(one) == NEXT], "2014-10-02T02:00:00Z")
        assert published(settings, NEXT) == expected(lives, NEXT, parameters)
        assert published(settings, FITTED) == {}

        gone = next(customer for customer, days in lives.items() if len(days) > 2)
        told = floor.kpi("customers", "erase", gone, "nobody", "--wait", "30").stdout.splitlines()
        assert told == [f"{gone}: erased", "nobody: no such customer is known"]
        assert gone not in asyncio.run(kept_customers(settings)).rows

        lives[gone] = {AFTER: 1_000}
        send(floor, [order(gone, AFTER)], "2014-10-03T02:00:00Z")
        assert published(settings, AFTER) == expected(lives, AFTER, parameters)
        new = {value.start[:10]: value.value for value in values(settings, "new_customers")}
        assert (new[str(NEXT)], new[str(AFTER)]) == (0, 1)


@contextmanager
def shop(installation: Installation, folder: Path) -> Iterator[tuple[ShopFloor, Settings]]:
    """With a worker, in dollars."""
    (folder / "kpis.yaml").write_text(KPIS)
    (folder / "alerts.yaml").write_text("rules: []\n")
    files = {"KPI_KPIS_FILE": str(folder / "kpis.yaml"), "KPI_RULES_FILE": str(folder / "alerts.yaml")}
    with shop_floor(installation, folder, 2, KPI_REPORTING_CURRENCY="USD", **files) as floor:
        floor.start_worker()
        yield floor, Settings(broker=floor.kafka.bootstrap, reporting_currency="USD")


def order(customer: str, day: date) -> Record:
    fields = {"event_id": f"again-{customer}", "event_type": "order_placed", "timestamp": f"{day}T12:00:00Z"}
    fields |= {"order_id": f"again-{customer}", "amount": "10.00", "currency": "USD", "customer_id": customer}
    value = json.dumps(fields | {"channel": channel(customer)}).encode()
    return Record("orders", customer.encode(), value, None)


def day_of(record: Record) -> date:
    return datetime.fromisoformat(json.loads(record.value or b"")["timestamp"]).date()


def send(floor: ShopFloor, records: Iterable[Record], heartbeat: str) -> None:
    path, settings = floor.folder / "orders.ndjson", Settings(broker=floor.kafka.bootstrap)
    path.write_bytes(b"".join(map(ndjson.line_of, records)))
    asyncio.run(replay(settings, [path], topic=None, speed=inf, shift=False, heartbeat=heartbeat, now_us=0))


def checked(line: bytes, settings: Settings, lives: Lives) -> ClvParameters:
    """The fit that was published is the one that was printed, and that of the figures as they are known here."""
    assert asyncio.run(last_by_key(settings, TOPIC)) == {b"USD": line.strip()}
    record, known = decode_clv(b"USD", line), list(figures(lives, FITTED).values())
    assert isinstance(record, ClvRecord)
    assert (record.through, record.customers, record.detail) == (FITTED, len(known), None)
    found, again = record.found, fit(known)
    assert isinstance(found, ClvParameters)
    assert isinstance(again, ClvParameters)
    for mine, theirs in ((found.transactions, again.transactions), (found.values, again.values)):
        for one, other in zip(msgspec.structs.astuple(mine), msgspec.structs.astuple(theirs), strict=True):
            assert abs(one - other) <= 1e-3 * other
    return found


def published(settings: Settings, day: date) -> dict[str, tuple[int, int]]:
    """By channel: cents and customers of the final values of a day, once there are any; none after its successor's."""
    for _ in within(60, every=0.5):
        of_day = [one for one in values(settings, "customer_lifetime_value") if one.start[:10] == str(day)]
        sums = {one.segment: one.value for one in values(settings, "customer_equity") if one.start[:10] == str(day)}
        if of_day and len(of_day) == len(sums) and all(one.status == "final" for one in of_day):
            found = {one.segment: (int(Decimal(one.numerator) * 100), one.denominator or 0) for one in of_day}
            assert {segment: f"{Decimal(cents) / 100:.2f}" for segment, (cents, _) in found.items()} == sums
            return found
        if day == FITTED:
            assert of_day == []
            return {}
    raise AssertionError(f"{day}: nothing was published")


def values(settings: Settings, kpi: str) -> list[KpiValueRecord]:
    found = map(read_value, asyncio.run(last_by_key(settings, VALUES_TOPIC)).values())
    return [one for one in found if one.kpi == kpi]
