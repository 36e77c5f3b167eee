"""What is committed is what is made, what Grafana and its SDK know, and what the house wants of a dashboard."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana import asked, chosen, filled, panels, read, texts, variables
from grafana_schema import VERSION, unknown_of_panel
from models.settings import Settings
from streams.configuration import load_definitions
from streams.tools.dashboard_files import differing, made

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "grafana" / "dashboards"
DASHBOARDS = read(FOLDER)
NAMES = pytest.mark.parametrize("name", DASHBOARDS)
OLD = {".options.footer"}  # the SDK always writes it; Grafana moved it to the fields and takes it over from there
RATES = {"rate", "increase", "irate", "delta"}


def kpi(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KPI_")}
    command = [sys.executable, "-m", "streams.cli", "dashboards", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=clean | environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_what_is_committed_is_what_the_kpis_and_the_rules_make() -> None:
    defined = load_definitions(Settings(), [ROOT / "deploy"])
    files = made(defined.catalogue, defined.rules, Settings().reporting_currency)
    assert differing(files, FOLDER) == [], "run `kpi dashboards`"
    assert files.keys() == {file.name for file in FOLDER.iterdir()}


def test_the_command_writes_them_and_names_a_file_that_differs(tmp_path: Path) -> None:
    assert kpi("--out", str(tmp_path)).returncode == 0
    written = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert written == {file.name: file.read_bytes() for file in FOLDER.iterdir()}
    (tmp_path / "kpi-pipeline.json").write_text("{}")
    done = kpi("--check", "--out", str(tmp_path))
    assert (done.returncode, done.stdout.count("\n")) == (1, 1)
    assert done.stdout.startswith(f"{tmp_path / 'kpi-pipeline.json'}: ")


def test_uids_stay_as_bookmarks_hold_on_to_them() -> None:
    assert list(DASHBOARDS) == ["kpi-business", "kpi-explore", "kpi-incident", "kpi-pipeline"]
    assert [file.stem for file in sorted(FOLDER.iterdir())] == list(DASHBOARDS)


@NAMES
def test_the_sdk_reads_and_writes_it_unchanged(name: str) -> None:
    register_default_plugins()
    again = json.loads(json.dumps(Dashboard.from_json(DASHBOARDS[name]), cls=JSONEncoder))
    assert again == DASHBOARDS[name]


@NAMES
def test_every_option_is_one_that_this_grafana_knows(name: str) -> None:
    its = list(panels(DASHBOARDS[name]))
    assert its
    found = {path.removeprefix(panel["title"]) for panel in its for path in unknown_of_panel(panel)}
    assert found <= OLD


def test_the_schema_finds_an_option_that_is_misspelt() -> None:
    panel = json.loads(json.dumps(next(panels(DASHBOARDS["kpi-pipeline"]))))
    panel["options"]["reduceOptions"]["calc"] = []
    panel["fieldConfig"]["defaults"]["custom"] = {"lineWidht": 1}
    panel["fieldConfig"]["overrides"] = [{"matcher": {}, "properties": [{"id": "units", "value": "s"}]}]
    title = panel["title"]
    found = [f"{title}.options.reduceOptions.calc", f"{title}.defaults.custom.lineWidht", f"{title}.units"]
    assert unknown_of_panel(panel) == found


def test_the_schema_is_that_of_the_grafana_that_is_run() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    assert services["grafana"]["image"] == f"grafana/grafana:{VERSION}"


@NAMES
def test_every_panel_has_a_title_a_unit_and_says_what_it_means(name: str) -> None:
    for panel in panels(DASHBOARDS[name]):
        assert panel["title"]
        assert panel["targets"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert len(panel["description"].split()) >= 4, panel["title"]
        assert panel["description"].endswith("."), panel["title"]
    titles = [panel["title"] for panel in panels(DASHBOARDS[name])]
    assert [title for title in titles if titles.count(title) > 1] == []


@NAMES
def test_no_two_panels_lie_on_each_other_and_none_beside_the_grid(name: str) -> None:
    dashboard = DASHBOARDS[name]
    groups = [dashboard["panels"], *(one["panels"] for one in dashboard["panels"] if one["type"] == "row")]
    for group in groups:
        places = [one["gridPos"] for one in group]
        assert [place for place in places if place["x"] + place["w"] > 24] == []
        assert [pair for pair in combinations(places, 2) if _overlap(*pair)] == []
    ids = [one["id"] for group in groups for one in group]
    assert len(ids) == len(set(ids))


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not beside and not above


@NAMES
def test_the_reader_chooses_the_prometheus(name: str) -> None:
    dashboard = DASHBOARDS[name]
    first, *others = variables(dashboard)
    assert (first["name"], first["type"], first["query"]) == ("datasource", "datasource", "prometheus")
    theirs = {"type": "prometheus", "uid": "${datasource}"}
    assert [panel["title"] for panel in panels(dashboard) if panel["datasource"] != theirs] == []
    assert [one["name"] for one in others if one["type"] == "query" and one["datasource"] != theirs] == []
    sources = [one["datasource"] for one in dashboard["annotations"]["list"]]
    assert [one for one in sources if one not in (theirs, {"type": "grafana", "uid": "-- Grafana --"})] == []


@NAMES
def test_every_variable_that_is_used_is_there(name: str) -> None:
    choices, links = chosen(DASHBOARDS[name]), {"__url_time_range": "", "__field.labels.segment": ""}
    every = [
        text.replace("${__field.labels.segment}", "").replace("${__data.fields.KPI}", "")
        for text in texts(DASHBOARDS[name])
    ]
    every = [re.sub(r"\$[12]\b", "", text) for text in every]
    for text in every:
        filled(text, {**choices, **links})  # a KeyError names the one that is not


@NAMES
def test_links_go_to_dashboards_that_exist_and_hand_on_what_they_know(name: str) -> None:
    (link,) = DASHBOARDS[name]["links"]
    assert (link["type"], link["tags"], link["includeVars"], link["keepTime"]) == ("dashboards", ["kpi"], True, True)
    assert DASHBOARDS[name]["tags"] == ["kpi"]
    urls = [text for text in texts(DASHBOARDS[name]) if text.startswith("/d/")]
    for url in urls:
        uid, _, handed = url.removeprefix("/d/").partition("?")
        there = {one["name"] for one in variables(DASHBOARDS[uid])}
        assert "${datasource:queryparam}" in handed
        assert "${__url_time_range}" in handed
        assert set(re.findall(r"var-(\w+)=", handed)) | set(re.findall(r"\$\{(\w+):queryparam\}", handed)) <= there


@NAMES
def test_every_query_is_promql_of_all_workers_together(name: str) -> None:
    dashboard = DASHBOARDS[name]
    for one in asked(dashboard, chosen(dashboard)):
        if one.label is None:
            tree = promql_parser.parse(one.expr)
            assert list(_lonely(tree)) == [], one.where


@NAMES
def test_rates_are_over_the_interval_of_the_scrape_or_a_length_that_is_said(name: str) -> None:
    for panel in panels(DASHBOARDS[name]):
        for target in panel["targets"]:
            spans = re.findall(r"(\w+)\([^()]*\[([^\]]+)\]", target["expr"].replace("(kpi", "(kpi"))
            assert {span for function, span in spans if function in RATES - {"increase"}} <= {"$__rate_interval"}


def _lonely(tree: Any, *, together: bool = False) -> Iterator[str]:
    """Selectors that no aggregation frees of the label `instance`; those of a process itself are its own."""
    match type(tree).__name__:
        case "AggregateExpr":
            yield from _lonely(tree.expr, together=together or _frees(tree))
        case "BinaryExpr":
            yield from _lonely(tree.lhs, together=together)
            yield from _lonely(tree.rhs, together=together)
        case "Call":
            for argument in tree.args:
                yield from _lonely(argument, together=together)
        case "ParenExpr" | "UnaryExpr" | "SubqueryExpr":
            yield from _lonely(tree.expr, together=together)
        case "VectorSelector" if not together:
            yield tree.prettify()
        case "MatrixSelector" if not together:
            yield tree.vector_selector.prettify()


def _frees(tree: Any) -> bool:
    """Whether it aggregates instances away, or keeps them on purpose, as of a process."""
    if tree.modifier is None:
        return str(tree.op) not in {"topk", "bottomk"}
    if "By" in str(tree.modifier.type):
        return True
    return {"instance", "pod"} <= set(tree.modifier.labels)
