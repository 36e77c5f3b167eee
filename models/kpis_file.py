"""Reads `kpis.yaml` into a catalogue; what makes no sense is refused with file, line and remedy."""

import re
from collections.abc import Collection, Mapping
from zoneinfo import ZoneInfo

from models import source
from models.kpi import Catalogue, Kpi, Term, Terms
from models.kpi_value import Unit
from models.measure import MEASURES, STOCKS, MeasureUnit
from models.window import windows

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
KINDS = windows(ZoneInfo("UTC"))
WINDOWS = tuple(KINDS)
CALENDAR_WINDOWS = tuple(name for name, kind in KINDS.items() if kind.calendar)
RESERVED_METRICS = frozenset(
    f"kpi_{name}"
    for name in (
        "commit_seconds",
        "consumer_lag_records",
        "event_loop_stall_seconds",
        "event_to_metric_seconds",
        "events",
        "folded_cells",
        "freshness_seconds",
        "frozen_cells",
        "fx_rates",
        "heartbeats",
        "notifications",
        "restore_seconds",
        "restored_rows",
        "table_bytes",
        "table_rows",
        "watermark_timestamp_seconds",
        "written_records",
    )
)
"""Names of the pipeline's own metrics."""

REQUIRED = ("help", "numerator", "windows")
OPTIONAL = ("denominator", "proportion", "by")


def load_kpis(text: str, file: str) -> Catalogue:
    """The catalogue in `text`; raises DefinitionError."""
    entries = source.load(text, file).fields(required=("kpis",))["kpis"]
    kpis: dict[str, Kpi] = {}
    metrics = set(RESERVED_METRICS)
    for name, node in entries.entries().items():
        kpi = kpis[name] = _kpi(name, node.named(name))
        if kpi.metric in metrics:
            raise node.named(name).error(f"the metric {kpi.metric} is taken", "choose another name")
        metrics.add(kpi.metric)
    if not kpis:
        raise entries.error("no KPI is defined", "define at least one")
    return Catalogue(kpis)


def _kpi(name: str, node: source.Node) -> Kpi:
    if not NAME.fullmatch(name):
        raise node.error("not a name", "use a-z, 0-9 and _, beginning with a letter")
    fields = node.fields(REQUIRED, OPTIONAL)
    numerator = _terms(fields["numerator"])
    denominator = _terms(fields["denominator"]) if "denominator" in fields else None
    unit = _unit(fields["numerator"], numerator, denominator)
    proportion = "proportion" in fields and fields["proportion"].boolean()
    if proportion:
        _check_proportion(fields["proportion"], numerator, denominator)
    return Kpi(
        name=name,
        help=fields["help"].string(),
        unit=unit,
        numerator=numerator,
        denominator=denominator,
        proportion=proportion,
        windows=_windows(fields["windows"], numerator, denominator),
        by=_by(fields, numerator, denominator),
    )


def _terms(node: source.Node) -> Terms:
    """`revenue - refunds` as signed measures of one unit."""
    words = re.split(r"\s*([+-])\s*", "+" + node.string().strip())[1:]
    terms = tuple(Term(1 if sign == "+" else -1, name) for sign, name in zip(words[::2], words[1::2], strict=True))
    for term in terms:
        if term.measure not in MEASURES:
            raise node.error(f'unknown measure "{term.measure}"', f"measures are {' '.join(sorted(MEASURES))}")
    if len({MEASURES[term.measure].unit for term in terms}) > 1:
        raise node.error("adds money to a count", "combine measures of one unit")
    return terms


def _check_proportion(node: source.Node, numerator: Terms, denominator: Terms | None) -> None:
    """An interval makes sense only where the numerator can never exceed the denominator."""
    if denominator is None:
        raise node.error("a sum is no proportion", "add a denominator or remove it")
    part, whole = MEASURES[numerator[0].measure], denominator[0].measure
    if len(numerator) > 1 or len(denominator) > 1 or part.part_of != whole:
        parts = ", ".join(f"{m.name} / {m.part_of}" for m in MEASURES.values() if m.part_of)
        raise node.error("the numerator is not part of the denominator", f"possible is {parts}, or remove it")


def _unit(node: source.Node, numerator: Terms, denominator: Terms | None) -> Unit:
    money = MEASURES[numerator[0].measure].unit is MeasureUnit.MONEY
    if denominator is None:
        return Unit.MONEY if money else Unit.COUNT
    if MEASURES[denominator[0].measure].unit is MeasureUnit.MONEY:
        raise node.error("divides by money", "divide by a count")
    return Unit.MONEY if money else Unit.RATIO


def _windows(node: source.Node, numerator: Terms, denominator: Terms | None) -> tuple[str, ...]:
    """A level is of a day's end: in short windows it would be published for every minute without news."""
    stocks = [term.measure for term in (*numerator, *(denominator or ())) if term.measure in STOCKS]
    if stocks:
        return _known(node, CALENDAR_WINDOWS, f"window of {stocks[0]}, which has no value of less than a day")
    return _known(node, WINDOWS, "window")


def _by(fields: Mapping[str, source.Node], numerator: Terms, denominator: Terms | None) -> tuple[str, ...]:
    """Dimensions that the events of every measure have."""
    if "by" not in fields:
        return ()
    first, *others = (MEASURES[term.measure] for term in (*numerator, *(denominator or ())))
    common = [name for name in first.dimensions if all(name in other.dimensions for other in others)]
    return _known(fields["by"], common, "dimension of all its measures")


def _known(node: source.Node, allowed: Collection[str], what: str) -> tuple[str, ...]:
    names = node.strings()
    for name in names:
        if name not in allowed:
            raise node.error(f'"{name}" is no {what}', f"possible are {' '.join(allowed)}")
    return names
