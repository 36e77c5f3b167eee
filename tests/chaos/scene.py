"""A run: a broker with topics, a crew of workers, a sender, and the verdict over them."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from broker.shop_floor import ShopFloor
from chaos.catalogue import SHOP, Catalogue, kpis_yaml
from chaos.crew import Crew
from chaos.sender import Sender
from chaos.traffic import Mix
from chaos.verdict import Evidence, Verdict
from streams.tools.broker import EmbeddedKafka
from streams.tools.kafka_installation import Installation

REPORT = "CHAOS_REPORT"
"""Environment: a file to which a JSON line is added for every run."""


@dataclass
class Scene:
    """One run. `kills`: how many of each kind were made, for the summary."""

    name: str
    seed: int
    floor: ShopFloor
    crew: Crew
    sender: Sender
    catalogue: Catalogue
    began_s: float = field(default_factory=time.monotonic)
    kills: dict[str, int] = field(default_factory=dict)

    def settle(self, seconds: float = 120) -> Verdict:
        """Send the last record, close every window, wait until it is published; then judge."""
        self.sender.finish()
        done = self.floor.kpi("status", "--json", "--wait", seconds, check=False)
        assert done.returncode == 0, f"seed {self.seed}: {done.stdout}{done.stderr}{self.crew.logs()}"
        sent = self.sender
        ledgers = self.floor.ledger()
        evidence = Evidence(self.floor.kafka.bootstrap, sent.ledger, self.catalogue, ledgers, sent.heartbeats)
        verdict = evidence.judge()
        self._summarise(verdict, sum(ledger["duplicate"] for ledger in ledgers.values()))
        return verdict

    def _summarise(self, verdict: Verdict, duplicates: int) -> None:
        sent = self.sender.acknowledged
        figures = asdict(verdict)
        summary = {
            "scenario": self.name,
            "seed": self.seed,
            **self.kills,
            "exits": {str(code): number for code, number in sorted(self.crew.exits.items())},
            "restores": self.crew.count("restored"),
            "sent": sent.total() - sent["garbage"],
            "garbage": sent["garbage"],
            "duplicates": duplicates,
            **{name: figures[name] for name in ("cells", "lost", "doubled", "corrected", "aborted")},
            "faults": sum(len(figures[name]) for name in ("ledger", "figures", "revisions", "letters")),
            "seconds": round(time.monotonic() - self.began_s),
        }
        print("chaos:", ", ".join(f"{name} {value}" for name, value in summary.items()))
        if file := os.environ.get(REPORT):
            with Path(file).open("a", encoding="utf-8") as report:
                report.write(json.dumps(summary) + "\n")


@contextmanager
def scene(
    name: str,
    seed: int,
    installation: Installation,
    folder: Path,
    *,
    rate: float = 200.0,
    mix: Mix | None = None,
    catalogue: Catalogue = SHOP,
    kafka: EmbeddedKafka | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Scene]:
    """Broker and topics are there, the sender sends; workers are added by the run. All is gone afterwards."""
    print(f"chaos: {name}, CHAOS_SEED={seed}")
    (folder / "kpis.yaml").write_text(kpis_yaml(catalogue))
    (folder / "alerts.yaml").write_text("rules: []\n")
    files = {"KPI_KPIS_FILE": str(folder / "kpis.yaml"), "KPI_RULES_FILE": str(folder / "alerts.yaml")}
    with kafka or EmbeddedKafka(installation, folder / "kafka") as broker:
        floor = ShopFloor(broker, folder, {**files, **(settings or {})})
        floor.kpi("topics", "create")
        crew = Crew(folder, floor.environment, seed)
        sender = Sender(broker.bootstrap, folder / "ledger.ndjson", seed, rate, mix or Mix())
        try:
            sender.start()
            yield Scene(name, seed, floor, crew, sender, catalogue)
        finally:
            crew.close()
            sender.abandon()
