import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.delivery import (
    SECOND_US,
    Answered,
    Attempt,
    Backoff,
    Decision,
    Delivered,
    Expired,
    Failed,
    Failure,
    Refused,
    Retry,
    RetryReason,
    decide,
)

NOW_US = 1_795_564_800 * SECOND_US  # Wed, 25 Nov 2026 00:00:00 GMT
BACKOFF = Backoff()


class Longest:
    """The chance that always waits as long as it may."""

    def uniform(self, a: float, b: float, /) -> float:
        return max(a, b)


class Shortest:
    """The chance that never waits."""

    def uniform(self, a: float, b: float, /) -> float:
        return min(a, b)


def decided(attempt: Attempt, tries: int = 1) -> Decision:
    return decide(attempt, tries, NOW_US, NOW_US, Longest(), BACKOFF)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_delivered(status: int) -> None:
    assert decided(Answered(status)) == Delivered()


@pytest.mark.parametrize("status", [301, 302, 400, 401, 404, 410, 422])
def test_what_a_repetition_does_not_change_is_refused(status: int) -> None:
    assert decided(Answered(status)) == Refused(status)


@pytest.mark.parametrize(
    ("attempt", "reason"),
    [
        (Answered(408), RetryReason.TIMEOUT),
        (Answered(429), RetryReason.THROTTLED),
        (Answered(500), RetryReason.SERVER_ERROR),
        (Answered(503), RetryReason.SERVER_ERROR),
        (Failed(Failure.TIMEOUT), RetryReason.TIMEOUT),
        (Failed(Failure.CONNECTION), RetryReason.CONNECTION),
        (Failed(Failure.PRIVATE), RetryReason.PRIVATE),
    ],
)
def test_the_rest_is_tried_again_with_its_reason(attempt: Attempt, reason: RetryReason) -> None:
    assert decided(attempt) == Retry(reason, NOW_US + SECOND_US)


def test_waits_double_up_to_the_cap() -> None:
    waits = [BACKOFF.wait_us(tries, Longest()) // SECOND_US for tries in [1, 2, 3, 4, 5, 6, 7, 8, 10_000]]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@given(tries=st.integers(1, 10_000), seed=st.integers())
def test_the_jitter_is_full(tries: int, seed: int) -> None:
    assert 0 <= BACKOFF.wait_us(tries, random.Random(seed)) <= BACKOFF.wait_us(tries, Longest())


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Wed, 25 Nov 2026 00:02:00 GMT", 120),
        ("Tue, 24 Nov 2026 00:02:00 GMT", 0),
        ("999999999999999999999999", 3_600),
        ("Fri, 25 Dec 2026 00:00:00 GMT", 3_600),
        ("soon", 0),
        ("-5", 0),
        ("1.5", 0),
        ("Wed, 99 Nov 2026 00:02:00 GMT", 0),
        ("Wed, 25 Nov 2026 99999999999999999999:02:00 GMT", 0),
        ("Wed, 25 Nov 2026 00:02:00 +99999999999999999999", 0),
        ("", 0),
    ],
)
def test_retry_after_is_honoured_within_its_cap(header: str, seconds: int) -> None:
    decision = decide(Answered(429, header), 1, NOW_US, NOW_US, Shortest(), BACKOFF)
    assert decision == Retry(RetryReason.THROTTLED, NOW_US + seconds * SECOND_US)


@given(header=st.text())
def test_no_retry_after_header_stops_delivery(header: str) -> None:
    decision = decided(Answered(503, header))
    assert isinstance(decision, Retry)
    assert NOW_US <= decision.not_before_us <= NOW_US + BACKOFF.retry_after_cap_us


@pytest.mark.parametrize(
    ("attempt", "decision"),
    [
        (Answered(200), Delivered()),
        (Answered(400), Refused(400)),
        (Answered(503), Expired(RetryReason.SERVER_ERROR)),
        (Failed(Failure.TIMEOUT), Expired(RetryReason.TIMEOUT)),
    ],
)
def test_what_is_older_than_a_day_is_tried_and_not_waited_for(attempt: Attempt, decision: Decision) -> None:
    assert decide(attempt, 1, NOW_US, NOW_US - 86_401 * SECOND_US, Longest(), BACKOFF) == decision


def test_what_is_a_day_old_is_waited_for() -> None:
    assert isinstance(decide(Answered(503), 1, NOW_US, NOW_US - 86_400 * SECOND_US, Longest(), BACKOFF), Retry)
