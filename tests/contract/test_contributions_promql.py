"""What Prometheus reckons a segment to contribute is what alerting.contribution says, over random weeks."""

import random
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerting.contribution import Counts, Part, parts
from grafana import filled
from streams.dashboards import contributions

pytestmark = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Debian's prometheus")
CHOICES = {"kpi": "rate", "window": "1d", "dimension": "channel"}
NAMES = ("Direct", "Email", "Paid Search", "Referral", "(not set)")
DIGITS = 6
Week = dict[str, Counts]


def week(chance: random.Random, *, ratio: bool) -> Week:
    """Some of the segments; of a ratio some over nothing."""
    found = {}
    for name in chance.sample(NAMES, chance.randint(2, len(NAMES))):
        over = chance.choice((0, 40, 500)) if ratio else None
        number = chance.randint(0, over) if over is not None else chance.randint(0, 900)
        found[name] = Counts(Fraction(number), None if over is None else Fraction(over))
    return found


def total(segments: Week) -> Counts:
    over = [one.denominator for one in segments.values() if one.denominator is not None]
    return Counts(
        sum((one.numerator for one in segments.values()), Fraction()), sum(over, Fraction()) if over else None
    )


def series(before: Week, after: Week) -> list[dict[str, str]]:
    """As a worker exports them: a week apart, and none of a ratio over 0."""
    found = []
    for name in sorted({*before, *after}):
        labels = f'window="1d", dimension="channel", segment="{name}"'
        found += _pair(f"kpi_rate_ratio{{{labels}}}", [_value(one.get(name)) for one in (before, after)])
        found += _pair(f'kpi_denominator{{kpi="rate", {labels}}}', [_over(one.get(name)) for one in (before, after)])
    labels, totals = 'window="1d", dimension="all", segment="all"', [total(before), total(after)]
    found += _pair(f"kpi_rate_ratio{{{labels}}}", [_value(one) for one in totals])
    return found + _pair(f'kpi_denominator{{kpi="rate", {labels}}}', [_over(one) for one in totals])


def _pair(name: str, values: list[str]) -> list[dict[str, str]]:
    return [] if values == ["_", "_"] else [{"series": name, "values": " ".join(values)}]


def _value(counts: Counts | None) -> str:
    return "_" if counts is None or counts.value is None else repr(float(counts.value))


def _over(counts: Counts | None) -> str:
    return "_" if counts is None or counts.denominator is None else str(counts.denominator)


def expected(expr: str, values: dict[str, float]) -> dict[str, Any]:
    samples = [
        {"labels": f'{{segment="{name}"}}', "value": round(value, DIGITS) + 0.0} for name, value in values.items()
    ]
    return {"expr": f"round({expr}, 1e-{DIGITS}) + 0", "eval_time": "1w", "exp_samples": samples}


def checked(folder: Path, before: Week, after: Week, tests: list[dict[str, Any]]) -> None:
    (folder / "rules.yml").write_text("groups: []\n")
    test = {"interval": "1w", "input_series": series(before, after), "promql_expr_test": tests}
    asked = {"rule_files": ["rules.yml"], "evaluation_interval": "1w", "tests": [test]}
    (folder / "test.yml").write_text(yaml.safe_dump(asked))
    answer = subprocess.run(
        ["promtool", "test", "rules", "test.yml"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def said(before: Week, after: Week) -> list[Part]:
    return [one for one in parts(total(before), total(after), before, after) if one.segment in NAMES]


@pytest.mark.parametrize("seed", range(6))
def test_of_a_ratio(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    before, after = week(chance, ratio=True), week(chance, ratio=True)
    before["Direct"], after["Direct"] = Counts(Fraction(3), Fraction(40)), Counts(Fraction(9), Fraction(500))
    ours = [one for one in said(before, after) if _weighs(one)]
    both = [one for one in ours if one.before.denominator and one.after.denominator]
    tests = [
        expected(filled(contributions.change(), CHOICES), {one.segment: float(one.change) for one in ours}),
        expected(filled(contributions.rate(), CHOICES), {one.segment: float(one.rate or 0) for one in both}),
        expected(filled(contributions.mix(), CHOICES), {one.segment: float(one.mix or 0) for one in ours}),
    ]
    checked(tmp_path, before, after, tests)


def _weighs(one: Part) -> bool:
    """Prometheus has no value of a segment over nothing in both weeks; it contributes nothing."""
    return bool(one.before.denominator or one.after.denominator)


@pytest.mark.parametrize("seed", range(3))
def test_of_a_sum(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    before, after = week(chance, ratio=False), week(chance, ratio=False)
    ours = {one.segment: float(one.change) for one in said(before, after)}
    tests = [
        expected(filled(contributions.change(), CHOICES), ours),
        expected(filled(contributions.rate(), CHOICES), {}),
        expected(filled(contributions.mix(), CHOICES), {}),
    ]
    checked(tmp_path, before, after, tests)
