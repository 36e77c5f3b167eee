"""The page docs/reference.md, from the code: `python -m streams.tools.reference_page`, or `make docs`."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from prometheus_client.core import Metric

from models.clv import NoFitReason
from models.kpi import Catalogue
from models.kpis_file import WINDOWS, load_kpis
from models.measure import FEEDS, MEASURES
from models.outcome import Outcome, Reason
from models.window_definition import lengths
from streams.delivering.metrics import Outcome as NotificationOutcome
from streams.tools.docstrings import below
from streams.tools.event_fields import EVENTS, Field, event_fields
from streams.tools.exported import exported
from streams.tools.kpi_list import KpiLine, kpi_lines

PAGE = Path("docs", "reference.md")
KPIS = Path("deploy", "kpis.yaml")
IN_ORDER = (Outcome.INVALID, Outcome.LATE, Outcome.DUPLICATE, Outcome.BOT, Outcome.COUNTED)
"""In which outcomes are judged."""

_HEAD = """# Reference

What goes in, what is measured, what comes out. Made by `make docs` from the code; settings are in
[settings.md](settings.md).
"""
_EVENTS = """## Events

JSON objects in UTF-8, one a record. Unknown extra fields are ignored, `null` is absent.
"""
_CONTROLS = """### Records that are no events

