"""`kpi clv fit` and `kpi customers erase` without a broker: what they make of a changelog, and what they say."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime

import msgspec
import pytest

from customer_facts import CDNOW, booking, fact
from models.clv import NoFit, NoFitReason, Rfm
from models.clv_record import clv_record
from models.errors import SettingsError
from models.table import ChangeLogged
from models.window import DayGrid
from streams.measuring.additions import Additions
from streams.measuring.erasure import Erasing, ErasureBooking
from streams.measuring.forecast import Forecast
from streams.tools.clv_fit import rfm_figures, told
from streams.tools.erase import Seen, checked
from streams.tools.kept_customers import KeptCustomers

WARSAW = "Europe/Warsaw"
MONDAY = date(2026, 1, 12)


def changelog(*tables: ChangeLogged) -> list[tuple[bytes, bytes | None]]:
    """As a commit writes it."""
    return [(table.name.encode() + b"|" + key, value) for table in tables for key, value in table.drain()]


def test_the_customers_are_read_from_their_changelog_and_nothing_else_is() -> None:
    """`a` bought on Monday the 5th and 12th, `b` on the 12th alone, `c` on the 13th; the 12th is over."""
    shop = booking()
    rows, erasures = shop.table(), ErasureBooking(shop, 2).table()
    for one in (
        fact("2026-01-05 09:00", 100, "o1", customer="a"),
        fact("2026-01-12 23:30", 900, "o2", customer="a"),
        fact("2026-01-12 09:00", 100, "o3", customer="b"),
        fact("2026-01-13 00:00", 100, "o4", customer="c"),
        fact("2026-01-05 09:00", 100, "o5", customer="erased"),
    ):
        shop.book(rows, one, Additions())
    erasures.put("a", Erasing([1, 0], []))
    ended = [Forecast(shop, DayGrid(shop._zone), 0) for _ in range(2)]
    for ahead, forecast in enumerate(ended):
        forecast.state.row.done = MONDAY.toordinal() + ahead
        forecast.state.touch()
    records = [*changelog(rows), *changelog(erasures)]
    shop.erase(rows, "erased")
    kept = KeptCustomers(2)
    for key, value in [*records, *changelog(rows)]:
        kept.take(0, key, value)
    for partition, forecast in enumerate(ended):
        assert kept.through is None
        for key, value in changelog(forecast.state):
            kept.take(partition, key, value)
    assert kept.through == MONDAY.toordinal()
    assert sorted(kept.rows) == ["a", "b", "c"]
    figures = rfm_figures(kept.rows, kept.through, WARSAW)
    assert sorted(figures, key=lambda rfm: rfm.frequency) == [Rfm(0, 0.0, 0.0, 0.0), Rfm(1, 1.0, 1.0, 900.0)]


def test_before_a_day_has_ended_nothing_is_through() -> None:
    kept = KeptCustomers(1)
    assert kept.through is None
    kept.take(0, b"heard|x", b"\x01")
    assert (kept.through, kept.rows) == (None, {})


def test_a_fit_is_told_with_its_parameters_and_counts() -> None:
    record = clv_record(datetime(2026, 1, 13, tzinfo=UTC), MONDAY, "USD", 2357, CDNOW)
    assert told(record, 946) == [
        "customers    2,357, of whom 946 bought again, up to 2026-01-12",
        "BG/NBD       r 0.2426  alpha 4.4136 weeks  a 0.7929  b 2.4259",
        "Gamma-Gamma  p 6.2496  q 3.7442  v 1544.35 minor units of USD",
    ]


def test_too_little_is_told_with_what_would_be_enough() -> None:
    few = NoFit(NoFitReason.FEW_CUSTOMERS, "7 customers, 200 are needed")
    record = clv_record(datetime(2026, 1, 13, tzinfo=UTC), MONDAY, "USD", 7, few)
    assert told(record, 1)[1] == "no model     few_customers: 7 customers, 200 are needed; no customer is predicted"


def test_without_scipy_one_line_names_the_extra() -> None:
    """The real program, in which scipy is not to be found."""
    program = "import sys; sys.modules['scipy'] = None; from streams import cli; cli.main()"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KPI_")}
    done = subprocess.run(
        [sys.executable, "-c", program, "clv", "fit"], capture_output=True, text=True, check=False, env=clean
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("kpi: kpi clv fit: scipy cannot be loaded (")
    assert done.stderr.endswith('install the extra: pip install "kpi-monitor[clv]"\n')
    assert done.stderr.count("\n") == 1


def key(table: str, customer: str) -> bytes:
    return table.encode() + b"|" + msgspec.msgpack.encode(customer)


def test_an_erasure_is_seen_by_its_own_tombstone() -> None:
    """`a` is known and `b` was; a row that goes for another reason is no erasure, nor is somebody else's."""
    seen = Seen(["a", "b", "nobody"])
    seen.take(key("customers", "a"), b"row")
    seen.take(key("customers", "b"), b"row")
    seen.take(key("customers", "b"), None)
    seen.take(key("erasures", "d"), None)
    assert (seen.known, seen.erased) == ({"a"}, set())
    seen.take(key("erasures", "a"), b"under way")
    assert seen.erased == set()
    seen.take(key("erasures", "a"), None)
    seen.take(key("erasures", "nobody"), None)
    assert seen.erased == {"a", "nobody"}


def test_the_keys_looked_for_are_those_the_stage_writes() -> None:
    shop = booking()
    rows, erasing = shop.table(), ErasureBooking(shop, 1)
    erasures = erasing.table()
    shop.book(rows, fact("2026-01-05 09:00", 100, "o1", customer="żółw"), Additions())
    seen = Seen(["żółw"])
    for place, value in changelog(rows):
        seen.take(place, value)
    assert seen.known == {"żółw"}
    erasing.erase(rows, erasures, "żółw", 0)
    for place, value in [*changelog(rows), *changelog(erasures)]:
        seen.take(place, value)
    assert (seen.known, seen.erased) == (set(), {"żółw"})


def test_customers_are_named_once_and_not_by_nothing() -> None:
    assert checked(["b", "a", "b"]) == ["b", "a"]
    with pytest.raises(SettingsError, match="1 to 65,536 characters, not 0; name customers by the customer_id"):
        checked(["a", ""])
