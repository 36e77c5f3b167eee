"""Settings and definitions that fit each by itself and not together."""

from pathlib import Path

import pytest

from models.errors import SettingsError
from models.settings import Settings
from streams.configuration import load_catalogue

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_visitors_that_are_forgotten_within_a_window_are_refused() -> None:
    with pytest.raises(SettingsError) as wrong:
        load_catalogue(Settings(session_retention_s=3_600), [DEPLOY])
    assert str(wrong.value) == (
        "session_retention_s: 3600 s is shorter than the windows 1d of visitors: who comes back after it would be "
        "counted twice; write at least 86400, or take 1d from the KPIs over visitors in kpis.yaml"
    )


def test_sessions_may_be_forgotten_soon_where_no_long_window_counts_visitors(tmp_path: Path) -> None:
    text = (DEPLOY / "kpis.yaml").read_text(encoding="utf-8")
    before, visitors, after = text.partition("    numerator: visitors\n    windows: [1m, 5m, 1h, 1d]\n")
    assert visitors
    file = tmp_path / "kpis.yaml"
    file.write_text(f"{before}    numerator: visitors\n    windows: [1m, 1h]\n{after}", encoding="utf-8")
    settings = Settings(session_retention_s=3_600, kpis_file=str(file))
    assert load_catalogue(settings, []).kpis["unique_visitors"].windows == ("1m", "1h")
    with pytest.raises(SettingsError, match="3599 s is shorter than the windows 1h of visitors"):
        load_catalogue(Settings(session_retention_s=3_599, kpis_file=str(file)), [])
