"""Dashboards as Grafana has them: panels, and everything it would ask Prometheus, with variables filled in."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Dashboard = dict[str, Any]
Panel = dict[str, Any]
Choices = Mapping[str, str]
"""Values of variables by name."""

BUILT_IN = {"__rate_interval": "1m", "__interval": "15s", "__range": "1h"}
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|([A-Za-z_]\w*))")
_LABEL_VALUES = re.compile(r"label_values\((.+), (\w+)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asked:
    """`label` None: a query of values; else the values of a label of series. `instant`: of this moment."""

    where: str
    expr: str
    label: str | None = None
    instant: bool = True


def read(folder: Path) -> dict[str, Dashboard]:
    """By uid."""
    made = (json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json")))
    return {one["uid"]: one for one in made}


def panels(dashboard: Dashboard) -> Iterator[Panel]:
    """All that show something, also those of closed rows."""
    for one in dashboard["panels"]:
        if one["type"] == "row":
            yield from one["panels"]
        else:
            yield one


def variables(dashboard: Dashboard) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = dashboard["templating"]["list"]
    return found


def chosen(dashboard: Dashboard) -> dict[str, str]:
    """What is chosen where nothing else is."""
    return {one["name"]: one.get("current", {}).get("value", "default") for one in variables(dashboard)}


def filled(text: str, choices: Choices) -> str:
    """As Grafana asks; KeyError of a variable that nobody defines."""
    known = {**BUILT_IN, **choices}
    return _VARIABLE.sub(lambda match: known[match[1] or match[2]], text)


def asked(dashboard: Dashboard, choices: Choices) -> Iterator[Asked]:
    """Everything it asks with these choices."""
    for panel in panels(dashboard):
        for target in panel["targets"]:
            where = f"{dashboard['uid']}: {panel['title']} {target['refId']}"
            yield Asked(where, filled(target["expr"], choices), instant=target["instant"])
    for one in dashboard["annotations"]["list"]:
        if one["datasource"]["type"] == "prometheus":
            yield Asked(f"{dashboard['uid']}: annotation {one['name']}", filled(one["expr"], choices), instant=False)
    for one in variables(dashboard):
        if one["type"] == "query":
            selector, label = label_values(one["query"]["query"])
            yield Asked(f"{dashboard['uid']}: variable {one['name']}", filled(selector, choices), label)


def label_values(query: str) -> tuple[str, str]:
    """Selector and label of `label_values(selector, label)`."""
    match = _LABEL_VALUES.fullmatch(query)
    assert match, query
    return match[1], match[2]


def texts(value: Any) -> Iterator[str]:
    """Every text of a dashboard, wherever it stands."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, Iterable):
        for one in value:
            yield from texts(one)
