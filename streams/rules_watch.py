"""The file of rules while a worker runs: read again when it changes or on SIGHUP; a bad one leaves the old rules."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import structlog

from alerting.rule import Rule
from models.errors import KpiError

log = structlog.get_logger("rules")

LOOK_S = 1.0

Stamp = tuple[int, int, int] | None
"""What changes with a file: its inode, time and size; None: there is none."""


@dataclass(slots=True)
class RulesWatch:
    """`load` reads the file, and raises KpiError; `renew` is given rules that differ from `rules`.

    `read`: the file as it was just before `rules` were read from it. A second reading would hold up the event loop.
    `failed`: the file as it is now cannot be used; no file ends the process that watches it.
    """

    path: Path
    load: Callable[[], tuple[Rule, ...]]
    rules: tuple[Rule, ...]
    renew: Callable[[Iterable[Rule]], None]
    read: Stamp
    failed: bool = False
    asked: bool = False
    _seen: Stamp = None

    def __post_init__(self) -> None:
        self._seen = self.read

    def ask(self) -> None:
        """Read it at the next look, whether it has changed or not."""
        self.asked = True

    def look(self) -> None:
        """Read the file if it has changed and is at rest: half a file may be a whole one with fewer rules."""
        before, self._seen = self._seen, stamp(self.path)
        at_rest = self._seen == before
        if self.asked or (at_rest and self._seen != self.read):
            self.asked, self.read = False, self._seen
            self._read()

    def _read(self) -> None:
        try:
            rules = self.load()
            if rules != self.rules:
                self.renew(rules)
                log.info("rules reloaded", file=str(self.path), rules=len(rules))
        except Exception as wrong:  # noqa: BLE001  our own mistake too: what counts goes on with the rules it has
            self._refuse(wrong)
        else:
            self.rules, self.failed = rules, False

    def _refuse(self, wrong: Exception) -> None:
        self.failed = True
        theirs = isinstance(wrong, KpiError)  # says all there is to say
        said = str(wrong) if theirs else repr(wrong)
        log.error("rules not reloaded, the old ones stay", error=said, exc_info=None if theirs else wrong)


def stamp(path: Path) -> Stamp:
    """The file as it is now."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
