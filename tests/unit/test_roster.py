"""What an Alertmanager has to be told, minute by minute of the wall clock."""

from typing import Any

from alerts import alert
from streams.delivering.roster import RESOLVED_FOR_US, Entry, Roster

MINUTE_US = 60_000_000
NOW_US = 1_795_564_800_000_000
Seen = tuple[str, str, str]


def take(roster: Roster[None], minute: float, now: float | None = None, **changed: Any) -> None:
    """A transition written at `minute`, read at `now` (None: at once)."""
    roster.take(alert(**changed), None, at(minute), at(minute if now is None else now))


def at(minute: float) -> int:
    return NOW_US + int(minute * MINUTE_US)


def told(roster: Roster[None], minute: float) -> list[Seen]:
    """Tells all that is due: level, whether it fires, since which minute."""
    now_us = at(minute)
    roster.tidy(now_us)
    entries = roster.due(now_us, 100)
    roster.tried(entries, now_us)
    roster.told(entries, now_us)
    return [seen(entry) for entry in entries]


def seen(entry: Entry[None]) -> Seen:
    over = "firing" if entry.ended_us is None else f"over at {(entry.ended_us - NOW_US) / MINUTE_US:g}"
    return entry.alert.level, over, f"from {(entry.starts_us - NOW_US) / MINUTE_US:g}"


def test_what_fires_is_told_at_once_and_then_every_minute() -> None:
    roster = Roster[None]()
    take(roster, 0)
    firing = [("critical", "firing", "from 0")]
    assert [told(roster, minute) for minute in (0, 0.5, 1, 1.5, 2)] == [firing, [], firing, [], firing]


def test_it_ends_four_minutes_after_it_was_told_last() -> None:
    roster = Roster[None]()
    take(roster, 0)
    (entry,) = roster.due(at(7), 1)
    assert entry.ends_us(at(7)) == at(11)


def test_what_is_over_is_told_at_once_and_for_a_quarter_of_an_hour() -> None:
    roster = Roster[None]()
    take(roster, 0)
    told(roster, 0)
    take(roster, 3.5, state="resolved")
    over = [("critical", "over at 3.5", "from 0")]
    assert told(roster, 3.5) == over
    assert all(told(roster, 3.5 + minute) == over for minute in range(1, 15))
    assert told(roster, 3.5 + 15) == []
    assert roster.next_due_us() is None


def test_another_level_ends_one_alert_and_begins_another() -> None:
    roster = Roster[None]()
    take(roster, 0, level="warning")
    told(roster, 0)
    take(roster, 1.5, level="critical", reason="level_up")
    assert sorted(told(roster, 1.5)) == [("critical", "firing", "from 1.5"), ("warning", "over at 1.5", "from 0")]
    take(roster, 2, state="resolved", level="critical")
    assert sorted(told(roster, 2)) == [("critical", "over at 2", "from 1.5")]


def test_one_that_fires_again_is_told_as_over_no_more() -> None:
    roster = Roster[None]()
    take(roster, 0)
    take(roster, 1, state="resolved")
    take(roster, 2)
    assert told(roster, 2) == [("critical", "firing", "from 2")]


def test_news_of_one_that_fires_keep_its_start() -> None:
    roster = Roster[None]()
    take(roster, 0)
    told(roster, 0)
    take(roster, 0.5, value=0.01)
    assert told(roster, 0.5) == [("critical", "firing", "from 0")]


def test_a_rule_that_names_another_window_is_another_alert() -> None:
    roster = Roster[None]()
    take(roster, 0, window="5m")
    told(roster, 0)
    take(roster, 1, window="1h")
    assert sorted(told(roster, 1)) == [("critical", "firing", "from 1"), ("critical", "over at 1", "from 0")]


def test_rebuilt_it_tells_what_fires_and_what_was_over_lately() -> None:
    #          -60       -20        -5         0 min: the topic is read
    #   old     fired     resolved                     nobody waits for it
    #   lately  fired                resolved          the Alertmanager may have missed it
    #   open    fired                                  fires
    roster = Roster[None]()
    for name in ("old", "lately", "open"):
        take(roster, -60, 0, fingerprint=name)
    take(roster, -20, 0, fingerprint="old", state="resolved")
    take(roster, -5, 0, fingerprint="lately", state="resolved")
    assert sorted(told(roster, 0)) == [("critical", "firing", "from -60"), ("critical", "over at -5", "from -60")]


def test_an_end_whose_beginning_was_compacted_away_is_told() -> None:
    roster = Roster[None]()
    take(roster, -5, 0, state="resolved")
    assert told(roster, 0) == [("critical", "over at -5", "from -5")]


def test_while_the_alertmanager_is_down_no_end_is_forgotten() -> None:
    roster = Roster[None]()
    take(roster, 0)
    told(roster, 0)
    take(roster, 1, state="resolved")
    for minute in range(1, 60):
        roster.tidy(at(minute))
        roster.tried(roster.due(at(minute), 100), at(minute))
    assert roster.waiting_since_us() == at(1)
    assert told(roster, 60) == [("critical", "over at 1", "from 0")]


def test_a_tombstone_ends_it() -> None:
    roster = Roster[None]()
    take(roster, 0)
    told(roster, 0)
    roster.forget("ab12", None, at(2), at(2))
    roster.forget("unknown", None, at(2), at(2))
    assert told(roster, 2) == [("critical", "over at 2", "from 0")]


def test_an_end_is_never_before_its_beginning() -> None:
    roster = Roster[None]()
    take(roster, 1)
    take(roster, 0.9, state="resolved")
    assert told(roster, 1) == [("critical", "over at 1", "from 1")]


def test_what_changes_while_it_is_sent_is_told_again() -> None:
    roster = Roster[None]()
    take(roster, 0)
    under_way = roster.due(at(0), 1)
    take(roster, 0.1, state="resolved")
    assert roster.told(under_way, at(0.2)) == 1
    assert told(roster, 0.2) == [("critical", "over at 0.1", "from 0")]


def test_what_was_refused_is_told_no_more_until_it_changes() -> None:
    roster = Roster[None]()
    take(roster, 0)
    (entry,) = roster.due(at(0), 1)
    entry.refused = True
    assert (told(roster, 1), roster.waiting_since_us(), roster.next_due_us()) == ([], None, None)
    take(roster, 2, value=0.01)
    assert told(roster, 2) == [("critical", "firing", "from 0")]


def test_one_that_was_refused_is_not_told_as_over() -> None:
    roster = Roster[None]()
    take(roster, 0)
    (entry,) = roster.due(at(0), 1)
    entry.refused = True
    take(roster, 1, state="resolved")
    assert told(roster, 1) == []


def test_a_batch_that_fails_waits_for_the_others() -> None:
    roster = Roster[None]()
    take(roster, 0, fingerprint="hangs")
    take(roster, 1, fingerprint="works")
    (first,) = roster.due(at(1), 1)
    roster.tried([first], at(1))
    (second,) = roster.due(at(1), 1)
    assert (first.alert.fingerprint, second.alert.fingerprint) == ("hangs", "works")


def test_it_knows_what_waits_and_what_fires() -> None:
    roster = Roster[None]()
    take(roster, 0)
    assert (roster.waiting_since_us(), roster.firing()) == (at(0), 0)
    told(roster, 0)
    assert (roster.waiting_since_us(), roster.firing()) == (None, 1)
    take(roster, 1, state="resolved")
    told(roster, 1)
    assert (roster.waiting_since_us(), roster.firing()) == (None, 0)
    assert roster.due(at(1) + RESOLVED_FOR_US, 1)
