"""The watermark of a topic, from what its partitions announce."""

import pytest

from models.delta import Mark
from models.topic_watermark import Watermarks

S = 1_000_000
WALL = 1_000_000 * S


def said(at_s: int | None, at_wall_s: int, *, look_s: int | None = None) -> Mark:
    """Said at a second of the wall clock; `look_s`: idle as of a look at that second."""
    promise_us = None if look_s is None else WALL + look_s * S
    return Mark(None if at_s is None else at_s * S, promise_us, WALL + at_wall_s * S)


def two() -> Watermarks:
    return Watermarks({("clicks", 0), ("clicks", 1)})


def test_nothing_is_known_before_every_partition_was_heard() -> None:
    marks = two()
    marks.hear("clicks", 0, said(100, 0))
    assert marks.of(["clicks"]) is None


def test_it_is_the_least_of_the_partitions() -> None:
    marks = two()
    marks.hear("clicks", 0, said(100, 0))
    marks.hear("clicks", 1, said(90, 0))
    assert marks.of(["clicks"]) == 90 * S


def test_an_idle_partition_lets_the_topic_go_up_to_what_the_others_had_announced() -> None:
    marks = two()
    marks.hear("clicks", 0, said(100, 0))
    marks.hear("clicks", 1, said(50, 0, look_s=0))
    assert marks.of(["clicks"]) == 100 * S
    marks.hear("clicks", 0, said(200, 0))
    assert marks.of(["clicks"]) == 100 * S  # the promise has not been renewed: a dead partition holds the topic
    marks.hear("clicks", 1, said(50, 1, look_s=1))
    assert marks.of(["clicks"]) == 200 * S


def test_a_partition_that_never_had_a_record_holds_nothing_back() -> None:
    marks = two()
    marks.hear("clicks", 0, said(100, 0))
    marks.hear("clicks", 1, said(None, 0, look_s=0))
    assert marks.of(["clicks"]) == 100 * S


def test_a_promise_from_before_the_others_announced_anything_lets_nothing_pass() -> None:
    # Seen as lost sessions: a worker was killed, one partition was read on, and the other's records were still unread.
    marks = two()
    marks.hear("clicks", 1, said(None, 0, look_s=0))
    marks.hear("clicks", 0, said(None, 0, look_s=0))
    marks.hear("clicks", 0, said(100, 0))
    assert marks.of(["clicks"]) is None
    marks.hear("clicks", 1, said(None, 1, look_s=1))
    assert marks.of(["clicks"]) == 100 * S


def test_a_look_from_before_an_announcement_does_not_let_it_pass() -> None:
    marks = two()
    marks.hear("clicks", 0, said(100, 5))
    marks.hear("clicks", 1, said(None, 6, look_s=4))  # a record may have come to it between second 4 and 5
    assert marks.of(["clicks"]) is None
    marks.hear("clicks", 0, said(200, 7))
    marks.hear("clicks", 1, said(None, 7, look_s=6))
    assert marks.of(["clicks"]) == 100 * S


def test_a_busy_partition_without_counted_event_holds_the_topic() -> None:
    marks = two()
    marks.hear("clicks", 0, said(100, 0))
    marks.hear("clicks", 1, said(None, 0))
    assert marks.of(["clicks"]) is None


def test_when_all_are_idle_it_goes_on_at_the_pace_of_the_wall_clock_up_to_the_earliest_look() -> None:
    marks = two()
    marks.hear("clicks", 0, said(100, 0, look_s=0))
    marks.hear("clicks", 1, said(90, 0, look_s=0))
    assert marks.of(["clicks"]) == 100 * S
    marks.hear("clicks", 0, said(100, 30, look_s=30))
    assert marks.of(["clicks"]) == 100 * S
    marks.hear("clicks", 1, said(90, 20, look_s=20))
    assert marks.of(["clicks"]) == 120 * S


