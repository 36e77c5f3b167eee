"""Reads `kpis.yaml` into a catalogue; what makes no sense is refused with file, line and remedy."""

import re
from collections.abc import Collection, Mapping
from zoneinfo import ZoneInfo

from models import source
from models.kpi import Catalogue, Kpi, Term, Terms
from models.kpi_value import Unit
from models.measure import FEEDS, MEASURES, MeasureUnit
from models.window import windows

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
WINDOWS = tuple(windows(ZoneInfo("UTC")))
REQUIRED = ("help", "numerator", "windows")
OPTIONAL = ("denominator", "proportion", "by")


def load_kpis(text: str, file: str) -> Catalogue:
    """The catalogue in `text`; raises DefinitionError."""
    entries = source.load(text, file).fields(required=("kpis",))["kpis"]
    kpis = {name: _kpi(name, node.named(name)) for name, node in entries.entries().items()}
    if not kpis:
        raise entries.error("no KPI is defined", "define at least one")
    return Catalogue(kpis)


def _kpi(name: str, node: source.Node) -> Kpi:
    if not NAME.fullmatch(name):
        raise node.error("not a name", "use a-z, 0-9 and _, beginning with a letter")
    fields = node.fields(REQUIRED, OPTIONAL)
    numerator = _terms(fields["numerator"])
    denominator = _terms(fields["denominator"]) if "denominator" in fields else None
    proportion = "proportion" in fields and fields["proportion"].boolean()
    if proportion and denominator is None:
        raise fields["proportion"].error("a sum is no proportion", "add a denominator or remove it")
    return Kpi(
        name=name,
        help=fields["help"].string(),
        unit=_unit(fields["numerator"], numerator, denominator),
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
    if len({MEASURES[term.measure].unit for term in terms}) > 1:
        raise node.error("adds money to a count", "combine measures of one unit")
    return terms


def _unit(node: source.Node, numerator: Terms, denominator: Terms | None) -> Unit:
    money = MEASURES[numerator[0].measure].unit is MeasureUnit.MONEY
    if denominator is None:
        return Unit.MONEY if money else Unit.COUNT
    if MEASURES[denominator[0].measure].unit is MeasureUnit.MONEY:
        raise node.error("divides by money", "divide by a count")
    return Unit.MONEY if money else Unit.RATIO


def _by(fields: Mapping[str, source.Node], numerator: Terms, denominator: Terms | None) -> tuple[str, ...]:
    """Dimensions that the events of every measure have."""
    if "by" not in fields:
        return ()
    topics = {MEASURES[term.measure].topic for term in (*numerator, *(denominator or ()))}
    common = [name for name in FEEDS[min(topics)].dimensions if all(name in FEEDS[t].dimensions for t in topics)]
    return _known(fields["by"], common, "dimension of all its measures")


def _known(node: source.Node, allowed: Collection[str], what: str) -> tuple[str, ...]:
    names = node.strings()
    for name in names:
        if name not in allowed:
            raise node.error(f'"{name}" is no {what}', f"possible are {' '.join(allowed)}")
    return names
