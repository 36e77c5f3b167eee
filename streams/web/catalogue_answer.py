"""The catalogue as the API answers it."""

from collections.abc import Iterable

from models.family import family, good
from models.kpi import Catalogue, Kpi
from models.measure import FEEDS
from models.settings import Settings
from models.window_definition import lengths, shapes
from streams.web.answers import KpiAnswer, KpisAnswer, WindowAnswer

_S_US = 1_000_000


def catalogue_answer(settings: Settings, catalogue: Catalogue) -> KpisAnswer:
    """All KPIs, and the windows that some of them has."""
    return KpisAnswer(
        currency=settings.reporting_currency,
        timezone=settings.business_timezone,
        public_url=settings.public_url,
        kpis=tuple(map(_kpi, catalogue.kpis.values())),
        windows=tuple(_windows(catalogue)),
    )


def topics_of(kpi: Kpi) -> tuple[str, ...]:
    """Input topics that feed a KPI."""
    return tuple(dict.fromkeys(FEEDS[feed].topic for feed in FEEDS if feed in kpi.feeds))


def _kpi(kpi: Kpi) -> KpiAnswer:
    target = None if kpi.target is None else {window: f"{value:f}" for window, value in kpi.target.values}
    return KpiAnswer(
        kpi.name,
        kpi.help,
        kpi.formula,
        kpi.unit,
        kpi.proportion,
        kpi.windows,
        kpi.by,
        topics_of(kpi),
        family(kpi),
        target,
        good(kpi),
        kpi.definition,
        kpi.metric,
    )


def _windows(catalogue: Catalogue) -> Iterable[WindowAnswer]:
    known = shapes(catalogue.windows)
    used = {name for kpi in catalogue.kpis.values() for name in kpi.windows}
    names = [name for name in known if name in used]
    for name, text in lengths(names, catalogue.windows).items():
        shape = known[name]
        length_s, hop_s = (None, None) if shape is None else (shape[0] // _S_US, shape[1] // _S_US)
        yield WindowAnswer(name, text, length_s, hop_s)
