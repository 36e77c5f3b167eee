"""YAML that knows its lines.

So a reader can say `alerts.yaml:7 ConversionRateLow.for: "3" has no unit; write 3m`:

    fields = load(text, "kpis.yaml").fields(required={"kpis"})
    for name, kpi in fields["kpis"].entries().items():
        parts = kpi.named(name).fields(required={"numerator", "windows"}, optional={"by"})
        windows = parts["windows"].strings()

Nothing is constructed from tags: a node is text until a reader says what it has to be.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from math import isfinite
from typing import Final, Self

import yaml

from models import duration
from models.errors import DefinitionError

_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
MOST_NODES: Final = 1_000_000
"""Of a file, those of an alias as often as it is written: a few lines of aliases are as many as one likes."""

_TEXT: Final = "tag:yaml.org,2002:str"


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its place: `file`, `line` (from 1, of its key), `path` (the keys to it, joined by dots)."""

    at: yaml.Node
    file: str
    line: int
    path: str = ""

    @property
    def where(self) -> str:
        """File, line and path, as an error begins."""
        return f"{self.file}:{self.line} {self.path}".rstrip()

    def error(self, what: str, remedy: str) -> DefinitionError:
        """The error to raise for this place."""
        return DefinitionError(self.where, what, remedy)

    def named(self, path: str) -> Self:
        """The same place under the name its readers know: `ConversionRateLow` instead of `rules[0]`."""
        return replace(self, path=path)

    @property
    def is_mapping(self) -> bool:
        """For what may be written in a long and in a short way."""
        return isinstance(self.at, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        """The same."""
        return isinstance(self.at, yaml.SequenceNode)

    def entries(self) -> dict[str, Self]:
        """The entries of a mapping with free keys, in their order; a key that comes twice is an error."""
        if not isinstance(self.at, yaml.MappingNode):
            raise self.error(f"{_kind(self.at)} instead of a mapping", "write `key: value` lines below it")
        found: dict[str, Self] = {}
        for key, value in self.at.value:
            name = self._key(key)
            if name in found:
                raise self._below(key, key, name).error("the key comes twice", "keep one of them")
            found[name] = self._below(key, value, name)
        return found

    def fields(self, required: Collection[str], optional: Collection[str] = ()) -> Mapping[str, Self]:
        """The entries of a mapping with these keys only; an optional one may be absent."""
        found = self.entries()
        for name, node in found.items():
            if name not in required and name not in optional:
                raise node.error("unknown key", f"keys are {_listed([*required, *optional])}")
        for name in sorted(required):
            if name not in found:
                raise self.error(f"`{name}` is missing", f"add `{name}:`")
        return found

    def items(self) -> list[Self]:
        """The elements of a list."""
        if not isinstance(self.at, yaml.SequenceNode):
            raise self.error(f"{_kind(self.at)} instead of a list", "write `- ` before each element")
        elements = enumerate(self.at.value)
        return [replace(self, at=at, line=_line(at), path=f"{self.path}[{index}]") for index, at in elements]

    def string(self) -> str:
        """A text that is not empty; `NO` and `5` are none unless quoted."""
        text = self._scalar("a text")
        if self.at.tag != _TEXT:
            remedy = f'write "{text}"' if text else "write one or remove the key"
            raise self.error(f"`{text}` is read as {_kind(self.at)}, not as a text", remedy)
        if not text:
            raise self.error("an empty text", "write one or remove the key")
        return text

    def strings(self) -> tuple[str, ...]:
        """A list of different texts."""
        found: dict[str, None] = {}
        for item in self.items():
            text = item.string()
            if text in found:
                raise item.error(f'"{text}" comes twice', "keep one of them")
            found[text] = None
        return tuple(found)

    def choice(self, allowed: Collection[str]) -> str:
        """One of the texts `allowed`."""
        text = self.string()
        if text not in allowed:
            raise self.error(f'"{text}" is not possible', f"write one of {_listed(allowed)}")
        return text

    def number(self) -> float:
        """A finite decimal number."""
        found = float(self._literal(_NUMBER, "a number", "0.025"))
        if not isfinite(found):
            raise self.error("a number too great to be compared", "write one like 0.025")
        return found

    def decimal(self) -> Decimal:
        """The same, exact: an amount of money."""
        return Decimal(self._literal(_NUMBER, "a number", "50000"))

    def integer(self) -> int:
        """A whole number."""
        return int(self._literal(re.compile(r"[+-]?[0-9]{1,18}"), "a whole number", "200"))

    def boolean(self) -> bool:
        """`true` or `false`."""
        return self._literal(re.compile("true|false"), "true or false", "true") == "true"

    def duration_us(self) -> int:
        """A duration like `3m`, in microseconds."""
        try:
            return duration.parse(self._scalar("a duration"))
        except duration.NotADuration as wrong:
            raise self.error(wrong.what, wrong.remedy) from None

    def scalar(self) -> str:
        """The text of a value of any kind, for a reader that knows its type."""
        return self._scalar("one value")

    def _scalar(self, wanted: str) -> str:
        if not isinstance(self.at, yaml.ScalarNode):
            raise self.error(f"{_kind(self.at)} instead of {wanted}", "write it on one line after the colon")
        text: str = self.at.value
        return text

    def _literal(self, shape: re.Pattern[str], wanted: str, example: str) -> str:
        text = self._scalar(wanted)
        plain = isinstance(self.at, yaml.ScalarNode) and self.at.style is None
        if not plain or not shape.fullmatch(text):
            raise self.error(f'"{text}" is not {wanted}', f"write it without quotes, like {example}")
        return text

    def _key(self, key: yaml.Node) -> str:
        if isinstance(key, yaml.ScalarNode):
            text: str = key.value
            return text
        raise self._below(key, key, "?").error("a key that is no text", "write a word before the colon")

    def _below(self, key: yaml.Node, at: yaml.Node, name: str) -> Self:
        return replace(self, at=at, line=_line(key), path=f"{self.path}.{name}".lstrip("."))


def load(text: str, file: str) -> Node:
    """The root of the one YAML document in `text`; `file` is its name in errors. Raises DefinitionError."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is not None and _count(root, file, {}) > MOST_NODES:
            raise DefinitionError(f"{file}:1", f"more than {MOST_NODES:,} values with its aliases", "write fewer")
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line + 1 if wrong.problem_mark else 1
        raise DefinitionError(f"{file}:{line}", f"no YAML: {wrong.problem}", "correct the line") from None
    except yaml.reader.ReaderError as wrong:
        line = text.count("\n", 0, wrong.position) + 1
        raise DefinitionError(f"{file}:{line}", f"no YAML: {wrong.reason}", "write UTF-8 text") from None
    except RecursionError:
        raise DefinitionError(file, "no YAML: nested too deep", "nest less") from None
    if root is None:
        raise DefinitionError(f"{file}:1", "the file is empty", "write its mapping")
    return Node(root, file, _line(root))


def _count(node: yaml.Node, file: str, counts: dict[int, int]) -> int:
    """Values in a node, itself included. `counts`: those of nodes that are known, 0 of those that hold this one."""
    known = counts.get(id(node))
    if known == 0:
        raise DefinitionError(f"{file}:{_line(node)}", "a value that holds itself", "write it without the alias")
    if known is not None:
        return known
    counts[id(node)] = 0
    if isinstance(node, yaml.ScalarNode):
        if any("\ud800" <= letter <= "\udfff" for letter in node.value):
            raise DefinitionError(f"{file}:{_line(node)}", "half of a character", "write the character itself")
        below = []
    elif isinstance(node, yaml.MappingNode):
        below = [one for pair in node.value for one in pair]
    else:
        below = node.value
    counts[id(node)] = found = 1 + sum(_count(one, file, counts) for one in below)
    return found


def _line(node: yaml.Node) -> int:
    line: int = node.start_mark.line
    return line + 1


def _kind(node: yaml.Node) -> str:
    """What a node is, in a message: `a mapping`, `a bool`, `nothing`."""
    name = node.tag.rpartition(":")[2]
    kinds = {"map": "a mapping", "seq": "a list", "str": "a text", "int": "a number", "float": "a number"}
    return kinds.get(name, "nothing" if name == "null" else f"a {name}")


def _listed(words: Collection[str]) -> str:
    return " ".join(sorted(words))
