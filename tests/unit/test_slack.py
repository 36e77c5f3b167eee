import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from alerting.notifiers.slack import Slack
from alerts import notification

URL = "https://hooks.slack.com/services/T0/B0/s3cr3t"
SLACK = Slack(URL, "https://kpi.example")


def text(**changed: Any) -> str:
    message = json.loads(SLACK.request(notification(**changed)).body)
    assert (message["mrkdwn"], message["unfurl_links"]) == (True, False)
    said: str = message["text"]
    return said


def test_a_message_is_four_short_lines() -> None:
    assert text().splitlines() == [
        "*ConversionRateLow* CRITICAL firing",
        "Conversion 1.73% in Paid Search",
        "conversion_rate 5m channel=Paid Search: 0.0173 (threshold 0.02)",
        "https://runbooks.example/low https://kpi.example",
    ]


def test_one_that_is_over_says_so() -> None:
    assert text(state="resolved", annotations={}).splitlines()[0] == "*ConversionRateLow* resolved"


def test_of_the_total_no_segment_is_named() -> None:
    assert "conversion_rate 5m: no value (threshold 0.02)" in text(dimension="all", segment="all", value=None)


def test_mrkdwn_is_escaped() -> None:
    assert "a=&lt;!channel&gt; R&amp;D &amp;lt;: 0.0173" in text(dimension="a", segment="<!channel> R&D &lt;")


@given(segment=st.text(), summary=st.text())
def test_nothing_from_outside_opens_a_tag_or_a_line_and_all_stays_short(segment: str, summary: str) -> None:
    said = text(segment=segment, annotations={"summary": summary})
    assert "<" not in said
    assert ">" not in said
    assert len(said.split("\n")) <= 4
    assert len(said) <= 4 * 5 * 500  # `&` takes five


def test_the_address_is_not_shown() -> None:
    assert "s3cr3t" not in f"{SLACK!r} {SLACK.request(notification())!r}"
