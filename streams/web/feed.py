"""Server-sent events: each encoded once and shared, the last ones kept for who comes again, slow listeners bounded.

An id is `{process}-{number}`: numbers go up by one an event, whoever it is for. Who comes with an id of this process
that is not older than the ring gets what came since, and nothing twice; everybody else is told to load anew.
"""

import asyncio
from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

RING_BYTES: Final = 8 * 1024 * 1024  # a minute of 200 values a second
PENDING: Final = 5_000  # of a listener; a page of totals and one KPI's segments has some hundred
RESET: Final = b"event: reset\ndata: {}\n\n"
_DIGITS: Final = 19
HEARTBEAT: Final = b": still here\n\n"

Channel = tuple[str, ...]
"""What somebody listens to: `("value", window)` of totals, `("value", kpi, window, dimension)`, `("alert",)`, ..."""


class Event(NamedTuple):
    """`key`: a later event with the same one replaces it where somebody is slow."""

    number: int
    channel: Channel
    key: Hashable
    frame: bytes


@dataclass(eq=False, slots=True)
class Listener:
    """What has not been written yet to one page, by key, in the order of ids. `over`: it was too slow."""

    channels: frozenset[Channel]
    limit: int = PENDING
    over: bool = False
    _pending: dict[Hashable, bytes] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, event: Event) -> None:
        """One more; what it replaces is not written. Beyond the limit all is dropped, and it is over."""
        if self.over:
            return
        self._pending.pop(event.key, None)
        self._pending[event.key] = event.frame
        if len(self._pending) > self.limit:
            self.cut()
        self._wake.set()

    def cut(self) -> None:
        """To be told to load anew."""
        self._pending, self.over = {"reset": RESET}, True
        self._wake.set()

    async def wait(self) -> None:
        """Until there is something to write."""
        await self._wake.wait()

    def taken(self) -> bytes:
        """All that is to be written now."""
        self._wake.clear()
        frames, self._pending = self._pending, {}
        return b"".join(frames.values())


@dataclass(slots=True)
class Feed:
    """`boot`: what this process puts before its numbers; another process must have another."""

    boot: str
    ring_bytes: int = RING_BYTES
    opened: int = 0
    resets: int = 0
    _number: int = 0
    _held: int = 0
    _ring: deque[Event] = field(default_factory=deque)
    _listeners: dict[Channel, set[Listener]] = field(default_factory=dict)
    _open: set[Listener] = field(default_factory=set)

    @property
    def position(self) -> str:
        """Id of the last event."""
        return f"{self.boot}-{self._number}"

    @property
    def streams(self) -> int:
        """Open ones."""
        return len(self._open)

    def heard(self, channel: Channel) -> bool:
        """Whether somebody listens."""
        return bool(self._listeners.get(channel))

    def publish(self, channel: Channel, kind: str, key: Hashable, data: bytes) -> None:
        """To everybody who listens to the channel, and into the ring. `data`: JSON."""
        self._number += 1
        if b"\n" in data or b"\r" in data:  # a record of a foreign writer, spread over lines
            data = b" ".join(data.splitlines())
        frame = b"id: %s\nevent: %s\ndata: %s\n\n" % (self.position.encode(), kind.encode(), data)
        event = Event(self._number, channel, (channel, key), frame)
        self._ring.append(event)
        self._held += len(frame)
        while self._held > self.ring_bytes:
            self._held -= len(self._ring.popleft().frame)
        for listener in self._listeners.get(channel, ()):
            listener.offer(event)

    def open(self, channels: Iterable[Channel], last_id: str | None = None) -> Listener:
        """Listen, from `last_id` on; None: from now on. What cannot be resumed begins with a reset."""
        listener = Listener(frozenset(channels))
        self.opened += 1
        self._open.add(listener)
        for channel in listener.channels:
            self._listeners.setdefault(channel, set()).add(listener)
        if last_id is not None:
            self._resume(listener, last_id)
        return listener

    def close(self, listener: Listener) -> None:
        """Listens no more."""
        self._open.discard(listener)
        self.resets += listener.over
        for channel in listener.channels:
            its = self._listeners[channel]
            its.discard(listener)
            if not its:
                del self._listeners[channel]

    def reset(self) -> None:
        """Everybody is to load anew: what is known was not complete when they did."""
        for listener in self._open:
            listener.cut()

    def _resume(self, listener: Listener, last_id: str) -> None:
        boot, _, number = last_id.rpartition("-")
        oldest = self._ring[0].number if self._ring else self._number + 1
        known = boot == self.boot and number.isascii() and number.isdigit() and len(number) < _DIGITS
        if not known or not oldest - 1 <= int(number) <= self._number:
            listener.cut()
        else:
            for event in self._ring:
                if event.number > int(number) and event.channel in listener.channels:
                    listener.offer(event)
