"""The watermark of a topic, from what its partitions announce."""

from models.delta import Mark
from streams.monitoring.watermark import Watermarks

S = 1_000_000
WALL = 1_000_000 * S


def two() -> Watermarks:
    return Watermarks({("clicks", 0), ("clicks", 1)})


def test_nothing_is_known_before_every_partition_was_heard() -> None:
    marks = two()
    marks.hear("clicks", 0, Mark(100 * S, None))
    assert marks.of(["clicks"]) is None


def test_it_is_the_least_of_the_partitions() -> None:
    marks = two()
    marks.hear("clicks", 0, Mark(100 * S, None))
    marks.hear("clicks", 1, Mark(90 * S, None))
    assert marks.of(["clicks"]) == 90 * S


def test_an_idle_partition_lets_the_topic_go_up_to_what_the_others_had_announced() -> None:
    marks = two()
    marks.hear("clicks", 0, Mark(100 * S, None))
    marks.hear("clicks", 1, Mark(50 * S, WALL))
    assert marks.of(["clicks"]) == 100 * S
    marks.hear("clicks", 0, Mark(200 * S, None))
    assert marks.of(["clicks"]) == 100 * S  # the promise has not been renewed: a dead partition holds the topic
    marks.hear("clicks", 1, Mark(50 * S, WALL + S))
    assert marks.of(["clicks"]) == 200 * S


def test_a_partition_that_never_had_a_record_holds_nothing_back() -> None:
    marks = two()
    marks.hear("clicks", 0, Mark(100 * S, None))
    marks.hear("clicks", 1, Mark(None, WALL))
    assert marks.of(["clicks"]) == 100 * S


def test_a_promise_from_before_the_others_announced_anything_lets_nothing_pass() -> None:
    # Seen as lost sessions: a worker was killed, one partition was read on, and the other's records were still unread.
    marks = two()
    marks.hear("clicks", 1, Mark(None, WALL))
    marks.hear("clicks", 0, Mark(None, WALL))
    marks.hear("clicks", 0, Mark(100 * S, None))
    assert marks.of(["clicks"]) is None
    marks.hear("clicks", 1, Mark(None, WALL + S))
    assert marks.of(["clicks"]) == 100 * S


def test_a_busy_partition_without_counted_event_holds_the_topic() -> None:
    marks = two()
    marks.hear("clicks", 0, Mark(100 * S, None))
    marks.hear("clicks", 1, Mark(None, None))
    assert marks.of(["clicks"]) is None


def test_when_all_are_idle_it_goes_on_at_the_pace_of_the_wall_clock_up_to_the_earliest_look() -> None:
    marks = two()
    marks.hear("clicks", 0, Mark(100 * S, WALL))
    marks.hear("clicks", 1, Mark(90 * S, WALL))
    assert marks.of(["clicks"]) == 100 * S
    marks.hear("clicks", 0, Mark(100 * S, WALL + 30 * S))
    assert marks.of(["clicks"]) == 100 * S
    marks.hear("clicks", 1, Mark(90 * S, WALL + 20 * S))
    assert marks.of(["clicks"]) == 120 * S


def test_it_never_goes_back() -> None:
    marks = two()
    marks.hear("clicks", 0, Mark(100 * S, None))
    marks.hear("clicks", 1, Mark(50 * S, WALL))
    marks.hear("clicks", 1, Mark(60 * S, None))
    assert marks.of(["clicks"]) == 100 * S


def test_an_idle_topic_holds_nothing_back_unless_all_are() -> None:
    marks = Watermarks({("clicks", 0), ("orders", 0)})
    marks.hear("clicks", 0, Mark(100 * S, None))
    marks.hear("orders", 0, Mark(10 * S, WALL))
    assert marks.of(["clicks", "orders"]) == 100 * S
    marks.hear("clicks", 0, Mark(100 * S, WALL))
    assert marks.of(["clicks", "orders"]) == 10 * S
