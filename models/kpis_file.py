"""Reads `kpis.yaml` into a catalogue; what makes no sense is refused with file, line and remedy."""

import re
from collections.abc import Collection, Mapping
from zoneinfo import ZoneInfo

from models import source
from models.kpi import Catalogue, Kpi, Term, Terms
from models.kpi_value import Unit
from models.measure import MEASURES, MeasureUnit
from models.window import windows

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
WINDOWS = tuple(windows(ZoneInfo("UTC")))
RESERVED_METRICS = frozenset(
    f"kpi_{name}"
    for name in (
        "commit_seconds",
        "consumer_lag_records",
        "event_loop_stall_seconds",
        "event_to_metric_seconds",
        "events",
        "freshness_seconds",
        "frozen_cells",
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

_SUMS = {
    MeasureUnit.COUNT: Unit.COUNT,
    MeasureUnit.MONEY: Unit.MONEY,
    MeasureUnit.DURATION: Unit.SECONDS,
}
"""What a sum of measures is in."""

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
        windows=_known(fields["windows"], WINDOWS, "window"),
        by=_by(fields, numerator, denominator),
    )


def _terms(node: source.Node) -> Terms:
    """`revenue - refunds` as signed measures of one unit."""
    words = re.split(r"\s*([+-])\s*", "+" + node.string().strip())[1:]
    terms = tuple(Term(1 if sign == "+" else -1, name) for sign, name in zip(words[::2], words[1::2], strict=True))
    for term in terms:
        if term.measure not in MEASURES:
            raise node.error(f'unknown measure "{term.measure}"', f"measures are {' '.join(sorted(MEASURES))}")
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


def _unit(node: source.Node, numerator: Terms, denominator: Terms | None) -> Unit:
    unit = MEASURES[numerator[0].measure].unit
    if denominator is None:
        return _SUMS[unit]
    if MEASURES[denominator[0].measure].unit is not MeasureUnit.COUNT:
        raise node.error(f"divides by {MEASURES[denominator[0].measure].unit}", "divide by a count")
    return Unit.RATIO if unit is MeasureUnit.COUNT else _SUMS[unit]


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
