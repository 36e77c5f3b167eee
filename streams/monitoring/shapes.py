"""The name of a kind of window keeps its meaning: cells and published values know their windows by it."""

from collections.abc import Mapping

from models.errors import EngineFault
from models.table import Table, packed_codec
from models.window import Window
from streams.monitoring.windows import WindowedTable

_ALL = 2**62


def shape_table() -> Table[str, str]:
    """Of a task: what the windows of each name were when they were last counted."""
    return Table("shapes", packed_codec(str, str))


def keep_shapes(shapes: Table[str, str], cells: WindowedTable, windows: Mapping[str, Window]) -> None:
    """Let go of the cells of windows that are defined no more.

    Raises EngineFault when a name has another length, hop or timezone than before: old windows would mix with new ones.
    """
    for name in shapes.rows.keys() - windows.keys():
        shapes.delete(name)
    for clock, name in list(cells.rows):
        if name not in windows:
            cells.release(clock, name, _ALL)
    for name, window in windows.items():
        shape = f"{window.panes} of {window.grid}"
        before = shapes.rows.get(name)
        if before is None:
            shapes.put(name, shape)
        elif before != shape:
            remedy = "give the new ones another name, or begin with a new app_id"
            raise EngineFault(f"windows {name} were {before} and are {shape} now; {remedy}")
