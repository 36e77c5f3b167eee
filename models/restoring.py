"""Changelog records on their way back into a table, many at once."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from models.table import Change, ChangeLogged


@runtime_checkable
class RestoredInBulk(ChangeLogged, Protocol):
    """A table for which many records at once are less work than one by one."""

    def restore_all(self, changes: Sequence[Change]) -> None:
        """As `restore` of one after the other."""


def restore_all(table: ChangeLogged, changes: Sequence[Change]) -> None:
    """Take back changelog records of a table, oldest first. Raises EngineFault on a format it does not know."""
    if isinstance(table, RestoredInBulk):
        table.restore_all(changes)
        return
    for key, value in changes:
        table.restore(key, value)