Known by a header, and counted as nothing. `kpi-heartbeat` (any input; the header's value is a time, RFC 3339): no
earlier event of the partition is to come. `kpi-erase` (`orders`; keyed by the `customer_id`, without a value; `kpi
customers erase` sends it): forget the customer. The figures stay, and a later order is a new customer's.
"""
_FITS = """### `kpi-clv-parameters`

JSON, keyed by `currency`; `kpi clv fit` writes it, every worker predicts with the last one. Either `transactions`
(BG/NBD: `r`, `alpha` in weeks, `a`, `b`) and `values` (Gamma-Gamma: `p`, `q`, `v` in minor units), or a `reason` why
there is no model and no prediction, with a `detail`; always `fitted_at`, `through` (the business day), `currency` and
the number of `customers`.
"""
_MEASURES = """## Measures

Whole numbers that add up over events, partitions and commits; money in minor units of the reporting currency. KPIs
are sums, differences and ratios of them.
"""
_WINDOWS = """## Windows

Of event time; days and months in `KPI_BUSINESS_TIMEZONE`. More can be defined in kpis.yaml, like `15m: {length: 15m,
hop: 5m}`.
"""
_KPIS = """## KPIs

Those of `deploy/kpis.yaml`; `kpi kpis list` shows those of this machine. `95 %`: with a Wilson interval (E. B.
Wilson, JASA 22 (1927) 209-212). A ratio over 0 has no value. The hash is on every value: a changed formula is another
hash.
"""
_CHANGES = """### A definition that changes

Start all workers anew with the new kpis.yaml, none with the old one beside them. A window that was final keeps its
value and its hash, and is corrected no more. An open one is closed under the new definition; its revisions go on, so
the highest is the newest. A KPI that needs a measure in a window or by a dimension in which nothing needed it before
is published in the windows that begin later than what was counted by then and 5 minutes: a day in which half of it
was counted would be a wrong number. A changed target or pace holds at once. A name of windows keeps its length and
hop, and days their timezone: the worker refuses to start otherwise.
"""
_GOALS = """### Goals

A KPI with a `target` makes four more, for the total, in `1d` or `1M`. The share usually reached by now is even over
the hours, given as 24 cumulative shares, or learnt: the mean, over the same weekday of the last four weeks, of what
was reached by the hour / what the day came to. A ratio is expected to be its target at any time.

| KPI | formula | a ratio |
|---|---|---|
| `<kpi>_target` | target | target |
| `<kpi>_expected` | target x share usually reached by now | target |
| `<kpi>_attainment` | value / target | value / target |
| `<kpi>_forecast` | value / share usually reached by now | value |
"""
_OUTCOMES = """## Outcomes

Every event received has exactly one, the first that applies, in this order; `kpi ledger` and
`kpi_events_total{topic,outcome}`.
"""
_REASONS = """## Reasons of dead letters

Headers of a letter: `kpi-topic`, `kpi-partition`, `kpi-offset`, `kpi-reason`, `kpi-detail`; the sender's own headers
stay.
"""
_METRICS = """## Metrics

One gauge a KPI, named above, with labels `window`, `dimension`, `segment` (and `currency`): the earliest open window,
of `1m` and of predictions the last that has ended. Absent without a value. In dashboards `max without (instance)`.
`process_*` beside them: a restart is a change of `process_start_time_seconds`. Text and OpenMetrics, by `Accept`.
"""
_NOTIFICATIONS = """### Outcomes of notifications

Of `kpi_notifications_total{receiver,outcome}`; dead letters of receivers have the headers `kpi-receiver` and
`kpi-status`. Of several Alertmanagers, each is a receiver: its name, host and port.
"""
_FOOT = """\
`/livez` answers 200 while the event loop turns and the watchdog looks, else not at all or 503: kill the process then. A
broker that is away is no reason. `/readyz` answers 200 when the broker answers and the tasks of `kpi worker` run, the
receivers of `kpi notify` have joined their groups and what fires is read; else 503 and the reasons, a line each.

## Exit codes

0 done · 1 a question answered with no (`kpi status`, `kpi demo`, `kpi rules test`) · 2 something given is wrong: one
line says what, where and what to do · 70 a fault of the worker: its supervisor starts it again from the last commit.
"""


def reference_page(kpis_text: str) -> str:
    """The whole page; `kpis_text`: the KPIs to tell of."""
    catalogue = load_kpis(kpis_text, str(KPIS))
    parts = (
        _HEAD,
        _EVENTS,
        *(f"### `{topic}`\n\n{_fields(event_fields(types))}" for topic, types in EVENTS.items()),
        _CONTROLS,
        _FITS,
        _words("reason", "why there is no model", NoFitReason, tuple(NoFitReason)),
        _MEASURES,
        _measures(),
        _WINDOWS,
        _table(("window", "length"), ((f"`{name}`", said) for name, said in _windows(catalogue).items())),
        _KPIS,
        _kpis(kpi_lines(catalogue)),
        _CHANGES,
        _GOALS,
        _OUTCOMES,
        _words("outcome", "when", Outcome, IN_ORDER),
        _REASONS,
        _words("reason", "what to mend", Reason, tuple(Reason)),
        _METRICS,
        _table(("metric", "labels", "what"), map(_metric, sorted(exported(), key=lambda family: family.name))),
        _NOTIFICATIONS,
        _words("outcome", "when", NotificationOutcome, tuple(NotificationOutcome)),
        _FOOT,
    )
    return "\n".join(parts)


def _fields(fields: Iterable[Field]) -> str:
    rows = (
        (f"`{one.name}`", one.type.replace("|", r"\|"), _presence(one), one.meaning)  # a bar ends a cell
        for one in fields
    )
    return _table(("field", "type", "", "meaning"), rows)


def _presence(field: Field) -> str:
    presence = "required" if field.required else "optional"
    return f"{presence}, of {' '.join(f'`{tag}`' for tag in field.of)}" if field.of else presence


def _measures() -> str:
    rows = (
        (
            f"`{one.name}`",
            one.unit.value,
            one.help,
            ", ".join(sorted({FEEDS[feed].topic for feed in one.feeds})),
            " ".join(one.dimensions),
        )
        for one in MEASURES.values()
    )
    return _table(("measure", "unit", "what", "from", "by"), rows)


def _windows(catalogue: Catalogue) -> Mapping[str, str]:
    names = (*WINDOWS, *(one.name for one in catalogue.windows))
    return lengths(names, catalogue.windows)


def _kpis(lines: Iterable[KpiLine]) -> str:
    rows = (
        (
            f"`{line.kpi}`",
            f"{line.formula}",
            f"{line.unit}, 95 %" if line.interval else line.unit,
            " ".join(line.windows),
            " ".join(line.by),
            f"`{line.metric}`",
            f"`{line.definition}`",
        )
        for line in lines
    )
    return _table(("KPI", "formula", "unit", "windows", "by", "metric", "hash"), rows)


def _words(first: str, second: str, owner: type[StrEnum], members: Iterable[StrEnum]) -> str:
    said = below(owner)
    return _table((first, second), ((f"`{one.value}`", said[one.name]) for one in members))


def _metric(family: Metric) -> tuple[str, str, str]:
    suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
    labels = dict.fromkeys(name for sample in family.samples for name in sample.labels if name != "le")
    return f"`{family.name}{suffix}`", " ".join(labels), family.documentation.rstrip(".") + "."


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(row)} |".replace("|  |", "| |") for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(reference_page(KPIS.read_text(encoding="utf-8")), encoding="utf-8")
