"""The page docs/settings.md, from the docstrings of models/settings.py: `python -m streams.tools.settings_page`."""

from pathlib import Path
from types import UnionType
from typing import Literal, get_args, get_origin

import msgspec

from models import settings
from models.receiver import KINDS
from streams.tools.docstrings import below

PAGE = Path("docs", "settings.md")

_HEAD = """# Settings

Every setting is an environment variable (`KPI_BROKER`) and a key of the YAML settings file (`broker`); the environment
wins. `kpi config` prints the effective ones, secrets hidden. Made by `python -m streams.tools.settings_page`.
"""

_RECEIVERS = """## Receivers

Elements of the list `receivers` of the settings file, told apart by `type`; without one it is a webhook. How each is
told of an alert: [notifications.md](notifications.md).
"""


def settings_page() -> str:
    """The whole page: a table of the settings, then one a kind of receiver."""
    rows = [
        (f"`{field}`" if field == "receivers" else f"`KPI_{field.upper()}`", *rest)  # a list fits no variable
        for field, *rest in _fields(settings.Settings)
    ]
    kinds = "\n".join(_kind(kind, struct) for kind, struct in KINDS.items())
    return f"{_HEAD}\n{_table('environment', rows)}\n{_RECEIVERS}\n{kinds}"


def _kind(kind: str, struct: type[msgspec.Struct]) -> str:
    rows = [(f"`{field}`", *rest) for field, *rest in _fields(struct)]
    return f"### `type: {kind}`\n\n{struct.__doc__}\n\n{_table('key', rows)}"


def _fields(struct: type[msgspec.Struct]) -> list[tuple[str, str, str, str]]:
    """Name, type, default and meaning of each field, in order."""
    meanings = below(struct)
    return [
        (field.name, _type(field.type), _default(field), meanings.get(field.name, ""))
        for field in msgspec.structs.fields(struct)
    ]


def _type(annotation: object) -> str:
    options = [option for option in get_args(annotation) if option is not type(None)]
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{option}`" for option in options)
    if get_origin(annotation) is tuple:
        return f"list of {_type(options[0])}"
    if get_origin(annotation) is UnionType and len(options) > 1:  # structs told apart by their tags
        return " or ".join(str(option.__struct_config__.tag) for option in options)
    if options:  # X | None: absent is said by the default
        return _type(options[0])
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default is msgspec.NODEFAULT:
        return "required"
    return "" if field.default in {None, ()} else f"`{field.default}`"


def _table(first: str, rows: list[tuple[str, ...]]) -> str:
    lines = [f"| {first} | type | default | meaning |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(settings_page(), encoding="utf-8")
