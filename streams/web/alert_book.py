"""What fires, what was told, and why: from the records of `kpi-alerts`. No I/O."""

from bisect import insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from alerting.explanation import Explanation
from alerting.notification import Notification, read_notification

HISTORY: Final = 200
Explain = Callable[[Notification], Explanation | None]
"""By what is known now; None: nothing is to explain, or not enough is known."""

_HTTP: Final = ("http://", "https://")


def _order(told: Notification) -> tuple[str, str, int]:
    return told.at, told.alert.fingerprint, told.alert.sequence


@dataclass(slots=True)
class AlertBook:
    """`explain` is asked anew each time until an alert is settled; then its answer stays: the values may go."""

    explain: Explain
    _last: dict[str, Notification] = field(default_factory=dict)  # by fingerprint, what fires
    _history: list[Notification] = field(default_factory=list)  # by event time
    _sequences: dict[str, int] = field(default_factory=dict)  # by fingerprint, of what is in the history
    _settled: dict[str, Explanation | None] = field(default_factory=dict)  # by key of the notification

    def take(self, key: bytes | None, value: bytes | None) -> Notification | None:
        """A record; None if it says nothing new. Raises MalformedAlert."""
        if value is None:
            self._last.pop((key or b"").decode(errors="replace"), None)
            return None
        told = read_notification(value)
        fingerprint, sequence = told.alert.fingerprint, told.alert.sequence
        if sequence <= self._sequences.get(fingerprint, 0):
            return None
        self._sequences[fingerprint] = sequence
        if (before := self._last.pop(fingerprint, None)) is not None and before not in self._history:
            self._settled.pop(before.key, None)
        if told.alert.firing:
            self._last[fingerprint] = told
        insort(self._history, told, key=_order)
        if len(self._history) > HISTORY:
            self._forget(self._history.pop(0))
        return told

    def firing(self) -> list[Notification]:
        """Newest first."""
        return sorted(self._last.values(), key=_order, reverse=True)

    def history(self) -> list[Notification]:
        """Newest first."""
        return self._history[::-1]

    def why(self, told: Notification) -> Explanation | None:
        """See `explain`."""
        return self._settled[told.key] if told.key in self._settled else self.explain(told)

    def settle(self, told: Notification) -> None:
        """All that explains it has been read."""
        self._settled[told.key] = self.why(told)

    def unsettled(self) -> list[Notification]:
        """Of what fires and the history."""
        every = {one.key: one for one in (*self._history, *self._last.values())}
        return [one for key, one in every.items() if key not in self._settled]

    def shown(self, told: Notification) -> msgspec.Raw:
        """The record as the API has it: with `explanation` and `runbook`."""
        fields = msgspec.json.decode(told.data, type=dict[str, msgspec.Raw])
        address = told.alert.annotations.get("runbook_url", "")
        fields["explanation"] = msgspec.Raw(msgspec.json.encode(self.why(told)))
        fields["runbook"] = msgspec.Raw(msgspec.json.encode(address if address.startswith(_HTTP) else None))
        return msgspec.Raw(msgspec.json.encode(fields))

    def _forget(self, told: Notification) -> None:
        """What fires stays explained."""
        fingerprint = told.alert.fingerprint
        if fingerprint in self._last:
            return
        self._settled.pop(told.key, None)
        if not any(one.alert.fingerprint == fingerprint for one in self._history):
            self._sequences.pop(fingerprint, None)


def of_kpi(firing: Iterable[Notification], names: Iterable[str]) -> list[str]:
    """Fingerprints of what fires for one of these KPIs."""
    wanted = set(names)
    return [one.alert.fingerprint for one in firing if one.alert.kpi in wanted]
