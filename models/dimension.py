"""Dimensions that a shop defines for itself, in `dimensions:` of kpis.yaml: a text field of an input event.

    dimensions:
      landing_host: {topic: clickstream, field: page_url, part: host}
      source: utm_source              the same, of every topic whose events have the field

Their segments travel behind the built-in ones, as `name=segment`: state that was written before a dimension was
defined, or after it was removed, stays readable and right.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, Protocol, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec

from models import click, order, social
from models.click import Click
from models.measure import FEEDS
from models.order import OrderEvent
from models.slices import MAX_SEGMENT, Segments
from models.social import SocialEvent
from models.source import Node

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
EVENTS: Final[dict[str, type[msgspec.Struct]]] = {
    click.TOPIC: Click,
    order.TOPIC: OrderEvent,
    social.TOPIC: SocialEvent,
}
"""What the events of an input topic have in common."""

BUILT_IN: Final = frozenset(name for feed in FEEDS.values() for name in feed.dimensions)
_UNIQUE: Final = "event_id"  # a segment for every event


class Part(StrEnum):
    """What is taken of a field that holds a URL."""

    HOST = "host"  # in lower case, without port
    PATH = "path"  # without query and fragment


@dataclass(frozen=True, slots=True)
class FieldDimension:
    """Segments are the texts of `field` of the events of a `topic`, or a part of them."""

    name: str
    topic: str
    field: str
    part: Part | None = None

    def segment(self, event: object) -> str | None:
        """The segment of an event, cut to MAX_SEGMENT characters; None: it has none."""
        text: str | None = getattr(event, self.field)
        if text and self.part is not None:
            text = _part_of(text, self.part)
        return text[:MAX_SEGMENT] if text else None


class Segmented(Protocol):
    """An event."""

    @property
    def segments(self) -> Segments:
        """Those of the dimensions of its type."""


def segments_of(event: Segmented, defined: Sequence[FieldDimension]) -> Segments:
    """The segments of an event, then those of `defined` dimensions of its topic."""
    return (*event.segments, *defined_segments(event, defined)) if defined else event.segments


def defined_segments(event: object, defined: Sequence[FieldDimension]) -> Segments:
    """Those of `defined` dimensions, as `name=segment`; an absent one is left out."""
    found = ((dimension.name, dimension.segment(event)) for dimension in defined)
    return tuple(f"{name}={segment}" for name, segment in found if segment is not None)


def text_fields(topic: str) -> tuple[str, ...]:
    """Fields of the events of a topic that can be a dimension, in their order."""
    hints = get_type_hints(EVENTS[topic])
    return tuple(name for name in EVENTS[topic].__struct_fields__ if name != _UNIQUE and _is_text(hints[name]))


def read_dimensions(node: Node) -> tuple[FieldDimension, ...]:
    """The entries of `dimensions:`; raises DefinitionError."""
    return tuple(one for name, entry in node.entries().items() for one in _dimension(name, entry))


def _dimension(name: str, node: Node) -> tuple[FieldDimension, ...]:
    if not NAME.fullmatch(name):
        raise node.error(f'"{name}" is no name of a dimension', "use a-z, 0-9 and _, beginning with a letter")
    if name in BUILT_IN or name == "all":
        raise node.error(f'"{name}" is a dimension that everybody has', "choose another name")
    if node.is_mapping:
        parts = node.fields(required=("topic", "field"), optional=("part",))
        topic = parts["topic"].choice(EVENTS)
        field = _field(parts["field"], text_fields(topic), f"of {topic}")
        part = Part(parts["part"].choice(tuple(Part))) if "part" in parts else None
        return (FieldDimension(name, topic, field, part),)
    every = {topic: text_fields(topic) for topic in EVENTS}
    field = _field(node, sorted({field for fields in every.values() for field in fields}), "of any topic")
    return tuple(FieldDimension(name, topic, field) for topic, fields in every.items() if field in fields)


def _field(node: Node, possible: Collection[str], whose: str) -> str:
    text = node.string()
    if text not in possible:
        raise node.error(f'"{text}" is no text field {whose}', f"possible are {' '.join(possible)}")
    return text


def _is_text(hint: Any) -> bool:  # noqa: ANN401  a type form
    if get_origin(hint) is None:
        return hint is str
    return any(_is_text(option) for option in get_args(hint) if isinstance(option, type) or get_origin(option))


@lru_cache(maxsize=20_000)
def _part_of(url: str, part: Part) -> str | None:
    try:
        split = urlsplit(url)
    except ValueError:  # a client's text need not be a URL: it has no such part
        return None
    return split.hostname if part is Part.HOST else split.path
