"""Prometheus and we agree when the same threshold rule over the same minutes fires and resolves, minute by minute."""

import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from life import life, rule

pytestmark = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Debian's prometheus")
MINUTES, STRIPS = 60, 50
RULES = [  # name, minutes it must last, minutes it goes on firing
    ("AtOnce", 0, 0),
    ("Held", 3, 0),
    ("Kept", 2, 4),
]


def strips(seed: int) -> list[str]:
    """Values of a minute each, of which some stay for a while, as real ones do."""
    chance, found = random.Random(seed), []
    for _ in range(STRIPS):
        value, letters = 3, []
        for _ in range(MINUTES):
            value = value if chance.random() < 0.6 else chance.choice((0, 1, 2, 3))
            letters.append(str(value))
        found.append("".join(letters))
    return found


def in_prometheus(name: str, hold: int, keep: int) -> dict[str, Any]:
    alert: dict[str, Any] = {"alert": name, "expr": "kpi < 2", "for": f"{hold}m"}
    return alert | ({"keep_firing_for": f"{keep}m"} if keep else {})


def said_by_us(name: str, hold: int, keep: int, values: list[str]) -> list[dict[str, Any]]:
    """What promtool is to expect of every minute: the strips that fire."""
    lives = [life(rule(below=2, hold=hold, keep=keep), strip) for strip in values]
    return [
        {
            "eval_time": f"{minute}m",
            "alertname": name,
            "exp_alerts": [{"exp_labels": {"strip": str(n)}} for n, one in enumerate(lives) if one[minute] == "W"],
        }
        for minute in range(MINUTES)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_both_fire_and_resolve_in_the_same_minutes(tmp_path: Path, seed: int) -> None:
    values = strips(seed)
    ours = [case for one in RULES for case in said_by_us(*one, values)]
    assert sum(len(case["exp_alerts"]) for case in ours) > MINUTES * STRIPS // 4, "hardly anything fires"
    series = [{"series": f'kpi{{strip="{n}"}}', "values": " ".join(strip)} for n, strip in enumerate(values)]
    rules = {"groups": [{"name": "shop", "interval": "1m", "rules": [in_prometheus(*one) for one in RULES]}]}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules))
    test = {"interval": "1m", "input_series": series, "alert_rule_test": ours}
    asked = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(asked))
    answer = subprocess.run(
        ["promtool", "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
