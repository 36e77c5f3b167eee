"""alerts.yaml -> rules, checked against the KPIs there are; an error says file, line, rule, key and what is allowed."""

import re
from collections.abc import Collection, Mapping
from typing import Final, Protocol

from alerting.annotation import Annotation, BadAnnotation
from alerting.condition import LEVELS, Condition, Conditions, Level, Side
from alerting.rule import On, Rule
from models import source
from models.errors import DefinitionError
from models.source import Node

REQUIRED: Final = ("name", "kpi", "window", "levels")
OPTIONAL: Final = ("by", "for", "clear", "keep_firing_for", "min_denominator", "on", "labels", "annotations")
NOT_YET: Final = ("confident", "no_data")  # keys of a rule, and
CONDITIONS_NOT_YET: Final = ("outside", "drop", "rise", "all", "any")  # kinds of condition, of the full language
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")  # what Prometheus and Alertmanager take as name and label


class KnownKpi(Protocol):
    """What a rule has to know of a KPI; `models.kpi.Kpi` is one."""

    @property
    def windows(self) -> Collection[str]:
        """Names of the windows it is published for."""

    @property
    def by(self) -> Collection[str]:
        """Dimensions it is published by, without the total."""

    @property
    def denominator(self) -> object | None:
        """None for a sum."""


def load(text: str, file: str, known: Mapping[str, KnownKpi]) -> tuple[Rule, ...]:
    """The rules in `text`, in its order; `file` is its name in errors. Raises DefinitionError."""
    rules: dict[str, Rule] = {}
    for node in source.load(text, file).fields(required=("rules",))["rules"].items():
        rule = _rule(node, known)
        if rule.name in rules:
            raise node.named(rule.name).error("the name comes twice", "give each rule a name of its own")
        rules[rule.name] = rule
    return tuple(rules.values())


def _rule(node: Node, known: Mapping[str, KnownKpi]) -> Rule:
    name = _name(node)
    parts = node.named(name).fields(REQUIRED, (*OPTIONAL, *NOT_YET))
    for key in NOT_YET:
        if key in parts:
            raise _not_yet(parts[key])
    kpi, by = parts["kpi"].choice(known), parts.get("by")
    return Rule(
        name=name,
        kpi=kpi,
        window=parts["window"].choice(known[kpi].windows),
        by=_dimension(by, known[kpi].by) if by else None,
        conditions=_conditions(parts, known[kpi]),
        for_us=parts["for"].duration_us() if "for" in parts else 0,
        keep_firing_for_us=parts["keep_firing_for"].duration_us() if "keep_firing_for" in parts else 0,
        on=On(parts["on"].choice(tuple(On))) if "on" in parts else On.PROVISIONAL,
        labels=_labels(parts["labels"]) if "labels" in parts else {},
        annotations=_annotations(parts["annotations"]) if "annotations" in parts else {},
    )


def _name(node: Node) -> str:
    parts = node.entries()
    if "name" not in parts:
        raise node.error("`name` is missing", "add `name:`, it begins every message about the rule")
    name = parts["name"].string()
    if not _NAME.fullmatch(name):
        raise parts["name"].error(f'"{name}" is no name', "write letters, digits and _, like ConversionRateLow")
    return name


def _dimension(by: Node, dimensions: Collection[str]) -> str:
    if not dimensions:
        raise by.error("the KPI has no dimensions", "remove `by`")
    return by.choice(dimensions)


def _conditions(parts: Mapping[str, Node], kpi: KnownKpi) -> Conditions:
    levels = _levels(parts["levels"])
    clear = _clear(parts["clear"], levels) if "clear" in parts else None
    volume = _min_denominator(parts["min_denominator"], kpi) if "min_denominator" in parts else 0
    return Conditions(levels, clear, volume)


def _levels(node: Node) -> dict[Level, Condition]:
    found = node.fields(required=(), optional=LEVELS)
    levels = {level: _condition(found[level]) for level in LEVELS if level in found}
    if not levels:
        raise node.error("no level", f"write at least one of {' '.join(LEVELS)}")
    if len(levels) == len(LEVELS) and not _worse(levels[Level.CRITICAL], levels[Level.WARNING]):
        raise found[Level.CRITICAL].error(
            "critical is not worse than warning", "write the same side and a bound further out"
        )
    return levels


def _worse(critical: Condition, warning: Condition) -> bool:
    return critical.side is warning.side and warning.holds(critical.bound)


def _condition(node: Node) -> Condition:
    found = node.fields(required=(), optional=(*Side, *CONDITIONS_NOT_YET))
    for key in CONDITIONS_NOT_YET:
        if key in found:
            raise _not_yet(found[key])
    if len(found) != 1:
        raise node.error(f"{len(found)} conditions instead of one", f"write one of {' '.join(Side)}")
    (side, bound), *_ = found.items()
    return Condition(Side(side), bound.number())


def _clear(node: Node, levels: Mapping[Level, Condition]) -> Condition:
    clear, lowest = _condition(node), next(levels[level] for level in LEVELS if level in levels)
    if clear.side is lowest.side:
        raise node.error(f"clear is {clear.side} like the levels", "write the other side")
    if lowest.holds(clear.bound):
        raise node.error("clear holds where a level does", f"write a bound not {lowest.side} {lowest.bound:g}")
    return clear


def _min_denominator(node: Node, kpi: KnownKpi) -> int:
    if kpi.denominator is None:
        raise node.error("the KPI is a sum and has no denominator", "remove the key")
    least = node.integer()
    if least < 1:
        raise node.error(f"{least} is no volume", "write 1 or more")
    return least


def _labels(node: Node) -> dict[str, str]:
    return {_label(name, value): value.string() for name, value in node.entries().items()}


def _annotations(node: Node) -> dict[str, Annotation]:
    return {_label(name, value): _annotation(value) for name, value in node.entries().items()}


def _label(name: str, node: Node) -> str:
    if not _NAME.fullmatch(name):
        raise node.error(f'"{name}" is no label name', "write letters, digits and _, like runbook_url")
    return name


def _annotation(node: Node) -> Annotation:
    try:
        return Annotation.parse(node.string())
    except BadAnnotation as wrong:
        raise node.error(wrong.what, wrong.remedy) from None


def _not_yet(node: Node) -> DefinitionError:
    return node.error("not supported in this version", "remove the key")