def test_a_dead_letter_in_the_night_does_not_make_it_wait_for_as_long_again() -> None:
    # Seen: one tick that found a record unread, or a restart, after an hour without events held it for an hour.
    marks = Watermarks({("clicks", 0)})
    marks.hear("clicks", 0, said(100, 0))
    for second in range(10, 3600):
        marks.hear("clicks", 0, said(100, second, look_s=second))
    assert marks.of(["clicks"]) == (100 + 3589) * S
    marks.hear("clicks", 0, said(100, 3600))
    marks.hear("clicks", 0, said(100, 3601, look_s=3601))
    marks.hear("clicks", 0, said(100, 3611, look_s=3611))
    assert marks.of(["clicks"]) == (100 + 3589 + 10) * S


def test_it_never_goes_back() -> None:
    marks = two()
    marks.hear("clicks", 0, said(100, 0))
    marks.hear("clicks", 1, said(50, 0, look_s=0))
    marks.hear("clicks", 1, said(60, 0))
    assert marks.of(["clicks"]) == 100 * S


def test_an_idle_topic_holds_nothing_back_unless_all_are() -> None:
    marks = Watermarks({("clicks", 0), ("orders", 0)})
    marks.hear("clicks", 0, said(100, 0))
    marks.hear("orders", 0, said(10, 0, look_s=0))
    assert marks.of(["clicks", "orders"]) == 100 * S
    marks.hear("clicks", 0, said(100, 0, look_s=0))
    assert marks.of(["clicks", "orders"]) == 10 * S


def test_a_look_at_an_idle_topic_does_not_let_pass_what_another_announced_later() -> None:
    # Seen as lost purchases: of a replay's orders a month was read before the clicks were looked at again.
    marks = Watermarks({("clicks", 0), ("orders", 0), ("orders", 1)})
    for partition in (0, 1):
        marks.hear("orders", partition, said(90, 0))
    marks.hear("clicks", 0, said(80, 1, look_s=0))
    assert marks.of(["clicks", "orders"]) == 90 * S
    for partition in (0, 1):
        marks.hear("orders", partition, said(9_000, 3))
    assert marks.of(["clicks", "orders"]) == 90 * S
    marks.hear("clicks", 0, said(80, 4, look_s=3))
    assert marks.of(["clicks", "orders"]) == 9_000 * S


def test_a_topic_that_never_had_a_record_holds_nothing_back_and_one_that_was_not_looked_at_does() -> None:
    marks = Watermarks({("clicks", 0), ("orders", 0)})
    marks.hear("orders", 0, said(90, 0))
    assert marks.of(["clicks", "orders"]) is None
    marks.hear("clicks", 0, said(None, 1))  # it has something to read
    assert marks.of(["clicks", "orders"]) is None
    marks.hear("clicks", 0, said(None, 2, look_s=1))
    assert marks.of(["clicks", "orders"]) == 90 * S


@pytest.mark.parametrize("behind_s", [0, 7, 40, 3_000])
@pytest.mark.parametrize(("idle", "busy"), [(("clicks", 1), ("clicks", 0)), (("clicks", 0), ("orders", 0))])
def test_a_worker_whose_clock_is_behind_delays_and_never_holds(
    behind_s: int, idle: tuple[str, int], busy: tuple[str, int]
) -> None:
    """Of one topic and of two; the busy partition announces five times a second."""
    marks = Watermarks({idle, busy})
    for fifth in range(4 * 5 * 3_000):
        now_us = WALL + fifth * S // 5
        marks.hear(*busy, Mark(now_us, None, now_us))
        if fifth % 5 == 4:
            look_us = now_us - behind_s * S
            marks.hear(*idle, Mark(None, look_us, look_us))
    at_us = marks.of({idle[0], busy[0]})
    assert at_us is not None
    assert now_us - at_us <= 1.6 * behind_s * S + 2 * S


def test_of_a_topic_an_announcement_a_second_is_remembered() -> None:
    marks = Watermarks({("clicks", 0), ("orders", 0)})
    for n in range(100):  # ten a second
        marks.hear("orders", 0, Mark(n * S, None, WALL + n * S // 10))
    marks.hear("clicks", 0, said(None, 9, look_s=3))
    assert 28 * S <= (marks.of(["clicks", "orders"]) or 0) <= 30 * S
