"""The file of rules while a worker runs."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from alerting.rule import Rule
from models.kpis_file import load_kpis
from streams.configuration import load_rules
from streams.rules_watch import RulesWatch, stamp

KPIS = Path(__file__).parents[2] / "deploy" / "kpis.yaml"
LOW = "rules:\n- {name: Low, kpi: orders, window: 1m, levels: {warning: {below: 2}}}\n"
HIGH = LOW.replace("Low", "High")


class Renewed:
    def __init__(self, file: Path) -> None:
        file.write_text(LOW, encoding="utf-8")
        self.file = file
        self.catalogue = load_kpis(KPIS.read_text(encoding="utf-8"), "kpis.yaml")
        self.names: list[list[str]] = []
        self.loads = 0
        read, first = stamp(file), self.load()
        self.watch = RulesWatch(file, self.load, first, self.take, read)

    def load(self) -> tuple[Rule, ...]:
        self.loads += 1
        return load_rules(self.file, self.catalogue)

    def take(self, rules: object) -> None:
        assert isinstance(rules, tuple)
        self.names.append([rule.name for rule in rules])

    def write(self, text: str) -> None:
        self.file.write_text(text, encoding="utf-8")

    def look(self, times: int = 2) -> None:
        for _ in range(times):
            self.watch.look()


@pytest.fixture
def renewed(tmp_path: Path) -> Renewed:
    return Renewed(tmp_path / "alerts.yaml")


def test_a_file_that_stays_is_not_taken_again(renewed: Renewed) -> None:
    renewed.look(5)
    assert (renewed.names, renewed.loads) == ([], 1)


def test_a_file_that_changed_while_it_was_first_read_is_taken(renewed: Renewed) -> None:
    renewed.write(HIGH)
    renewed.look()
    assert renewed.names == [["High"]]


def test_a_file_that_changed_is_taken_once_it_is_at_rest(renewed: Renewed) -> None:
    renewed.look()
    renewed.write(LOW + HIGH.removeprefix("rules:\n"))
    renewed.look(1)
    assert renewed.names == []
    renewed.look(3)
    assert renewed.names == [["Low", "High"]]


def test_a_file_that_is_put_in_its_place_is_seen(renewed: Renewed) -> None:
    renewed.look()
    other = renewed.file.with_suffix(".new")
    other.write_text(HIGH, encoding="utf-8")
    other.rename(renewed.file)
    renewed.look()
    assert renewed.names == [["High"]]


def test_on_sighup_it_is_read_at_once(renewed: Renewed) -> None:
    renewed.look()
    renewed.write(HIGH)
    renewed.watch.ask()
    renewed.look(1)
    assert renewed.names == [["High"]]


def test_a_bad_file_keeps_the_old_rules_and_says_why(renewed: Renewed) -> None:
    renewed.look()
    renewed.write(LOW.replace("below", "under"))
    with capture_logs() as logs:
        renewed.look(5)
    assert (renewed.names, renewed.watch.failed) == ([], True)
    (line,) = logs
    assert line["log_level"] == "error"
    assert line["error"].startswith(f"{renewed.file}:2 Low.levels.warning.under: unknown key; keys are above")
    renewed.write(LOW)
    renewed.look()
    assert (renewed.names, renewed.watch.failed) == ([], False)


def test_a_file_that_is_gone_is_waited_for(renewed: Renewed) -> None:
    renewed.look()
    renewed.file.unlink()
    renewed.look(3)
    assert renewed.names == []
    renewed.write(HIGH)
    renewed.look()
    assert renewed.names == [["High"]]


def test_a_mistake_of_ours_keeps_the_old_rules_too_and_is_tried_again(renewed: Renewed) -> None:
    faults = [ZeroDivisionError("ours")]

    def renew(rules: object) -> None:
        if faults:
            raise faults.pop()
        renewed.take(rules)

    renewed.watch.renew = renew
    renewed.look()
    renewed.write(HIGH)
    with capture_logs() as logs:
        renewed.look()
    assert (renewed.names, renewed.watch.failed) == ([], True)
    assert [line["error"] for line in logs] == ["ZeroDivisionError('ours')"]
    renewed.watch.ask()
    renewed.look(1)
    assert (renewed.names, renewed.watch.failed) == ([["High"]], False)
