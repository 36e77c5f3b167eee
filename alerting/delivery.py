"""What follows from an attempt to deliver: done, again (when?), or never."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Protocol, assert_never

SECOND_US = 1_000_000
OK, REDIRECT, SERVER_ERROR = 200, 300, 500
REQUEST_TIMEOUT, TOO_MANY_REQUESTS = 408, 429


@dataclass(frozen=True, slots=True)
class Request:
    """A POST. Address, body and headers may hold secrets: it is never shown."""

    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


class Failure(StrEnum):
    """Why no answer came."""

    TIMEOUT = "timeout"
    CONNECTION = "connection"  # refused, reset, no such host, no TLS
    PRIVATE = "private_address"  # ours not to ask: see streams.delivering.addresses


@dataclass(frozen=True, slots=True)
class Answered:
    """A receiver's HTTP status and its Retry-After header, as it came."""

    status: int
    retry_after: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """No answer."""

    failure: Failure


Attempt = Answered | Failed


class RetryReason(StrEnum):
    """Why it is tried again."""

    TIMEOUT = "timeout"  # ours, or its 408
    CONNECTION = "connection"
    PRIVATE = "private_address"  # a name may point elsewhere tomorrow
    THROTTLED = "throttled"  # 429
    SERVER_ERROR = "server_error"  # 5xx


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver has it."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again, not before `not_before_us` (wall clock, us since 1970 UTC)."""

    reason: RetryReason
    not_before_us: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The receiver does not want it and will not want it later."""

    status: int


@dataclass(frozen=True, slots=True)
class Expired:
    """It was tried, and is too old to be waited for: what comes after it must not wait for ever."""

    reason: RetryReason


Decision = Delivered | Retry | Refused | Expired


class Chance(Protocol):
    """A seeded `random.Random`."""

    def uniform(self, a: float, b: float, /) -> float:
        """A number between the two."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential with full jitter (AWS Architecture Blog, 2015): between 0 and min(cap, first * 2^tries)."""

    first_us: int = SECOND_US
    cap_us: int = 60 * SECOND_US  # a receiver that is back is found within a minute
    retry_after_cap_us: int = 3_600 * SECOND_US  # one that says "next week" is asked each hour
    patience_us: int = 86_400 * SECOND_US  # an outage of a day loses nothing; older pages wake nobody usefully

    def wait_us(self, tries: int, chance: Chance) -> int:
        """How long to wait after `tries` attempts that failed, at least one."""
        longest_us = min(self.cap_us, self.first_us << min(tries - 1, 32))
        return int(chance.uniform(0, longest_us))


def decide(attempt: Attempt, tries: int, now_us: int, since_us: int, chance: Chance, backoff: Backoff) -> Decision:
    """What follows from attempt number `tries` (from 1), answered at `now_us`, of what is to be told since `since_us`.

    Both by the wall clock.
    """
    match attempt:
        case Answered(status) if OK <= status < REDIRECT:
            return Delivered()
        case Answered(status, retry_after):
            reason = _reason(status)
            if reason is None:
                return Refused(status)
            asked_us = _asked_us(retry_after, now_us, backoff)
        case Failed(failure):
            reason, asked_us = RetryReason(failure.value), 0
        case _:
            assert_never(attempt)
    if now_us - since_us > backoff.patience_us:
        return Expired(reason)
    return Retry(reason, now_us + max(backoff.wait_us(tries, chance), asked_us))


def _reason(status: int) -> RetryReason | None:
    """None for what no repetition will change: 4xx, and redirects, which are not followed."""
    if status == REQUEST_TIMEOUT:
        return RetryReason.TIMEOUT
    if status == TOO_MANY_REQUESTS:
        return RetryReason.THROTTLED
    return RetryReason.SERVER_ERROR if status >= SERVER_ERROR else None


def _asked_us(retry_after: str | None, now_us: int, backoff: Backoff) -> int:
    """The wait a Retry-After header asks for, seconds or HTTP date; 0 for none and for nonsense."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]) * SECOND_US, backoff.retry_after_cap_us)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # a day or an hour of twenty digits
        return 0
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
    asked_us = int((when - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * SECOND_US - now_us
    return min(max(asked_us, 0), backoff.retry_after_cap_us)
