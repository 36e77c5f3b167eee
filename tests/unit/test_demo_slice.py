"""The demo's real orders are those of the data set."""

import gzip
from pathlib import Path

from streams.tools import demo_slice, ndjson

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "deploy" / "demo"


def test_the_orders_of_the_demo_are_what_the_command_in_its_readme_makes() -> None:
    made = b"".join(demo_slice.orders(ROOT / "tests" / "data" / "online_retail.parquet"))
    assert made == gzip.decompress((DEMO / "orders.ndjson.gz").read_bytes())


def test_the_demo_is_small_and_every_line_can_be_replayed() -> None:
    for topic, limit_bytes, records in (("orders", 100_000, 548), ("clickstream", 200_000, 1_601)):
        path = DEMO / f"{topic}.ndjson.gz"
        assert path.stat().st_size < limit_bytes
        assert len(list(ndjson.records(path, topic))) == records


def test_the_same_lines_make_the_same_file(tmp_path: Path) -> None:
    for name in ("one", "two"):
        demo_slice.write([b"{}\n"], tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
