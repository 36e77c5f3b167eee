"""Which options a panel of Grafana knows: those of the version in docker-compose.yml, by @grafana/schema.

tests/data/grafana_schema.json is made of the package's types:

    npm pack @grafana/schema@12.4.4 && tar xzf grafana-schema-12.4.4.tgz && npm install typescript@5
    cp tests/data/grafana_schema.mjs . && node grafana_schema.mjs package tests/data/grafana_schema.json
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "data" / "grafana_schema.json"
SCHEMA: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
VERSION: str = SCHEMA["version"]

Names = Mapping[str, Any] | None
"""Names of an object's options, each with those below it; None: anything may be there."""


def unknown(value: Any, names: Names, path: str) -> Iterator[str]:
    """Paths of what a value has and the schema does not know."""
    if names is None:
        return
    if isinstance(value, list):
        for one in value:
            yield from unknown(one, names, path)
    elif isinstance(value, dict):
        for name, below in value.items():
            if name not in names:
                yield f"{path}.{name}"
            else:
                yield from unknown(below, names[name], f"{path}.{name}")


def unknown_of_panel(panel: Mapping[str, Any]) -> list[str]:
    """Of a panel: its own options, those of its kind, of its fields and of its overrides."""
    kind, title = panel["type"], panel["title"]
    known, config = SCHEMA["panels"][kind], panel["fieldConfig"]
    custom = known["custom"]
    found = list(unknown(panel, SCHEMA["panel"] | {"options": known["options"], "fieldConfig": None}, title))
    found += unknown(config["defaults"], SCHEMA["fieldConfig"] | {"custom": custom}, f"{title}.defaults")
    for override in config["overrides"]:
        for one in override["properties"]:
            found += unknown(_nested(one["id"], one["value"]), SCHEMA["fieldConfig"] | {"custom": custom}, title)
    return found


def _nested(path: str, value: object) -> dict[str, Any]:
    """`custom.lineStyle` as an object in an object."""
    first, _, rest = path.partition(".")
    return {first: _nested(rest, value) if rest else value}
