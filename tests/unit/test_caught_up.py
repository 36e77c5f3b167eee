"""When a look says that everything is published."""

from dataclasses import dataclass

import msgspec
from aiokafka import TopicPartition

from models.outcome import Ledger
from models.status import FactStatus, MeasureStatus, MonitorStatus, TaskStatus
from streams.tools.caught_up import Look, look
from streams.tools.group_lag import behind
from streams.tools.ledger import ledger_table, ledgers_by_topic
from streams.tools.status import by_topic, status_json

NONE = {"orders": 0, "kpi-deltas": 0}


def measure(partition: int = 0, *, watermark_us: int | None = 7, announced_us: int | None = 7) -> MeasureStatus:
    return MeasureStatus(
        task=f"orders-{partition}",
        topic="orders",
        partition=partition,
        received=6,
        counted=2,
        duplicate=1,
        late=1,
        bot=1,
        invalid=1,
        watermark_us=watermark_us,
        announced_us=announced_us,
        promise_us=None,
        emitted_us=9,
    )


def monitor(partition: int = 0, *, unfinished: bool = False, **watermarks_us: int) -> MonitorStatus:
    task = f"monitor-{partition}"
    return MonitorStatus(
        task=task, partition=partition, watermarks_us=watermarks_us, unfinished=unfinished, emitted_us=9
    )


@dataclass
class Case:
    tasks: list[TaskStatus]
    lag: dict[str, int]

    def look(self) -> Look:
        return look(self.lag, 0.0, self.tasks, {"orders": 1}, 1)


def test_no_lag_and_everything_announced_and_heard_is_caught_up() -> None:
    assert Case([measure(), monitor(orders=7)], NONE).look().reasons == ()


def test_a_topic_without_events_is_caught_up_without_a_watermark() -> None:
    assert Case([measure(watermark_us=None, announced_us=None), monitor()], NONE).look().caught_up


def facts(*, announced_us: int | None = 7, unfinished: bool = False) -> FactStatus:
    return FactStatus(
        task="customers-0", partition=0, watermark_us=7, announced_us=announced_us, unfinished=unfinished, emitted_us=9
    )


def test_orders_on_their_way_to_their_customers_are_waited_for() -> None:
    def reasons(task: FactStatus) -> tuple[str, ...]:
        return Case([measure(), task, monitor(orders=7)], NONE).look().reasons

    assert reasons(facts()) == ()
    assert reasons(facts(announced_us=6)) == ("customers-0: the watermark of its orders is not announced yet",)
    assert "still worked on" in reasons(facts(unfinished=True))[0]


def test_every_thing_that_is_missing_is_a_reason() -> None:
    assert Case([measure(), monitor(orders=7)], NONE | {"orders": 3}).look().reasons == (
        "orders: 3 records are not read",
    )
    assert Case([], NONE).look().reasons == (
        "orders/0: no task has told of it yet, is a worker running?",
        "monitor-0: the task has not told of itself yet, is a worker running?",
    )
    assert Case([measure(announced_us=6), monitor(orders=6)], NONE).look().reasons == (
        "orders/0: its watermark is not announced yet",
    )
    assert Case([measure(), monitor(social=1)], NONE).look().reasons == ("monitor-0: has no watermark of orders yet",)


def test_a_topic_that_no_kpi_needs_any_more_holds_nothing_back() -> None:
    tasks: list[TaskStatus] = [measure(announced_us=6), monitor()]
    assert look(NONE, 0.0, tasks, {}, 1).caught_up


def test_windows_that_are_still_being_published_are_a_reason() -> None:
    [reason] = Case([measure(), monitor(unfinished=True, orders=7)], NONE).look().reasons
    assert reason == "monitor-0: windows are still being published"


def test_the_watermark_of_a_topic_is_the_least_that_a_task_of_the_monitor_knows() -> None:
    tasks: list[TaskStatus] = [monitor(0, orders=7, social=3), monitor(1, orders=5), monitor(2, orders=1)]
    assert look(NONE, 0.0, tasks, {}, 2).watermarks_us == {"orders": 5, "social": 3}, "partition 2 is no more"


def test_lag_is_summed_over_the_partitions_that_are_behind() -> None:
    one, two, other = TopicPartition("orders", 0), TopicPartition("orders", 1), TopicPartition("social", 0)
    unread = behind({one: 4, two: 0, other: 9}, {one: 5, two: 7, other: 8})
    assert by_topic(unread, ["orders", "social"]) == {"orders": 8, "social": 0}


def test_the_status_is_one_json_object() -> None:
    last = Case([measure(), monitor(orders=1_500_000)], NONE).look()
    assert msgspec.json.decode(status_json(last, caught_up=True)) == {
        "caught_up": True,
        "lag": NONE,
        "watermarks": {"orders": "1970-01-01T00:00:01.500000Z"},
        "freshness_s": 0.0,
        "reasons": [],
    }


def test_a_ledger_is_the_sum_over_partitions() -> None:
    ledgers = ledgers_by_topic([measure(0), measure(1), monitor()])
    assert ledgers == {"orders": Ledger(received=12, counted=4, duplicate=2, late=2, bot=2, invalid=2)}
    assert ledgers["orders"].balanced
    assert ledger_table(ledgers).row_count == 1
