"""Reads `kpis.yaml` into a catalogue; what makes no sense is refused with file, line and remedy."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from models import source
from models.dimension import FieldDimension, read_dimensions
from models.goal import goals_of
from models.kpi import Catalogue, Kpi, Term, Terms, dimensions_of
from models.kpi_value import Unit
from models.measure import MEASURES, STOCKS, VISITORS, MeasureUnit
from models.pace import LEARNT_FROM
from models.target import Target, read_target
from models.window import DAY_US, windows
from models.window_definition import WindowDefinition, read_windows, shapes

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
KINDS = windows(ZoneInfo("UTC"))
WINDOWS = tuple(KINDS)
CALENDAR_WINDOWS = tuple(name for name, kind in KINDS.items() if kind.calendar)
RESERVED_METRICS = frozenset(
    f"kpi_{name}"
    for name in (
        "alert_firing",
        "assignments",
        "build",
        "clv_fit",
        "clv_parameters",
        "commit_seconds",
        "consumer_lag_records",
        "denominator",
        "event_loop_delay_seconds",
        "event_loop_stall_seconds",
        "event_to_metric_seconds",
        "events",
        "folded_cells",
        "freshness_seconds",
        "frozen_cells",
        "fx_rates",
        "heartbeats",
        "interval_lower_ratio",
        "interval_upper_ratio",
        "last_commit_timestamp_seconds",
        "named_segments",
        "named_segments_limit",
        "notification_delay_seconds",
        "notifications",
        "notifications_firing",
        "notifications_oldest_undelivered_seconds",
        "ready",
        "restore_seconds",
        "restored_rows",
        "rules_reload_failed",
        "table_bytes",
        "table_rows",
        "tasks",
        "watermark_timestamp_seconds",
        "written_records",
    )
)
"""Names of the pipeline's own metrics."""

_SAMPLE = re.compile(r"_(total|created|bucket|count|sum|info)$")
"""What a counter or histogram adds to its name: kpi_events is exported as kpi_events_total."""

_SUMS = {
    MeasureUnit.COUNT: Unit.COUNT,
    MeasureUnit.MONEY: Unit.MONEY,
    MeasureUnit.DURATION: Unit.SECONDS,
}
"""What a sum of measures is in."""

REQUIRED = ("help", "numerator", "windows")
OPTIONAL = ("denominator", "proportion", "by", "target")


@dataclass(frozen=True, slots=True)
class _Defined:
    """What a KPI may use beside what everybody has."""

    windows: tuple[WindowDefinition, ...]
    fields: tuple[FieldDimension, ...]

    @property
    def window_names(self) -> tuple[str, ...]:
        return (*WINDOWS, *(window.name for window in self.windows))

    @property
    def windows_of_a_day(self) -> tuple[str, ...]:
        """Those that are no longer."""
        known = shapes(self.windows)
        return tuple(name for name in self.window_names if (shape := known.get(name)) and shape[0] <= DAY_US)


def load_kpis(text: str, file: str) -> Catalogue:
    """The catalogue in `text`; raises DefinitionError."""
    parts = source.load(text, file).fields(required=("kpis",), optional=("windows", "dimensions"))
    entries = parts["kpis"].entries()
    defined = _Defined(
        windows=read_windows(parts["windows"]) if "windows" in parts else (),
        fields=read_dimensions(parts["dimensions"]) if "dimensions" in parts else (),
    )
    if not entries:
        raise parts["kpis"].error("no KPI is defined", "define at least one")
    kpis = {name: _kpi(name, node.named(name), defined) for name, node in entries.items()}
    _check_metrics(kpis, entries)
    return Catalogue(kpis, defined.windows, defined.fields)


def _check_metrics(kpis: Mapping[str, Kpi], entries: Mapping[str, source.Node]) -> None:
    """Every series and every Prometheus metric has one meaning; also those that a target makes."""
    names, metrics = dict.fromkeys(kpis, ""), set(RESERVED_METRICS)
    for name, kpi in kpis.items():
        node = entries[name].named(name)
        for goal in goals_of(kpi):
            if goal.name in names:
                raise node.error(f"its target makes {goal.name}, which is there already", "rename one of the two")
        for one in (kpi, *goals_of(kpi)):
            if one.metric in metrics or _SAMPLE.sub("", one.metric) in RESERVED_METRICS:
                raise node.error(f"the metric {one.metric} is taken", "choose another name")
            metrics.add(one.metric)


def _kpi(name: str, node: source.Node, defined: _Defined) -> Kpi:
    if not NAME.fullmatch(name):
        raise node.error("not a name", "use a-z, 0-9 and _, beginning with a letter")
    fields = node.fields(REQUIRED, OPTIONAL)
    numerator = _terms(fields["numerator"])
    denominator = _terms(fields["denominator"]) if "denominator" in fields else None
    proportion = "proportion" in fields and fields["proportion"].boolean()
    kpi = Kpi(
        name=name,
        help=fields["help"].string(),
        unit=_unit(fields, numerator, denominator),
        numerator=numerator,
        denominator=denominator,
        proportion=proportion,
        windows=_windows(fields["windows"], numerator, denominator, defined),
        by=_by(fields, numerator, denominator, defined.fields),
    )
    if proportion:
        _check_proportion(fields["proportion"], numerator, denominator)
    return replace(kpi, target=_target(fields["target"], kpi)) if "target" in fields else kpi


