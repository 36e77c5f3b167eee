"""Deltas: what the tasks of the first stages add to the measures, as it travels on `kpi-deltas`.

A cell is a run: each of `span` windows of a kind, from number `first` on, gets `{measure: n}` more. So what an event
adds to all windows that contain it is one cell, whatever the overlap, and cells can be folded in any order.
"""

import msgspec

TOPIC = "kpi-deltas"
VERSION = 2
Measured = dict[str, int]
Cell = tuple[str, int, int, Measured]
"""Window name, first window number, span, what each of them gets by measure."""


class Mark(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The watermark of an input partition, as its task announces it (event time, us since 1970 UTC).

    `promise_us`: the partition is idle, as of this look at the broker (wall clock, us); None: it is not.
    `told_us`: when this was said (wall clock, us). `fresh_us`: everything that came to the broker before (its own
    timestamps, us) is counted; None: not known yet.
    """

    at_us: int | None
    promise_us: int | None
    told_us: int
    fresh_us: int | None = None


class SliceDelta(msgspec.Struct, array_like=True, gc=False):
    """Cells of one slice; `clock` of its measures (see models.measure)."""

    clock: str
    dimension: str
    segment: str
    cells: list[Cell]


class DeltaRecord(msgspec.Struct, array_like=True, gc=False):
    """What one commit of the task of a `partition` sends to one partition of `kpi-deltas`.

    Only the last record of a commit carries `marks`, by feed. `arrivals`: broker timestamps (ms) of the events and
    their number, for the delay event -> metric; only on the partition of the total.
    """

    version: int
    partition: int
    marks: dict[str, Mark]
    slices: list[SliceDelta]
    arrivals: list[tuple[int, int]]


encode_deltas = msgspec.msgpack.Encoder().encode
decode_deltas = msgspec.msgpack.Decoder(DeltaRecord).decode
