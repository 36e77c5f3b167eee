"""`kpi alerts`: what fires now, what was told, and why."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from rich.table import Table

from alerting.notification import Alert, MalformedAlert, Notification, read_notification
from alerting.rule import Rule
from models.errors import SettingsError
from models.kpi import Catalogue
from models.settings import Settings
from streams.delivering.figures import Figures
from streams.delivering.reasons import Reasons
from streams.publication import VALUES_TOPIC
from streams.publication_alerts import TOPIC
from streams.tools.terminal import console, note, write_lines
from streams.tools.topic_reader import open_topic
from streams.tools.value_text import sparkline

EVER_US = 10**18  # every window that the topic still has


async def transitions(settings: Settings) -> list[Notification]:
    """Everything that is on `kpi-alerts`, by the event time it was told for; BrokerError. Malformed ones are named."""
    found: list[Notification] = []
    async with open_topic(settings, TOPIC) as reader:
        async for batch in reader.to_end():
            for record in batch:
                try:
                    found += [read_notification(record.value)] if record.value is not None else []
                except MalformedAlert as wrong:
                    note(f"{TOPIC}-{record.partition} offset {record.offset}: no alert ({wrong})")
    return sorted(found, key=lambda one: (one.at, one.alert.fingerprint, one.alert.sequence))


def active(told: Iterable[Notification]) -> list[Notification]:
    """Of every alert the last transition, if it fires."""
    last: dict[str, Notification] = {}
    for one in sorted(told, key=lambda one: one.alert.sequence):
        last[one.alert.fingerprint] = one
    return sorted((one for one in last.values() if one.alert.firing), key=lambda one: one.at)


def show_alerts(shown: list[Notification], *, as_json: bool) -> None:
    """A row a transition, or the record a line."""
    if as_json:
        write_lines(one.data for one in shown)
        return
    if not shown:
        note("no alert")
        return
    table = Table("since", "rule", "segment", "level", "state", "value", "last values", "fingerprint")
    for one in shown:
        table.add_row(*_row(one))
    console().print(table)


def chosen(told: Iterable[Notification], which: str) -> list[Notification]:
    """What fired of a fingerprint or a rule: of every alert the last time it did; SettingsError if it never did."""
    its = [one for one in told if which in {one.alert.fingerprint, one.alert.rule} and one.alert.firing]
    if not its:
        raise SettingsError(
            "--why", f'nothing is known of "{which}"', "give a rule or fingerprint of `kpi alerts --history`"
        )
    return list({one.alert.fingerprint: one for one in its}.values())


async def show_why(
    settings: Settings, catalogue: Catalogue, rules: tuple[Rule, ...], which: str, *, as_json: bool
) -> None:
    """The explanation of alerts, made anew from what `kpi-values` says now. SettingsError, BrokerError."""
    its = chosen(await transitions(settings), which)
    reasons = Reasons(catalogue, rules, ZoneInfo(settings.business_timezone))
    figures = Figures(dict.fromkeys(_kinds(its, reasons), EVER_US), max_rows=10**7)
    async with open_topic(settings, VALUES_TOPIC) as reader:
        async for batch in reader.to_end():
            for record in batch:
                figures.take(record.key, record.value)
    for one in its:
        _explain(one, reasons, figures, as_json=as_json)


def _kinds(its: Iterable[Notification], reasons: Reasons) -> set[tuple[str, str]]:
    """Of the alerts, and of the steps beside them."""
    windows = {(one.alert.kpi, one.alert.window) for one in its}
    beside = {kind for kind in reasons.kept_us if any(kind[1] == window for _, window in windows)}
    return windows | beside


def _explain(one: Notification, reasons: Reasons, figures: Figures, *, as_json: bool) -> None:
    alert = one.alert
    found = reasons.explained(alert, figures.at, figures.units.get(alert.kpi))
    if as_json:
        write_lines([(one.without("not explained") if found is None else one.explained(found)).data])
        return
    lines = (
        alert.annotations.get("summary", ""),
        *(found.summary if found else ("not explained: no value before it",)),
    )
    where = "" if alert.dimension == alert.segment else f" {alert.dimension}={alert.segment}"
    console().print(f"{alert.rule}{where} {alert.level}, {one.at}", markup=False, soft_wrap=True)
    for line in filter(None, lines):
        console().print(f"  {line}", markup=False, soft_wrap=True)


def _row(one: Notification) -> tuple[str, ...]:
    alert = one.alert
    where = "" if alert.dimension == alert.segment else f"{alert.dimension}={alert.segment}"
    state = f"{alert.state} ({alert.reason})" if alert.reason else alert.state
    return (
        one.at,
        alert.rule,
        where,
        alert.level,
        state,
        _value(alert),
        sparkline(list(alert.last_values)),
        alert.fingerprint,
    )


def _value(alert: Alert) -> str:
    if alert.value is None:
        return "-"
    of = "" if alert.denominator is None else f" ({alert.numerator} / {alert.denominator})"
    return f"{alert.value:.6g}{of}"
