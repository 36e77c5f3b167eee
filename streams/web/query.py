"""What is asked for: parameters of a question, checked against the catalogue; what makes no sense is refused."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from models.goal import with_goals
from models.kpi import Catalogue, Kpi
from streams.web.answers import Error
from streams.web.store import TOTAL

T = TypeVar("T", bound=StrEnum)

_FLAGS: Final = {"true": True, "1": True, "": True, "false": False, "0": False}
_SHOWN: Final = 40  # of what was given


class BadQuery(ValueError):  # noqa: N818  (what it is, not what it does)
    """A parameter that makes no sense; `error` says which, why, and what would do."""

    def __init__(self, what: str, where: str, do: str) -> None:
        super().__init__(f"{where}: {what}; {do}")
        self.error = Error(what, where, do)


@dataclass(frozen=True, slots=True)
class Query:
    """`given`: parameters of a request; `windows`: names of all kinds."""

    catalogue: Catalogue
    windows: Collection[str]
    given: Mapping[str, str]

    def only(self, names: Iterable[str]) -> None:
        """A parameter that would be passed over is more likely misspelt."""
        for name in self.given.keys() - set(names):
            raise BadQuery("there is no such parameter", _short(name), f"use some of {' '.join(names) or 'none'}")

    def kpi(self) -> Kpi:
        """One that is published, goals too."""
        return with_goals(self.catalogue.kpis)[self._known("kpi", with_goals(self.catalogue.kpis))]

    def maybe(self, name: str, known: Collection[str] | None = None) -> str | None:
        """None: not asked for. `known`: what it may be."""
        if name not in self.given:
            return None
        return self.given[name] if known is None else self._known(name, known)

    def window(self, of: Kpi | None = None) -> str:
        """A kind of windows, that a KPI has."""
        return self._known("window", self.windows if of is None else of.windows)

    def dimension(self, of: Kpi, *, total: bool) -> str:
        """One a KPI is published by; `total`: or all, which it is where none is given."""
        if total and "dimension" not in self.given:
            return TOTAL
        return self._known("dimension", (TOTAL, *of.by) if total else of.by)

    def choice(self, name: str, of: type[T], default: T) -> T:
        """A word of an enum."""
        return of(self._known(name, [word.value for word in of])) if name in self.given else default

    def flag(self, name: str) -> bool:
        """False where it is not given."""
        return name in self.given and _FLAGS[self._known(name, _FLAGS)]

    def number(self, name: str, default: int, most: int) -> int:
        """From 1 on."""
        text = self.given.get(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most):
            raise BadQuery(f'"{_short(text)}" is none', name, f"write a number from 1 to {most}")
        return int(text)

    def _known(self, name: str, known: Collection[str]) -> str:
        possible = f"possible are {' '.join(filter(None, known)) or 'none'}"
        if name not in self.given:
            raise BadQuery("is missing", name, possible)
        if self.given[name] not in known:
            raise BadQuery(f'"{_short(self.given[name])}" is not known', name, possible)
        return self.given[name]


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
