"""What travels on kpi-deltas is what the events add, whatever is combined and cut."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from models.delta import Mark, decode_deltas
from models.slices import Slicing
from models.window import MINUTE_US, FixedGrid, Window
from streams.measuring import deltas as deltas_module
from streams.measuring.additions import Additions, WindowRanges
from streams.measuring.deltas import Needs, delta_records, partition_of

KINDS = (Window("1m", FixedGrid(MINUTE_US), 1, 0), Window("5m", FixedGrid(MINUTE_US), 5, 0))
NEEDS = Needs(WindowRanges({"orders": KINDS}), {"orders": ("all", "channel", "country")})
SLICING = Slicing(("channel", "country"), ("channel", "country"))
EVENTS = st.lists(
    st.tuples(st.integers(0, 90), st.sampled_from(["a", "b", None]), st.integers(-3, 3), st.booleans()), max_size=40
)
MARKS = {"orders": Mark(5, None, 7)}


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
        additions.add(slices, "orders", minute, n, minute - 1 if sighting else None)
        for kind in KINDS:
            for number in range(minute if sighting else minute - kind.panes + 1, minute + 1):
                for piece in slices.pairs:
                    expected[*piece, kind.name, number, "orders"] += n
    records = list(delta_records(0, additions, NEEDS, MARKS, targets))
    assert folded([record.value for record in records]) == Counter({k: n for k, n in expected.items() if n})
    for record in records:
        pieces = decode_deltas(record.value or b"").slices
        assert all(partition_of(piece.dimension, targets) == record.partition for piece in pieces)


def test_only_the_last_record_of_a_target_carries_the_watermark() -> None:
    additions = Additions()
    for minute in range(0, 4 * deltas_module.MAX_CELLS, 2):
        additions.add(SLICING.of((None, None)), "orders", minute, 1)
    needs = Needs(WindowRanges({"orders": KINDS[:1]}), NEEDS.dimensions)
    records = list(delta_records(0, additions, needs, MARKS, 1))
    marks = [decode_deltas(record.value or b"").marks for record in records]
    assert len(marks) > 1
    assert marks == [{}] * (len(marks) - 1) + [MARKS]


def test_a_watermark_alone_goes_to_every_target() -> None:
    records = list(delta_records(3, Additions(), NEEDS, MARKS, 4))
    assert [record.partition for record in records] == [0, 1, 2, 3]


def test_nothing_is_sent_of_nothing() -> None:
    assert list(delta_records(3, Additions(), NEEDS, {}, 4)) == []


def test_a_record_stays_well_under_the_brokers_limit_whatever_clients_write() -> None:
    additions = Additions()
    for number in range(2_000):
        longest = SLICING.of((f"{number}" + "\U0001f600" * 60_000, None))
        additions.add(longest, "orders", number, 1)
    records = list(delta_records(0, additions, NEEDS, MARKS, 1))
    assert max(len(record.value or b"") for record in records) < 512 * 1024


def test_a_measure_goes_where_a_kpi_needs_it() -> None:
    """Page views by channel in 5m, visits by country in 1m: nothing else is sent."""
    additions = Additions()
    for name in ("page_views", "sessions", "orders"):
        additions.add(SLICING.of(("a", "PL")), name, 7, 1)
    ranges = WindowRanges({"page_views": KINDS[1:], "sessions": KINDS[:1]})
    needs = Needs(ranges, {"page_views": ("channel",), "sessions": ("country",)})
    found = folded([record.value for record in delta_records(0, additions, needs, {}, 1)])
    assert set(found) == {("country", "PL", "1m", 7, "sessions")} | {
        ("channel", "a", "5m", number, "page_views") for number in range(3, 8)
    }


def test_what_was_seen_in_the_same_windows_before_makes_no_record_of_a_slice() -> None:
    day = Window("1d", FixedGrid(1_440 * MINUTE_US), 1, 0)
    needs = Needs(WindowRanges({"sessions": (day,)}), {"sessions": ("all",)})
    additions = Additions()
    additions.add(SLICING.of((None, None)), "sessions", 10, 1, 5, 15)
    (record,) = delta_records(0, additions, needs, MARKS, 1)
    assert decode_deltas(record.value or b"").slices == []
