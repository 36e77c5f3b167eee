"""Settings, KPIs and rules from environment and files; every error says where and what to do."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from alerting import rules_file
from alerting.rule import Rule
from models import money, source
from models.errors import SettingsError
from models.goal import with_goals
from models.kpi import Catalogue
from models.kpis_file import load_kpis
from models.measure import VISITORS
from models.receiver import fault_of
from models.receivers_file import read_receivers
from models.settings import SECRETS, Settings
from models.window_definition import shapes

PREFIX = "KPI_"
SERVER = re.compile(r"(\[[0-9a-fA-F:]+\]|[^\s:,/]+):[0-9]{1,5}")
LIMITS = {
    "metrics_port": (0, 65_535),
    "web_port": (0, 65_535),
    "commit_every_s": (0.01, 5),
    "commit_every_records": (1, 10**6),
}
"""Of numbers; others from 0 to ten years in seconds."""

FILE = "KPI_CONFIG"
"""Names the YAML file; what the environment says wins over it."""

LISTS = ("receivers", "contiguous_topics", "conversion_events")
"""Settings that only the file can hold."""

HIDDEN = "********"


@dataclass(frozen=True, slots=True)
class Definitions:
    """What is computed, and what somebody is told about."""

    catalogue: Catalogue
    rules: tuple[Rule, ...]
    rules_path: Path


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Defaults, then the file that KPI_CONFIG names, then KPI_*; raises SettingsError or DefinitionError."""
    found: dict[str, Any] = {}
    if file := environment.get(FILE):
        found |= _from_file(_read(Path(file), FILE), file)
    for name, value in sorted(environment.items()):
        if name.startswith(PREFIX) and name != FILE and value:  # set to nothing is not set
            found[_field(name)] = _converted(name, value, _field(name))
    return _checked(Settings(**found))


def load_definitions(settings: Settings, deploy: Sequence[Path]) -> Definitions:
    """KPIs and rules; `deploy`: folders to look into where the settings name no file."""
    catalogue = load_catalogue(settings, deploy)
    rules = rules_file_of(settings, deploy)
    return Definitions(catalogue, load_rules(rules, catalogue), rules)


def rules_file_of(settings: Settings, deploy: Sequence[Path]) -> Path:
    """Where the rules are; as above."""
    return _file(settings.rules_file, "KPI_RULES_FILE", "alerts.yaml", deploy)


def load_rules(file: Path, catalogue: Catalogue) -> tuple[Rule, ...]:
    """The rules of a file, for the KPIs of a catalogue; as above."""
    known, kinds = with_goals(catalogue.kpis), shapes(catalogue.windows)
    return rules_file.load(_read(file, "KPI_RULES_FILE"), str(file), known, kinds)


def load_catalogue(settings: Settings, deploy: Sequence[Path]) -> Catalogue:
    """The KPIs alone; as above."""
    kpis = _file(settings.kpis_file, "KPI_KPIS_FILE", "kpis.yaml", deploy)
    catalogue = load_kpis(_read(kpis, "KPI_KPIS_FILE"), str(kpis))
    check_visitors(settings, catalogue)
    return catalogue


def check_visitors(settings: Settings, catalogue: Catalogue) -> None:
    """SettingsError where visitors are forgotten within a window in which they are to be counted once."""
    kept_us, kinds = settings.session_retention_s * 1e6, shapes(catalogue.windows)
    for name in catalogue.windows_of.get(VISITORS, ()):
        length_us = (kinds[name] or (0, 0))[0]
        if length_us > kept_us:
            raise SettingsError(
                "session_retention_s",
                f"{settings.session_retention_s:g} s is shorter than the windows {name} of visitors: who comes back "
                "after it would be counted twice",
                f"write at least {length_us / 1e6:g}, or take {name} from the KPIs over visitors in kpis.yaml",
            )


def effective(settings: Settings) -> dict[str, Any]:
    """All settings as plain values, with secrets hidden."""
    plain: dict[str, Any] = msgspec.to_builtins(settings)
    for receiver in plain["receivers"]:
        if receiver["type"] == "webhook":  # who knows the address of one may be who may post there
            receiver["url"] = HIDDEN
    return {name: HIDDEN if name in SECRETS and value else value for name, value in plain.items()}


def _file(named: str | None, setting: str, name: str, deploy: Sequence[Path]) -> Path:
    candidates = [Path(named)] if named else [folder / name for folder in deploy]
    for path in candidates:
        if path.is_file():
            return path
    where = " or ".join(str(path) for path in candidates)
    raise SettingsError(where, "there is no such file", f"correct {setting} or write the file")


def _read(path: Path, setting: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise SettingsError(str(path), f"cannot be read ({why})", f"correct {setting} or the file") from error


def _field(name: str) -> str:
    field = name.removeprefix(PREFIX).lower()
    if field not in Settings.__struct_fields__ or field in LISTS:
        remedy = "use the settings file" if field in LISTS else "see docs/settings.md, or remove it"
        raise SettingsError(name, "there is no such setting", remedy)
    return field


_TYPES = get_type_hints(Settings, include_extras=True)


def _converted(where: str, value: object, field: str) -> Any:  # noqa: ANN401  the type of any field
    try:
        return msgspec.convert(value, _TYPES[field], strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(where, f"{value!r} does not fit: {error}", f"see `{field}` in docs/settings.md") from error


def _from_file(text: str, file: str) -> dict[str, Any]:
    fields = source.load(text, file).fields(required=(), optional=Settings.__struct_fields__)
    lists = dict.fromkeys(LISTS, source.Node.strings) | {"receivers": read_receivers}
    return {
        name: lists[name](node) if name in lists else _converted(node.where, node.scalar(), name)
        for name, node in fields.items()
    }


def _checked(settings: Settings) -> Settings:
    """What types cannot say."""
    try:
        ZoneInfo(settings.business_timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(
            "business_timezone", f"{settings.business_timezone!r} is no IANA zone", "write one like Europe/Warsaw"
        ) from error
    if money.exponent(settings.reporting_currency) is None:
        raise SettingsError(
            "reporting_currency", f"{settings.reporting_currency!r} is no ISO 4217 currency", "write one like GBP"
        )
    for server in settings.broker.split(","):
        if not SERVER.fullmatch(server.strip()):
            raise SettingsError("broker", f"{server!r} is no host:port", "write one like 127.0.0.1:9092")
    _check_numbers(settings)
    if settings.public_url and (fault := fault_of(settings.public_url)):
        raise SettingsError("public_url", *fault)
    return settings


def _check_numbers(settings: Settings) -> None:
    for field, value in msgspec.structs.asdict(settings).items():
        if isinstance(value, int | float):
            low, high = LIMITS.get(field, (0, 10 * 366 * 86_400))
            if not low <= value <= high:
                raise SettingsError(field, f"{value} is out of range", f"write a number from {low} to {high}")
