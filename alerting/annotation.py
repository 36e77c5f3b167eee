"""Texts with holes, `Conversion {value:.2%} in {segment}`: a hole is a name and a format, never an expression."""

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

# Every name a text may use, with a value of its type to try a format on.
NAMES: Final[Mapping[str, str | int | float]] = {
    "value": 0.5,
    "threshold": 0.5,
    "numerator": 1,
    "denominator": 2,
    "rule": "r",
    "level": "l",
    "kpi": "k",
    "window": "w",
    "dimension": "d",
    "segment": "s",
}
# At most two digits of width and precision: a longer one would only fill memory. No `c`: few numbers are a character.
_FORMAT: Final = re.compile(r"[<>^]?[+ -]?[0-9]{0,2},?(\.[0-9]{1,2})?[abd-zA-Z%]?")


class BadAnnotation(ValueError):  # noqa: N818  (what it is, not what it does)
    """A text that cannot be filled in; says `what` is wrong and what is allowed (`remedy`)."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class _Hole:
    name: str
    form: str

    def filled(self, values: Mapping[str, str | float | None]) -> str:
        value = values[self.name]
        return "no value" if value is None else format(value, self.form)


@dataclass(frozen=True, slots=True)
class Annotation:
    """A text cut into literals and holes, checked when it was parsed: filling it cannot fail."""

    parts: tuple[str | _Hole, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises BadAnnotation; `{{` and `}}` are braces."""
        parts: list[str | _Hole] = []
        try:
            for literal, name, form, conversion in string.Formatter().parse(text):
                parts.append(literal)
                if name is not None:
                    parts.append(_hole(name, form or "", conversion))
        except BadAnnotation:
            raise
        except ValueError as wrong:
            raise BadAnnotation(f"{str(wrong).lower()}", "write {{ for a brace") from None
        return cls(tuple(part for part in parts if part))

    def filled(self, values: Mapping[str, str | float | None]) -> str:
        """The text with `values` of NAMES; None is written `no value`."""
        return "".join(part if isinstance(part, str) else part.filled(values) for part in self.parts)


def _hole(name: str, form: str, conversion: str | None) -> _Hole:
    if name not in NAMES:
        raise BadAnnotation(f"unknown name {{{name}}}", f"names are {' '.join(sorted(NAMES))}")
    if conversion:
        raise BadAnnotation(f"!{conversion} is not supported", f"write {{{name}}}")
    try:
        if not _FORMAT.fullmatch(form):
            raise ValueError(form)  # noqa: TRY301  (said in one place with what `format` itself refuses)
        format(NAMES[name], form)
    except ValueError:
        raise BadAnnotation(f'bad format "{form}" of {{{name}}}', "write one like .2% .2f , or none") from None
    return _Hole(name, form)
