"""KPIs and records as the API answers them, for the page's own scripts."""

from typing import Any

RATE = {"name": "conversion_rate", "unit": "ratio", "proportion": True, "good": "up"}
MONEY = {"name": "revenue", "unit": "money", "proportion": False, "good": "up"}
COUNT = {"name": "visits", "unit": "count", "proportion": False, "good": "up"}
SECONDS = {"name": "time_on_site", "unit": "seconds", "proportion": False, "good": "up"}
PAGES = {"name": "pages_per_visit", "unit": "ratio", "proportion": False, "good": "up"}


def record(
    value: object, start: str = "2026-11-27T12:00:00Z", end: str = "2026-11-27T13:00:00Z", **other: Any
) -> dict[str, Any]:
    return {
        "kpi": "visits", "window": "1h", "start": start, "end": end, "dimension": "all", "segment": "all",
        "value": value, "unit": "count", "numerator": 1, "denominator": None, "interval": None, "status": "final",
        "revision": 1, "watermark": end, "definition": "a", "emitted_at": end,
    } | other  # fmt: skip
