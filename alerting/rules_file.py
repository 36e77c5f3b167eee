"""alerts.yaml -> rules, checked against the KPIs there are; an error says file, line, rule, key and what is allowed."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from alerting.annotation import Annotation, BadAnnotation
from alerting.condition import LEVELS, Conditions, Level
from alerting.conditions_file import KnownKpi, Place, clear, levels
from alerting.rule import NoData, On, Rule
from models import source
from models.duration import text as duration_text
from models.source import Node
from models.window_definition import DAY_US, TAKEN, Shapes

REQUIRED: Final = ("name", "kpi", "window", "levels")
OPTIONAL: Final = (
    "by",
    "for",
    "clear",
    "keep_firing_for",
    "min_denominator",
    "confident",
    "on",
    "no_data",
    "labels",
    "annotations",
)
BUILT_IN: Final = ("PipelineBehind",)  # names of alerts that are there without a rule
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")  # what Prometheus and Alertmanager take as name and label


def load(text: str, file: str, known: Mapping[str, KnownKpi], shapes: Shapes = TAKEN) -> tuple[Rule, ...]:
    """The rules in `text`, in its order; `file` is its name in errors. Raises DefinitionError.

    `shapes`: length and hop of every kind of window.
    """
    rules: dict[str, Rule] = {}
    for node in source.load(text, file).fields(required=("rules",))["rules"].items():
        rule = _rule(node, known, shapes)
        if rule.name in rules:
            raise node.named(rule.name).error("the name comes twice", "give each rule a name of its own")
        rules[rule.name] = rule
    return tuple(rules.values())


def _rule(node: Node, known: Mapping[str, KnownKpi], shapes: Shapes) -> Rule:
    name = _name(node)
    parts = node.named(name).fields(REQUIRED, OPTIONAL)
    kpi, by = parts["kpi"].choice(known), parts.get("by")
    window = parts["window"].choice(known[kpi].windows)
    dimension = _dimension(by, known[kpi].by) if by else None
    place = Place(kpi, window, dimension, _confident(parts, kpi, known[kpi]), known, shapes[window])
    return Rule(
        name=name,
        kpi=kpi,
        window=window,
        conditions=_conditions(parts, place),
        by=dimension,
        for_us=parts["for"].duration_us() if "for" in parts else 0,
        keep_firing_for_us=parts["keep_firing_for"].duration_us() if "keep_firing_for" in parts else 0,
        on=On(parts["on"].choice(tuple(On))) if "on" in parts else On.PROVISIONAL,
        no_data=_no_data(parts["no_data"], place) if "no_data" in parts else None,
        every_us=_every_us(place),
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
    if name in BUILT_IN:
        raise parts["name"].error(f"{name} is built in", "give the rule another name")
    return name


def _dimension(by: Node, dimensions: Collection[str]) -> str:
    if not dimensions:
        raise by.error("the KPI has no dimensions", "remove `by`")
    return by.choice(dimensions)


def _confident(parts: Mapping[str, Node], name: str, kpi: KnownKpi) -> bool:
    if "confident" not in parts:
        return False
    confident = parts["confident"].boolean()
    if confident and not kpi.proportion:
        raise parts["confident"].error(f"{name} has no interval", "remove the key, or use min_denominator")
    return confident


def _conditions(parts: Mapping[str, Node], place: Place) -> Conditions:
    found = levels(parts["levels"], place)
    calm = clear(parts["clear"], found, place) if "clear" in parts else None
    kpi = place.known[place.kpi]
    volume = _min_denominator(parts["min_denominator"], kpi) if "min_denominator" in parts else 0
    return Conditions(found, calm, volume, place.confident)


def _min_denominator(node: Node, kpi: KnownKpi) -> int:
    if kpi.denominator is None:
        raise node.error("the KPI is a sum and has no denominator", "remove the key")
    least = node.integer()
    if least < 1:
        raise node.error(f"{least} is no volume", "write 1 or more")
    return least


def _no_data(node: Node, place: Place) -> NoData:
    parts = node.fields(required=("after", "level"))
    after_us, every_us = parts["after"].duration_us(), _every_us(place)
    if after_us < every_us:
        every = duration_text(every_us)
        raise parts["after"].error(
            f"windows of {place.window} end only every {every}", f"write {every} or more, or watch a shorter window"
        )
    return NoData(after_us, Level(parts["level"].choice(LEVELS)))


def _every_us(place: Place) -> int:
    return place.shape[1] if place.shape else 31 * DAY_US


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
