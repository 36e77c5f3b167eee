"""How long rules take: 2,000 of them over 50,000 series. `PYTHONPATH=tests python -m bench.rules`.

Every rule has 25 segments, waits for silence and compares with an hour ago; a tenth looks at two KPIs. Printed is the
CPU time of steps: all series, a second's changes (5,000 values), a tick, and the first one with other rules.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from alerting.rules_file import load
from models.kpi_value import KpiValue, Series, Status, Unit
from models.window import HOUR_US, MINUTE_US, windows
from streams.monitoring.alert_tables import AlertTables
from streams.monitoring.alerts import Alerting, Moment
from streams.monitoring.rule_book import RuleBook, Surroundings

RULES, SEGMENTS = 2_000, 25
LEVELS = "warning: {below: 2}, critical: {drop: {by: 50%, versus: 1h}}"
TWO = "warning: {all: [{below: 2}, {kpi: k%d, above: 1}]}"


@dataclass(frozen=True)
class Known:
    windows: tuple[str, ...] = ("1m",)
    by: tuple[str, ...] = ("channel",)
    denominator: None = None
    proportion: bool = False


def rules() -> str:
    return "rules:\n" + "".join(
        f"- {{name: R{n}, kpi: k{n}, window: 1m, by: channel, for: 3m, no_data: {{after: 10m, level: warning}},"
        f" levels: {{{TWO % (n - 1) if n % 10 == 9 else LEVELS}}}}}\n"
        for n in range(RULES)
    )


def values(minute: int, status: Status, tenth: int | None = None) -> Iterator[KpiValue]:
    """Of all series, or of every tenth."""
    end_us = minute * MINUTE_US
    for n in range(RULES * SEGMENTS):
        if tenth is None or n % 10 == tenth:
            series = Series(f"k{n // SEGMENTS}", "1m", "channel", f"segment {n % SEGMENTS}")
            number = n % 7 + minute % 3
            start_us = end_us - MINUTE_US
            yield KpiValue(series, start_us, end_us, Unit.COUNT, 0, number, None, None, status, 1, end_us, "d", end_us)


def main() -> None:
    kinds = windows(ZoneInfo("UTC"))
    names = {f"k{n}": Known() for n in range(RULES)}
    around = Surroundings(kinds, dict.fromkeys(names, "group"), dict.fromkeys(names, "d"))
    alerting, tables = Alerting(RuleBook(load(rules(), "alerts.yaml", names), around)), AlertTables()

    def step(what: str, minute: float, its: list[KpiValue]) -> None:
        began = time.process_time()
        told = list(alerting.step(tables, its, Moment({"group": round(minute * MINUTE_US)}, 0, 0, total=False)))
        took_ms = (time.process_time() - began) * 1e3
        each = f", {took_ms * 1e3 / len(its):.1f} us a value" if its else ""
        print(f"{what}: {len(its):,} values, {len(told):,} told, {took_ms:.0f} ms of CPU{each}")

    hour = HOUR_US // MINUTE_US
    for minute in (*range(1, 4), hour + 1, hour + 2):
        step(f"all series, minute {minute}", minute + 1, list(values(minute, Status.FINAL)))
    for second in range(3):
        some = list(values(hour + 3, Status.PROVISIONAL, tenth=second))
        step("a second's changes", hour + 3 + second / 60, some)
    step("a tick", hour + 3.1, [])
    alerting.renew(load(rules(), "alerts.yaml", names))
    step("the first step with other rules", hour + 3.1, [])
    states, pasts = len(tables.states), len(tables.pasts)
    held = [table.memory_bytes() / 1e6 for table in (tables.states, tables.pasts)]
    print(f"{states:,} states ({held[0]:.0f} MB), {pasts:,} hours of what was ({held[1]:.0f} MB)")


if __name__ == "__main__":
    main()
