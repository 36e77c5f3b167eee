"""`kpi alerts`: what fires is what was told last of it."""

import pytest

from alerts import notification
from models.errors import SettingsError
from streams.tools.alert_list import active, chosen, show_alerts

FIRED = notification(fingerprint="a", sequence=1)
WORSE = notification(fingerprint="a", sequence=2, level="critical")
ENDED = notification(fingerprint="a", sequence=3, state="resolved")
OTHER = notification(fingerprint="b", sequence=1, rule="OrdersStopped", denominator=45, numerator=25, reason="fired")


def test_an_alert_fires_until_its_last_transition_says_otherwise() -> None:
    assert active([FIRED, OTHER, WORSE]) == [WORSE, OTHER]
    assert active([ENDED, FIRED, WORSE]) == []


def test_an_alert_is_chosen_by_rule_or_fingerprint_and_as_it_fired_last() -> None:
    told = [FIRED, WORSE, ENDED, OTHER]
    assert chosen(told, "a") == [WORSE]
    assert chosen(told, "ConversionRateLow") == [WORSE]
    assert chosen(told, "b") == [OTHER]
    with pytest.raises(SettingsError, match="kpi alerts --history"):
        chosen(told, "c")


def test_a_row_has_the_figures(capsys: pytest.CaptureFixture[str]) -> None:
    show_alerts([OTHER], as_json=False)
    out = capsys.readouterr().out
    for word in ("OrdersStopped", "channel=Paid Search", "critical", "firing (fired)", "0.0173 (25 / 45)"):
        assert word in out
    show_alerts([OTHER], as_json=True)
    assert capsys.readouterr().out.encode() == OTHER.data + b"\n"
