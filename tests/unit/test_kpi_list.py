"""`kpi kpis list`."""

import subprocess
import sys
from pathlib import Path

import msgspec

from models.kpis_file import load_kpis
from streams.tools.kpi_list import KpiLine, kpi_lines

FILES = Path(__file__).parents[1] / "data" / "kpis"
TARGETS = FILES / "good" / "targets.yaml"
ROOT = Path(__file__).parents[2]


def kpi(*arguments: str, kpis: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streams.cli", "kpis", "list", *arguments]
    environment = {"KPI_KPIS_FILE": str(kpis), "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60, cwd=ROOT)


def lines(file: Path) -> dict[str, KpiLine]:
    catalogue = load_kpis(file.read_text(encoding="utf-8"), file.name)
    return {line.kpi: line for line in kpi_lines(catalogue)}


def test_a_kpi_says_what_it_is_made_of_and_what_its_target_makes() -> None:
    found = lines(TARGETS)
    takings, forecast = found["takings"], found["takings_forecast"]
    assert (takings.formula, takings.unit, takings.windows, takings.by) == ("revenue", "money", ("1h", "1d"), ())
    assert (takings.target, takings.pace, takings.goal_of) == ({"1d": "50000.50"}, "learnt", None)
    assert (forecast.formula, forecast.goal_of) == ("takings / share usually reached by now", "takings")
    assert (forecast.windows, forecast.metric) == (("1d",), "kpi_takings_forecast")
    assert (found["placed"].pace, found["rate"].pace) == ("given", None)
    assert (found["rate"].formula, found["rate"].interval) == ("converting_sessions / sessions", True)
    assert found["basket_expected"].formula == "target of basket"


def test_a_formula_is_written_as_it_is_read() -> None:
    deploy = ROOT / "deploy" / "kpis.yaml"
    assert lines(deploy)["net_average_order_value"].formula == "(revenue - refunds) / orders"
    assert lines(deploy)["interactions"].formula == "likes + shares + comments"


def test_the_command_prints_a_line_or_a_row_a_kpi() -> None:
    told = kpi("--json", kpis=TARGETS)
    assert (told.returncode, told.stderr) == (0, "")
    assert [msgspec.json.decode(line, type=KpiLine).kpi for line in told.stdout.splitlines()] == list(lines(TARGETS))
    table = kpi(kpis=TARGETS)
    assert table.returncode == 0
    assert lines(TARGETS)["takings"].definition in table.stdout


def test_a_wrong_file_is_one_line_and_exit_code_2() -> None:
    told = kpi(kpis=FILES / "bad" / "pace_of_23_hours.yaml")
    assert told.returncode == 2
    assert told.stdout == ""
    assert told.stderr.count("\n") == 1
    assert "pace_of_23_hours.yaml:7 takings.target.pace: 23 shares instead of 24" in told.stderr