def _target(node: source.Node, kpi: Kpi) -> Target:
    ratio = kpi.denominator is not None
    target = read_target(node, ratio=ratio, proportion=kpi.proportion, whole=kpi.unit is Unit.COUNT)
    for window in target.windows:
        if window not in kpi.windows:
            raise node.error(f"a target for {window}, which is no window of it", f"add {window} to windows")
    if target.curve is None and LEARNT_FROM not in kpi.windows:
        raise node.error(f"a pace is learnt from the window {LEARNT_FROM}", f"add {LEARNT_FROM} to windows")
    return target


def _terms(node: source.Node) -> Terms:
    """`revenue - refunds` as signed measures of one unit."""
    words = re.split(r"\s*([+-])\s*", "+" + node.string().strip())[1:]
    terms = tuple(Term(1 if sign == "+" else -1, name) for sign, name in zip(words[::2], words[1::2], strict=True))
    for term in terms:
        if term.measure not in MEASURES:
            raise node.error(f'unknown measure "{term.measure}"', f"measures are {' '.join(sorted(MEASURES))}")
    twice = [term.measure for index, term in enumerate(terms) if term.measure in {one.measure for one in terms[:index]}]
    if twice:
        raise node.error(f'"{twice[0]}" comes twice', "name each measure once")
    units = sorted({MEASURES[term.measure].unit for term in terms})
    if len(units) > 1:
        raise node.error(f"adds {units[1]} to a {units[0]}", "combine measures of one unit")
    return terms


def _check_proportion(node: source.Node, numerator: Terms, denominator: Terms | None) -> None:
    """An interval makes sense only where the numerator can never exceed the denominator."""
    if denominator is None:
        raise node.error("a sum is no proportion", "add a denominator or remove it")
    part, whole = _part(numerator, denominator), denominator[0].measure
    if part is None or len(denominator) > 1 or denominator[0].sign < 0 or whole not in MEASURES[part].part_of:
        parts = ", ".join(f"{m.name} / {whole}" for m in MEASURES.values() for whole in m.part_of)
        remedy = f"possible is {parts}, and whole - part / whole; or remove it"
        raise node.error("the numerator is not part of the denominator", remedy)


def _part(numerator: Terms, denominator: Terms) -> str | None:
    """The measure that is compared with the whole: `part`, or what is left of it, `whole - part`."""
    match numerator:
        case (Term(1, part),):
            return part
        case (Term(1, whole), Term(-1, part)) if whole == denominator[0].measure:
            return part
        case _:
            return None


def _unit(fields: Mapping[str, source.Node], numerator: Terms, denominator: Terms | None) -> Unit:
    unit = MEASURES[numerator[0].measure].unit
    if denominator is None:
        return _SUMS[unit]
    if MEASURES[denominator[0].measure].unit is not MeasureUnit.COUNT:
        raise fields["denominator"].error(f"divides by {MEASURES[denominator[0].measure].unit}", "divide by a count")
    return Unit.RATIO if unit is MeasureUnit.COUNT else _SUMS[unit]


def _windows(node: source.Node, numerator: Terms, denominator: Terms | None, defined: _Defined) -> tuple[str, ...]:
    """A level is of a day's end: in short windows it would be published for every minute without news."""
    allowed, what = defined.window_names, "window"
    measures = [term.measure for term in (*numerator, *(denominator or ()))]
    if bound := [name for name in measures if MEASURES[name].only_in]:
        its = [MEASURES[name].only_in for name in bound]
        allowed, what = tuple(name for name in allowed if {name} == {*its}), f"window of {bound[0]}, of each {its[0]}"
    elif stocks := [name for name in measures if name in STOCKS]:
        allowed, what = CALENDAR_WINDOWS, f"window of {stocks[0]}, which has no value of less than a day"
    elif VISITORS in measures:  # who comes again after that would be counted twice
        allowed, what = defined.windows_of_a_day, "window of visitors, who are known for a day after their last event"
    names = _known(node, allowed, what)
    if not names:
        raise node.error("no window", f"write some of {' '.join(allowed)}")
    return names


def _by(
    fields: Mapping[str, source.Node],
    numerator: Terms,
    denominator: Terms | None,
    defined: Collection[FieldDimension],
) -> tuple[str, ...]:
    """Dimensions that the events of every measure have."""
    if "by" not in fields:
        return ()
    first, *others = (MEASURES[term.measure] for term in (*numerator, *(denominator or ())))
    common = [
        name for name in dimensions_of(first, defined) if all(name in dimensions_of(other, defined) for other in others)
    ]
    return _known(fields["by"], common, "dimension of all its measures")


def _known(node: source.Node, allowed: Collection[str], what: str) -> tuple[str, ...]:
    names = node.strings()
    for name in names:
        if name not in allowed:
            raise node.error(f'"{name}" is no {what}', f"possible are {' '.join(allowed)}")
    return names
