"""Rules as a task of the monitor has them, over values written as strips of one letter a minute.

A digit is the final value of the minute's window (of `rate` in tenths over a denominator of 1,000: it has an interval),
`_` no value, `o` a ratio over 0, `x` one over 1. `B` in a strip of the pipeline: it is behind. Alerts are written as in
life.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from alerting.alert import AlertState
from alerting.rule import Rule
from alerting.rules_file import load
from alerting.transition import Transition
from life import MINUTE_US, letter_of
from models.kpi import wilson
from models.kpi_value import KpiValue, Series, Status, Unit
from models.window import windows
from models.window_definition import TAKEN
from streams.monitoring.alert_tables import AlertTables
from streams.monitoring.alerts import Alerting, Moment
from streams.monitoring.rule_book import RuleBook, Surroundings

EVERY = tuple(TAKEN)


@dataclass(frozen=True)
class Known:
    denominator: str | None = None
    proportion: bool = False
    windows: tuple[str, ...] = EVERY
    by: tuple[str, ...] = ("channel",)


KNOWN = {
    "orders": Known(),
    "orders_expected": Known(),
    "visits": Known(),
    "rate": Known("visits", proportion=True),
}
DEFINITIONS = dict.fromkeys(KNOWN, "d")
GROUPS = {"orders": "o", "orders_expected": "o", "visits": "v", "rate": "v"}


def value_of(
    kpi: str, minute: int, letter: str, segment: str = "all", window: str = "1m", status: Status = Status.FINAL
) -> KpiValue:
    """Of the window that ends with a minute; of another kind than `1m` it is as long as it is, ending there."""
    end_us, ratio = (minute + 1) * MINUTE_US, KNOWN[kpi].denominator is not None
    denominator = {"o": 0, "x": 1}.get(letter, 1_000) if ratio else None
    number = 0 if denominator in {0, 1} else int(letter, 36)
    numerator = number * 100 if ratio else number
    return KpiValue(
        series=Series(kpi, window, "all" if segment == "all" else "channel", segment),
        start_us=end_us - MINUTE_US,
        end_us=end_us,
        unit=Unit.RATIO if ratio else Unit.COUNT,
        exponent=0,
        numerator=numerator,
        denominator=denominator,
        interval=wilson(numerator, denominator) if denominator else None,
        status=status,
        revision=1,
        watermark_us=end_us,
        definition="d",
        emitted_us=end_us,
    )


@dataclass
class Desk:
    """One task. `rules`: the text of their list; `lateness`: so many minutes after its end a window closes."""

    rules: str
    lateness: int = 0
    zone: tzinfo = UTC
    total: bool = True
    tables: AlertTables = field(default_factory=AlertTables)
    told: list[Transition] = field(default_factory=list)
    log: dict[str, dict[bytes, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        around = Surroundings(windows(ZoneInfo("UTC")), GROUPS, DEFINITIONS, self.zone, self.lateness * MINUTE_US)
        self.alerting = Alerting(RuleBook(self._load(), around))

    def _load(self) -> tuple[Rule, ...]:
        return load(f"rules:\n{self.rules}", "alerts.yaml", KNOWN)

    def reload(self, rules: str) -> None:
        """Another file, between two steps."""
        self.rules = rules
        self.alerting.renew(self._load())

    def restart(self) -> None:
        """Another worker takes over, with nothing but the changelog."""
        self.tables = AlertTables()
        for table in self.tables.all():
            for key, value in self.log.get(table.name, {}).items():
                table.restore(key, value)

    def step(self, *values: KpiValue, at: float, behind_s: float = 0) -> list[Transition]:
        """A step in which all watermarks are at a minute, and its commit."""
        told = list(self.alerting.step(self.tables, values, self.moment(at, behind_s)))
        self.told += told
        for table in self.tables.all():
            rows = self.log.setdefault(table.name, {})
            for key, value in table.drain():
                if value is None:
                    rows.pop(key, None)
                else:
                    rows[key] = value
        return told

    def moment(self, at: float, behind_s: float = 0) -> Moment:
        times_us = dict.fromkeys(set(GROUPS.values()), round(at * MINUTE_US))
        return Moment(times_us, round(behind_s * 1e6), round(at * MINUTE_US), self.total)

    def lives(
        self, strips: Mapping[str, str], rule: str = "Low", segment: str = "all", first: int = 0, pipeline: str = ""
    ) -> str:
        """The alert of a segment after each minute. `strips`: by KPI, or `KPI segment`; `first`: number of a minute."""
        seen = ""
        for number in range(max(map(len, strips.values()))):
            minute = first + number
            values = [
                value_of(name.split()[0], minute, strip[number], (*name.split(), segment)[1])
                for name, strip in strips.items()
                if strip[number : number + 1] not in {"_", ""}
            ]
            late = pipeline[number : number + 1] == "B"
            self.step(*values, at=minute + 1 + self.lateness, behind_s=61 if late else 0)
            seen += self.letter(rule, segment)
        return seen

    def letter(self, rule: str = "Low", segment: str = "all") -> str:
        """The alert of a segment now."""
        return letter_of(self.state(rule, segment))

    def state(self, rule: str = "Low", segment: str = "all") -> AlertState:
        return self.tables.states.rows.get((rule, segment), AlertState())

    @property
    def reasons(self) -> list[str]:
        """Of all that was told."""
        return [one.reason.value for one in self.told]
