"""What a run has to answer for: the ledger, every figure, every revision, every dead letter."""

import asyncio
import base64
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos.catalogue import Catalogue
from chaos.oracle import Account, Figures, Oracle
from chaos.published import Published

OUTCOMES = ("counted", "duplicate", "late", "bot", "invalid")
SHOWN = 8
"""Examples of a kind of fault in a message."""

Ledgers = Mapping[str, Mapping[str, int]]


@dataclass
class Verdict:
    """A run without faults was whole. `cells`: figures compared, of which so many were lost or doubled."""

    cells: int = 0
    lost: int = 0
    doubled: int = 0
    corrected: int = 0
    aborted: int = 0
    ledger: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)
    revisions: list[str] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """A few of each kind."""
        return [line for kind in (self.ledger, self.figures, self.revisions, self.letters) for line in kind[:SHOWN]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of one run. `ledgers`: as `kpi ledger` tells them."""

    bootstrap: str
    sent: Path
    catalogue: Catalogue
    ledgers: Ledgers
    heartbeats: Mapping[str, int]

    def judge(self) -> Verdict:
        """Compare it with the oracle."""
        published, oracle = asyncio.run(Published.read(self.bootstrap)), Oracle(self.sent)
        verdict = Verdict(aborted=published.aborted, corrected=published.count("corrected"))
        for topic, account in oracle.accounts().items():
            received = published.ends[topic] - self.heartbeats[topic]
            verdict.ledger += _unbalanced(topic, self.ledgers.get(topic, {}), account, received)
        _compare(verdict, oracle.figures(self.catalogue), published.figures())
        verdict.revisions += published.disordered()
        still_open = [key for key, value in published.last().items() if value.status == "provisional"]
        verdict.revisions += (f"{'|'.join(key)}: never closed" for key in still_open)
        verdict.letters += _mislaid(oracle.garbage(), published.letters)
        return verdict


def _unbalanced(topic: str, ledger: Mapping[str, int], sent: Account, received: int) -> Iterator[str]:
    """What the outcomes say against what was acknowledged; received is their sum."""
    if not ledger:
        yield f"{topic}: no ledger"
        return
    expected = {"received": received, "counted": sent.unique, "duplicate": sent.valid - sent.unique}
    expected |= {"late": 0, "bot": 0, "invalid": sent.garbage}
    if sum(ledger[outcome] for outcome in OUTCOMES) != ledger["received"]:
        yield f"{topic}: the ledger does not add up: {ledger}"
    if received != sent.valid + sent.garbage:
        yield f"{topic}: {received} records are in the topic, {sent.valid + sent.garbage} were acknowledged"
    for outcome, number in expected.items():
        if ledger[outcome] != number:
            yield f"{topic}: {outcome} is {ledger[outcome]}, not {number}"


def _compare(verdict: Verdict, expected: Figures, found: Figures) -> None:
    verdict.cells = len(expected)
    for key in sorted(expected.keys() | found.keys()):
        want, have = expected.get(key, (0, None)), found.get(key, (0, None))
        if want == have:
            continue
        less = (have[0], have[1] or 0) < (want[0], want[1] or 0)
        verdict.lost += less
        verdict.doubled += not less
        verdict.figures.append(f"{'|'.join(key)}: published {have}, the oracle has {want}")


def _mislaid(garbage: list[tuple[str, str | None, str]], letters: list[Any]) -> Iterator[str]:
    """Every bad record once, byte for byte."""
    wanted, found = Counter(garbage), Counter(map(_letter, letters))
    for sign, left in (("missing", wanted - found), ("too many", found - wanted)):
        for (topic, key, value), number in left.items():
            yield f"dead letters: {number} {sign} of {topic} key {key} value {value[:60]}"


def _letter(record: Any) -> tuple[str, str | None, str]:
    topic = dict(record.headers)["kpi-topic"].decode()
    key = None if record.key is None else base64.b64encode(record.key).decode()
    return topic, key, base64.b64encode(record.value or b"").decode()
