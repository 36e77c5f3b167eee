"""What fires, as lines below the live table and as marks on its rows: from the records of `kpi-alerts`. No I/O."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from rich.text import Text

from alerting.notification import Alert, MalformedAlert, Notification, read_notification
from streams.tools import instant
from streams.tools.live_table import STYLES, Levels
from streams.tools.revisions import Choice
from streams.tools.value_text import length_text

AGAIN_US: Final = 5 * instant.SECOND_US
"""What could not be explained yet is tried again: its figures may be on their way."""

_WORST_FIRST = ("critical", "warning")

Why = Callable[[Notification], tuple[str, ...] | None]
"""The explanation of an alert in lines of words; None: not known, now."""


def unexplained(_: Notification) -> None:
    """Where nothing is known of the rules."""


def unknown(_: str) -> bool:
    """Where nothing is known of the KPIs."""
    return False


@dataclass(slots=True)
class LiveAlerts:
    """The last transition of every alert. `choice`: whose are shown; `is_share`: if a KPI is read as a percentage."""

    choice: Choice = field(default_factory=Choice)
    why: Why = unexplained
    is_share: Callable[[str], bool] = unknown
    malformed: int = 0
    _last: dict[str, Notification] = field(default_factory=dict)
    _said: dict[str, tuple[int, tuple[str, ...] | None]] = field(default_factory=dict)  # when, and what

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """A record of the topic; one that is none is counted as `malformed`."""
        if value is None:
            self._last.pop((key or b"").decode("utf-8", "replace"), None)
            return
        try:
            notification = read_notification(value)
        except MalformedAlert:
            self.malformed += 1
            return
        alert = notification.alert
        before = self._last.get(alert.fingerprint)
        if before is None or before.alert.sequence <= alert.sequence:
            self._last[alert.fingerprint] = notification

    def firing(self) -> list[Notification]:
        """The worst first, then those that began first."""
        its = (one for one in self._last.values() if one.alert.firing and self._wants(one.alert))
        return sorted(its, key=lambda one: (_rank(one.alert.level), one.alert.starts_at, one.alert.fingerprint))

    def levels(self) -> Levels:
        """Of the series that an alert fires for, its level; of several the worst."""
        found: dict[tuple[str, str, str, str], str] = {}
        for one in reversed(self.firing()):
            alert = one.alert
            found[alert.kpi, alert.window, alert.dimension, alert.segment] = alert.level
        return found

    def lines(self, now_us: int, limit: int) -> Iterator[Text]:
        """At most `limit` alerts, a line each and one for its explanation; then how many more there are."""
        firing = self.firing()
        keys = {one.key for one in firing}
        self._said = {key: said for key, said in self._said.items() if key in keys}
        for one in firing[:limit]:
            yield self._line(one.alert, now_us)
            if why := self._why(one, now_us):
                yield Text(f"  {'; '.join(why)}", "dim", no_wrap=True, overflow="ellipsis")
        if not firing:
            yield Text("no alert fires")
        elif len(firing) > limit:
            yield Text(f"{len(firing) - limit} more: kpi alerts")

    def _line(self, alert: Alert, now_us: int) -> Text:
        since_us = instant.of(alert.starts_at)
        where = "" if alert.dimension == alert.segment else f" {alert.dimension}={alert.segment}"
        since = f"since {alert.starts_at:%Y-%m-%d %H:%M:%S} ({length_text(now_us - since_us)})"
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"{alert.level} {alert.rule}", STYLES.get(alert.level, ""))
        line.append(f" {alert.kpi} {alert.window}{where} {since}: {self._figures(alert)}")
        return line

    def _figures(self, alert: Alert) -> str:
        """What is on the record: the value and what it is against, or the rule's own words where there is none."""
        if alert.value is None:
            return alert.annotations.get("summary") or "no value"
        percent = self.is_share(alert.kpi)
        value, threshold = (
            "" if one is None else f"{one:.2%}".replace("%", " %") if percent else f"{one:,.6g}"
            for one in (alert.value, alert.threshold)
        )
        return f"{value}, threshold {threshold}" if threshold else value

    def _why(self, one: Notification, now_us: int) -> tuple[str, ...] | None:
        at_us, said = self._said.get(one.key, (0, None))
        if said is None and now_us - at_us >= AGAIN_US:
            said = self.why(one)
            self._said[one.key] = (now_us, said)
        return said

    def _wants(self, alert: Alert) -> bool:
        asked = (self.choice.kpi, self.choice.window, self.choice.dimension, self.choice.segment)
        its = (alert.kpi, alert.window, alert.dimension, alert.segment)
        return all(want is None or want == has for want, has in zip(asked, its, strict=True))


def _rank(level: str) -> int:
    return _WORST_FIRST.index(level) if level in _WORST_FIRST else len(_WORST_FIRST)
