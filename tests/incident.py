"""The documented incident of the e-commerce clickstream: payments fail in May 2024."""

from pathlib import Path

from alerting.rule import Rule
from models.kpis_file import load_kpis
from models.settings import Settings
from streams.configuration import load_rules

FOLDER = Path(__file__).parent / "data" / "incident"
KPIS, RULES, LOOSER = FOLDER / "kpis.yaml", FOLDER / "alerts.yaml", FOLDER / "looser.yaml"
CATALOGUE = load_kpis(KPIS.read_text(encoding="utf-8"), str(KPIS))
SETTINGS = Settings()
FIRED = ("2024-05-22T00:00:00Z", 25, 45)
RESOLVED = ("2024-06-13T00:00:00Z", 37, 51)


def rules(file: Path = RULES) -> tuple[Rule, ...]:
    return load_rules(file, CATALOGUE)
