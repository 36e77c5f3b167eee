"""`make bench`: how fast the product is on this machine, beside what any worker can be at most, in one run.

    python -m bench.run [--quick | --full] [--json bench.json]        with tests/ on the path

One broker, one clickstream. In this order: the limits, two workers, one worker and its freshness, stock Faust,
recovery, memory. Every compared pair is of this run; a run on a loaded machine says little.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.freshness import at_rates
from bench.ground import ROOT, Ground
from bench.machine import machine
from bench.product import caught_up, on_backlog
from bench.recovery import of_keys
from bench.report import document, table
from bench.stock import run_stock
from streams.tools.broker import EmbeddedKafka
from streams.tools.kafka_installation import Installation

_SESSIONS_A_CLICK = 0.106
LEDGER = ("received", "counted", "duplicate", "late")
"""Outcomes that a worker has to come to with what was published."""
_MEMORY = {"events": 3_060_000, "sessions": 200_000, "span-s": 3300}  # all within the dedup horizon of an hour


@dataclass(frozen=True, slots=True)
class Options:
    """What a run does; 0 or empty leaves a part out."""

    events: int = 2_000_000
    stock_s: float = 20
    two_workers: bool = True
    rates: tuple[int, ...] = (1_000, 5_000, 20_000)
    warm_up_s: int = 5
    rate_s: int = 20
    recovered_keys: int = 1_000_000
    memory: bool = False


QUICK = Options(events=200_000, stock_s=0, two_workers=False, rates=(1_000,), warm_up_s=2, rate_s=5, recovered_keys=0)
FULL = Options(memory=True)


def parts(ground: Ground, options: Options) -> Iterator[tuple[str, dict[str, Any]]]:
    """The figures, part by part, as they are measured."""
    ground.kpi("bench", "topics", "create")
    tell(f"publishing {options.events:,} clicks")
    sent = publish(ground, events=options.events)
    yield "backlog", sent
    yield from _rates(ground, options, {name: sent[name] for name in LEDGER})
    if options.recovered_keys:
        tell(f"recovery of {options.recovered_keys:,} keys")
        yield "recovery", of_keys(ground, options.recovered_keys)
    if options.memory:
        tell("memory: 200,000 sessions and 3,000,000 ids")
        yield "memory", _memory(ground)


def _rates(ground: Ground, options: Options, expected: Mapping[str, int]) -> Iterator[tuple[str, dict[str, Any]]]:
    tell("the limits")
    yield "read", ground.figures("limits", "read")
    yield "read_and_decode", ground.figures("limits", "decode")
    if options.two_workers:
        tell("two workers on the backlog")
        yield "two_workers", on_backlog(ground, "bench-two", expected, workers=2)
    tell("one worker on the backlog")
    with caught_up(ground, "bench-one", expected) as (figures, [one]):
        yield "one_worker", figures
        if options.rates:
            tell("freshness at " + ", ".join(f"{rate:,}/s" for rate in options.rates))
            yield "freshness", at_rates(ground, one, options.rates, options.warm_up_s, options.rate_s)
    if options.stock_s:
        tell("stock Faust")
        yield "stock_faust", run_stock(ground, options.stock_s)


def _memory(ground: Ground) -> dict[str, Any]:
    ground.renew("bench-memory", keep=())
    sent = publish(ground, **_MEMORY)
    return on_backlog(ground, "bench-memory", {"received": sent["received"], "counted": sent["counted"]})


def publish(ground: Ground, events: int, **plan: int) -> dict[str, Any]:
    """A clickstream; its outcomes as they have to be."""
    plan = {"sessions": int(events * _SESSIONS_A_CLICK), **plan, "events": events}
    return ground.figures("backlog", *(word for name, value in plan.items() for word in (f"--{name}", value)))


def tell(what: str) -> None:
    """On stderr, with the time of day."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {what}\n")


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Of the broker's data and the logs; it stays after a fault."""
    folder = Path(tempfile.mkdtemp(prefix="kpi-bench-"))
    try:
        yield folder
    except Exception:
        tell(f"logs are in {folder}")
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _commit() -> str:
    """Of the code measured; `-dirty` when files differ from it."""
    if shutil.which("git") is None:
        return "unknown"
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast the product is on this machine.")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--quick", action="store_const", const=QUICK, dest="options", help="under a minute, the rates only"
    )
    kind.add_argument("--full", action="store_const", const=FULL, dest="options", help="memory with 3 million ids too")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), help="where the figures go")
    given = parser.parse_args()
    options = given.options or Options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began_s = time.monotonic()
    found: dict[str, Any] = {}
    try:
        with scratch_folder() as folder, EmbeddedKafka(Installation.find(os.environ), folder / "kafka") as kafka:
            found.update(parts(Ground(kafka, folder), options))
    finally:  # what was measured before a fault is kept
        whole = document(machine(), _commit(), asdict(options), found)
        whole["load_average_at_end"] = os.getloadavg()[0]
        whole["seconds"] = round(time.monotonic() - began_s)
        given.json.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
        Console().print(table(whole))


if __name__ == "__main__":
    main()
