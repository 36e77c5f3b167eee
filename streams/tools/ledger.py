"""`kpi ledger`: what became of every event received, by topic."""

from collections.abc import Iterable, Mapping

import msgspec
from rich.table import Table

from models import status
from models.errors import EngineFault
from models.outcome import Ledger
from models.settings import Settings
from models.status import MeasureStatus, TaskStatus, read_status
from streams.tools.terminal import console, note, write_lines
from streams.tools.topic_reader import last_by_key


async def show_ledger(settings: Settings, *, as_json: bool = False) -> None:
    """Print the account of every topic. EngineFault, after it, when one does not add up; BrokerError."""
    ledgers = ledgers_by_topic(await task_statuses(settings))
    if as_json:
        write_lines([msgspec.json.encode({topic: msgspec.structs.asdict(of) for topic, of in ledgers.items()})])
    else:
        console().print(ledger_table(ledgers))
        if not ledgers:
            note("no task has told of itself yet: is a worker running?")
    if wrong := [topic for topic, ledger in ledgers.items() if not ledger.balanced]:
        raise EngineFault(f"the ledger of {', '.join(wrong)} does not add up")


async def task_statuses(settings: Settings) -> list[TaskStatus]:
    """The last record of every task."""
    return [read_status(raw) for raw in (await last_by_key(settings, status.TOPIC)).values()]


def ledgers_by_topic(statuses: Iterable[TaskStatus]) -> dict[str, Ledger]:
    """The accounts of all partitions of a topic added up; topics in the order of their names."""
    ledgers: dict[str, Ledger] = {}
    for task in statuses:
        if isinstance(task, MeasureStatus):
            ledgers.setdefault(task.topic, Ledger()).add(task.ledger)
    return dict(sorted(ledgers.items()))


def ledger_table(ledgers: Mapping[str, Ledger]) -> Table:
    """A row a topic; received is the sum of the others."""
    table = Table()
    table.add_column("topic")
    for name in Ledger.__struct_fields__:
        table.add_column(name, justify="right")
    for topic, ledger in ledgers.items():
        table.add_row(topic, *(f"{number:,}" for number in msgspec.structs.asdict(ledger).values()))
    return table
