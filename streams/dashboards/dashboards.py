"""Every dashboard, as the files that Grafana reads."""

import json
from collections.abc import Sequence

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from alerting.rule import Rule
from models.kpi import Catalogue
from streams.dashboards import business, explore, incident, pipeline
from streams.dashboards.defined import Defined


def dashboard_files(catalogue: Catalogue, rules: Sequence[Rule], currency: str) -> dict[str, str]:
    """The text of every file by its name; `currency`: of reports, ISO 4217. The same definitions, the same bytes."""
    defined = Defined(catalogue, tuple(rules), currency)
    made = (build(defined) for build in (business.build, incident.build, pipeline.build, explore.build))
    return {f"{one.uid}.json": text(one) for one in made}


def text(dashboard: Dashboard) -> str:
    """As it is committed."""
    return json.dumps(dashboard, cls=JSONEncoder, indent=1, ensure_ascii=False) + "\n"
