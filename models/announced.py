"""What was announced lately: watermarks by when they were told, few enough to be kept in a table's row."""

Recent = list[tuple[int, int]]
"""Announcements that are remembered, oldest first: (told_us, at_us), wall clock and event time."""

MAX_RECENT = 32
"""Each about half as old again as the next: a look is a tick old, but by the clock of another worker."""

APART_US = 1_000_000
"""They come five a second, and those of a topic more often, as many partitions move it: one a second is enough."""


def remembered(recent: Recent, told_us: int, at_us: int) -> Recent:
    """With one more. What is in the way of others for its age goes: so a look of any age finds one not much older.

    Seen with the last 32 alone: a worker whose clock was 7 s behind held a topic for ever while its partition was idle.
    """
    near = len(recent) > 1 and recent[-1][0] - recent[-2][0] < APART_US
    kept = [*(recent[:-1] if near else recent), (told_us, at_us)]
    if len(kept) > MAX_RECENT:
        inner = range(1, len(kept) - 1)
        del kept[min(inner, key=lambda i: (kept[i + 1][0] - kept[i - 1][0]) / max(1, told_us - kept[i][0]))]
    return kept


def last_by(recent: Recent, look_us: int) -> int | None:
    """The last watermark that was announced up to a moment of the wall clock; None: none was."""
    return max((at_us for told_us, at_us in recent if told_us <= look_us), default=None)
