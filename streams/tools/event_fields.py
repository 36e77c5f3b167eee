"""The fields of the input events, as docs/reference.md tells of them."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from models import click, order, social
from models.click import Click
from models.event import Timestamp
from models.order import Amount, OrderCancelled, OrderPlaced, OrderRefunded
from models.social import SocialEvent
from streams.tools.docstrings import below

EVENTS: Final[dict[str, tuple[type[msgspec.Struct], ...]]] = {
    click.TOPIC: (Click,),
    order.TOPIC: (OrderPlaced, OrderRefunded, OrderCancelled),
    social.TOPIC: (SocialEvent,),
}
"""The types of the events of an input topic."""

_WORDS: Final = {Timestamp: "time, RFC 3339 with offset", Amount: "decimal text"}


class Field(NamedTuple):
    """A field of an event; `of`: the event types that have it, empty for all of the topic."""

    name: str
    type: str
    required: bool
    of: tuple[str, ...]
    meaning: str


def event_fields(types: Sequence[type[msgspec.Struct]]) -> list[Field]:
    """The fields of the types of a topic, each once, in order; what tells the types apart is one too."""
    found: dict[str, Field] = {}
    tags = {one: str(one.__struct_config__.tag) for one in types if one.__struct_config__.tag is not None}
    for one in types:
        for field in _fields(one):
            found[field.name] = _joined(found[field.name], field) if field.name in found else field
    if tags:
        names = ", ".join(f"`{tag}`" for tag in tags.values())
        found["event_type"] = Field("event_type", f"one of {names}", required=True, of=(), meaning="What happened.")
    everywhere = tuple(tags.values())
    return [field._replace(of=() if field.of == everywhere else field.of) for field in found.values()]


def _joined(one: Field, other: Field) -> Field:
    """A field that several types have; each may say what it means there."""
    same = other.meaning in one.meaning
    meaning = one.meaning if same else f"{one.meaning} Of `{other.of[0]}`: {other.meaning}"
    return one._replace(of=(*one.of, *other.of), meaning=meaning)


def _fields(struct: type[msgspec.Struct]) -> Iterator[Field]:
    hints, meanings = get_type_hints(struct, include_extras=True), below(struct)
    tag = struct.__struct_config__.tag
    of = () if tag is None else (str(tag),)
    for field in msgspec.structs.fields(struct):
        yield Field(field.name, type_words(hints[field.name]), field.required, of, meanings.get(field.name, ""))


def type_words(hint: Any) -> str:  # noqa: ANN401  a type form
    """A type and its bounds, in words: `text, 1 to 64 characters`."""
    if hint in _WORDS:
        return _WORDS[hint] + _pattern(hint)
    options = [option for option in get_args(hint) if option is not type(None)]
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(f"`{option}`" for option in options)
    if get_origin(hint) is Annotated:
        meta = next(one for one in options if isinstance(one, Meta))
        return _bounded(options[0], meta)
    return type_words(options[0]) if options else {str: "text", int: "whole number"}[hint]


def _bounded(kind: type, meta: Meta) -> str:
    if kind is int:
        return f"whole number, {meta.ge:,} to {meta.le:,}"
    least = meta.min_length or 0
    if least == meta.max_length:
        return f"text, {least} characters"
    return (
        f"text, {least} to {meta.max_length:,} characters" if least else f"text, up to {meta.max_length:,} characters"
    )


def _pattern(hint: Any) -> str:  # noqa: ANN401  a type form
    patterns = [one.pattern for one in get_args(hint) if isinstance(one, Meta) and one.pattern]
    return f" `{patterns[0]}`" if patterns else ""
