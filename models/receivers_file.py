"""The list `receivers` of the settings file, with the place of every mistake."""

from typing import Any, get_type_hints

import msgspec

from models import source
from models.receiver import KINDS, NAME, Receiver, fault_of


def read_receivers(node: source.Node) -> tuple[Receiver, ...]:
    """In their order; raises DefinitionError."""
    found: dict[str, Receiver] = {}
    for item in node.items():
        receiver = _receiver(item)
        if receiver.name in found:
            raise item.error(f"the name {receiver.name} comes twice", "give each its own")
        found[receiver.name] = receiver
    return tuple(found.values())


def _receiver(item: source.Node) -> Receiver:
    given = item.entries()
    kind = KINDS[given["type"].choice(KINDS) if "type" in given else "webhook"]
    infos = msgspec.structs.fields(kind)
    required = {info.name for info in infos if info.required}
    fields = item.fields(required, {"type", *(info.name for info in infos)} - required)
    types = get_type_hints(kind)
    return kind(**{name: _value(name, part, types[name]) for name, part in fields.items() if name != "type"})


def _value(name: str, node: source.Node, type_: object) -> Any:  # noqa: ANN401  of any field
    if type_ is bool:
        return node.boolean()
    if name == "urls":
        parts = node.items()
        if not parts:
            raise node.error("an empty list", "write at least one address")
        return tuple(_address(part) for part in parts)
    if name == "url":
        return _address(node)
    text = node.string()
    if name == "name" and not NAME.fullmatch(text):
        raise node.error(f'"{text}" is no name', "write 1 to 64 letters, digits, dots, dashes, underscores")
    return text


def _address(node: source.Node) -> str:
    url = node.string()
    if fault := fault_of(url):
        raise node.error(*fault)
    return url
