"""What travels on kpi-deltas is what the events add, whatever is combined and cut."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from models.delta import Mark, decode_deltas
from models.slices import Slicing
from models.window import MINUTE_US, FixedGrid, Window
from streams.measuring import deltas as deltas_module
from streams.measuring.additions import Additions, WindowRanges
from streams.measuring.deltas import delta_records, partition_of

KINDS = (Window("1m", FixedGrid(MINUTE_US), 1, 0), Window("5m", FixedGrid(MINUTE_US), 5, 0))
RANGES = WindowRanges(KINDS)
SLICING = Slicing(("channel", "country"), ("channel", "country"))
EVENTS = st.lists(
    st.tuples(st.integers(0, 90), st.sampled_from(["a", "b", None]), st.integers(-3, 3), st.booleans()), max_size=40
)
MARK = Mark(5, None, 7)


def folded(records: list[bytes | None]) -> Counter[tuple[str, str, str, int, str]]:
    found: Counter[tuple[str, str, str, int, str]] = Counter()
    for record in records:
        for piece in decode_deltas(record or b"").slices:
            for window, first, span, measured in piece.cells:
                for number in range(first, first + span):
                    for measure, n in measured.items():
                        found[piece.dimension, piece.segment, window, number, measure] += n
    return found


@given(EVENTS, st.integers(1, 4))
def test_folding_the_records_gives_what_was_added(
    events: list[tuple[int, str | None, int, bool]], targets: int
) -> None:
    """Some additions are first sightings: the windows of the minute before them are left out."""
    additions = Additions()
    expected: Counter[tuple[str, str, str, int, str]] = Counter()
    for minute, channel, n, sighting in events:
        slices = SLICING.of((channel, "PL"))
        additions.add(slices, "m", minute, n, minute - 1 if sighting else None)
        for kind in KINDS:
            for number in range(minute if sighting else minute - kind.panes + 1, minute + 1):
                for piece in slices.pairs:
                    expected[*piece, kind.name, number, "m"] += n
    records = list(delta_records("orders", 0, additions, RANGES, MARK, targets))
    assert folded([record.value for record in records]) == Counter({k: n for k, n in expected.items() if n})
    for record in records:
        pieces = decode_deltas(record.value or b"").slices
        assert all(partition_of(piece.dimension, targets) == record.partition for piece in pieces)


def test_only_the_last_record_of_a_target_carries_the_watermark() -> None:
    additions = Additions()
    for minute in range(0, 4 * deltas_module.MAX_CELLS, 2):
        additions.add(SLICING.of((None, None)), "m", minute, 1)
    records = list(delta_records("orders", 0, additions, WindowRanges(KINDS[:1]), MARK, 1))
    marks = [decode_deltas(record.value or b"").mark for record in records]
    assert len(marks) > 1
    assert marks == [None] * (len(marks) - 1) + [MARK]


def test_a_watermark_alone_goes_to_every_target() -> None:
    records = list(delta_records("orders", 3, Additions(), RANGES, MARK, 4))
    assert [record.partition for record in records] == [0, 1, 2, 3]


def test_nothing_is_sent_of_nothing() -> None:
    assert list(delta_records("orders", 3, Additions(), RANGES, None, 4)) == []


def test_a_record_stays_well_under_the_brokers_limit_whatever_clients_write() -> None:
    additions = Additions()
    for number in range(2_000):
        longest = SLICING.of((f"{number}" + "\U0001f600" * 60_000, None))
        additions.add(longest, "m", number, 1)
    records = list(delta_records("orders", 0, additions, RANGES, MARK, 1))
    assert max(len(record.value or b"") for record in records) < 512 * 1024
