"""A real Prometheus over a real shop, with a week of the past: what dashboards ask."""

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from broker.shop_floor import within

WEEK_S = 7 * 86_400
STEP_S = 240  # a value is looked back for over five minutes


@dataclass(frozen=True, slots=True)
class Prometheus:
    """One that answers at a port of this machine."""

    port: int

    def get(self, path: str, **parameters: object) -> Any:
        """`data` of an answer; AssertionError with what it says is wrong."""
        asked = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}?{asked}", timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{parameters}: {error.read().decode()}") from error

    def now(self, expr: str) -> list[dict[str, Any]]:
        """Series of this moment."""
        found: list[dict[str, Any]] = self.get("query", query=expr)["result"]
        return found

    def over(self, expr: str, start_s: float, end_s: float) -> list[dict[str, Any]]:
        """Series of a range."""
        found: list[dict[str, Any]] = self.get("query_range", query=expr, start=start_s, end=end_s, step=5)["result"]
        return found

    def label_values(self, label: str, selector: str) -> list[str]:
        found: list[str] = self.get(f"label/{label}/values", **{"match[]": selector})
        return found


@contextmanager
def prometheus(
    folder: Path, port: int, jobs: Mapping[str, str], past: Mapping[float, str], rules: Sequence[Path] = ()
) -> Iterator[Prometheus]:
    """`jobs`: addresses of metrics by job; `past`: pages of the worker by the time they are remembered at."""
    scraped = [{"job_name": job, "static_configs": [{"targets": [address]}]} for job, address in jobs.items()]
    every = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config = {"global": every, "scrape_configs": scraped, "rule_files": [str(file) for file in rules]}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    for at_s, page in past.items():
        _remember(folder, page, at_s, jobs["kpi-worker"])
    arguments = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}"]
    arguments += [f"--web.listen-address=127.0.0.1:{port}"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(["prometheus", *arguments], stdout=log, stderr=log)
    try:
        yield _ready(Prometheus(port), jobs, folder)
    finally:
        process.kill()
        process.wait()


def _ready(answers: Prometheus, jobs: Mapping[str, str], folder: Path) -> Prometheus:
    """Once every job was scraped often enough for a rate."""
    for _ in within(30):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{answers.port}/-/ready", timeout=10).close()
        except OSError:  # it does not listen yet, or says 503: it reads its files
            continue
        scrapes = answers.now("count_over_time(up[1m])")
        if len(scrapes) == len(jobs) and all(int(one["value"][1]) > 4 for one in scrapes):
            return answers
    raise AssertionError((folder / "prometheus.log").read_text())


def _remember(folder: Path, page: str, at_s: float, instance: str) -> None:
    """Writes the KPIs of a page into Prometheus' files, around a time of the past."""
    times = [round(at_s) + STEP_S * step for step in range(-2, 5)]
    lines = [line for line in page.splitlines() if not line.startswith("#") and 'window="' in line]
    text = "".join(
        f"{series.replace('{', label, 1)} {value} {time}\n"
        for label in [f'{{job="kpi-worker",instance="{instance}",']
        for series, _, value in (line.rpartition(" ") for line in lines)
        for time in times
    )
    (folder / "past.om").write_text(text + "# EOF\n")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(folder / "past.om"), str(folder / "tsdb")]
    subprocess.run(command, check=True, capture_output=True)
