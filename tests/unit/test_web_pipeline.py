"""Whether the pipeline is behind, and what of the events of a KPI was not counted."""

from streams.web.answers import Behind
from streams.web.pipeline import Pipeline, Shares
from web_desk import NOW_US, task

S_US = 1_000_000
INPUTS = ("clickstream", "orders")


def pipeline(*records: tuple[bytes | None, bytes | None]) -> Pipeline:
    its = Pipeline(INPUTS)
    for key, raw in records:
        its.take(key, raw)
    return its


def test_a_pipeline_that_keeps_up_says_so() -> None:
    its = pipeline(task(counted=8, late=1, invalid=1), task("orders", counted=2))
    its.looked({"clickstream": 3, "orders": 0, "kpi-deltas": 0}, 0.4)
    answer = its.answer(NOW_US, None)
    assert (answer.behind, answer.why, answer.freshness_s) == (False, [], 0.4)
    clicks = answer.topics[0]
    assert (clicks.received, clicks.counted, clicks.late, clicks.invalid, clicks.unread) == (10, 8, 1, 1, 3)
    assert its.shares(["clickstream"]) == Shares(3, 0.1, 0.1)
    assert its.shares(INPUTS) == Shares(3, round(1 / 12, 6), round(1 / 12, 6))


def test_before_the_first_look_nothing_is_said_of_what_is_unread() -> None:
    its = pipeline(task(counted=1), task("orders"))
    answer = its.answer(NOW_US, None)
    assert (answer.freshness_s, [topic.unread for topic in answer.topics], answer.behind) == (None, [None, None], False)
    assert its.shares(["orders"]) == Shares(None, 0.0, 0.0)


def test_every_reason_to_be_behind_is_told() -> None:
    its = pipeline(task(counted=8, received=11, emitted_us=NOW_US - 45 * S_US), task("orders"))
    its.looked({"clickstream": 700, "orders": 0}, 12.0)
    assert its.answer(NOW_US, 61.4).why == [
        Behind("stopped", "clickstream", 45),
        Behind("unread", "clickstream", 700),
        Behind("unbalanced", "clickstream", 3),
        Behind("alert", None, 61),
    ]
    assert pipeline().answer(NOW_US, None).why == [Behind("no_worker", None, 0)]


def test_a_task_that_is_gone_for_good_is_forgotten() -> None:
    key, raw = task(counted=5)
    its = pipeline((key, raw), (key, None))
    assert its.answer(NOW_US, None).topics[0].received == 0
