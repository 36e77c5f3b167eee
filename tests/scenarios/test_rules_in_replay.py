"""Rules on closed windows tell the same, however many windows a step closes: in life one, in a replay an hour."""

from hypothesis import given
from hypothesis import strategies as st

from alert_desk import Desk, value_of

RULES = (
    "- {name: Low, kpi: orders, window: 1m, on: final, levels: {warning: {below: 3}, critical: {below: 2}}, for: 1m,"
    " clear: {above: 4}, keep_firing_for: 1m, no_data: {after: 3m, level: warning}}\n"
    "- {name: Less, kpi: orders, window: 1m, on: final, levels: {warning: {drop: {by: 20%, versus: 2m}}}}\n"
    "- {name: Both, kpi: orders, window: 1m, on: final, no_data: {after: 5m, level: critical},"
    " levels: {warning: {all: [{below: 5}, {kpi: visits, above: 5}]}}}\n"
    "- {name: Email, kpi: visits, window: 1m, on: final, by: channel, levels: {critical: {outside: [2, 7]}},"
    " no_data: {after: 2m, level: warning}}\n"
)
LETTERS = st.text("_123456789", min_size=1, max_size=40)


def told(strips: dict[str, str], sizes: list[int]) -> list[tuple[object, ...]]:
    desk, minute, end = Desk(RULES), 0, max(map(len, strips.values()))
    steps = iter(sizes)
    while minute < end:
        size = min(next(steps, 1), end - minute)
        values = [
            value_of(name.split()[0], number, strip[number], (*name.split(), "all")[1])
            for name, strip in strips.items()
            for number in range(minute, minute + size)
            if strip[number : number + 1] not in {"_", ""}
        ]
        minute += size
        desk.step(*values, at=minute)
    kept = ((one.rule, one.sequence, one.reason, one.level, one.starts_at_us, one.ends_at_us) for one in desk.told)
    return sorted(kept)


@given(orders=LETTERS, visits=LETTERS, email=LETTERS, sizes=st.lists(st.integers(1, 20), max_size=20))
def test_a_replay_tells_what_life_told(orders: str, visits: str, email: str, sizes: list[int]) -> None:
    # What never came is waited for from the first step on, so something comes in it.
    strips = {"orders": "5" + orders, "visits": "4" + visits, "visits Email": "4" + email}
    assert told(strips, []) == told(strips, sizes)
