"""The dashboards in a folder: written, or compared with what the definitions make."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from alerting.rule import Rule
from models.errors import SettingsError
from models.kpi import Catalogue


def made(catalogue: Catalogue, rules: Sequence[Rule], currency: str) -> dict[str, str]:
    """The text of every file by its name; SettingsError without the extra `dashboards`."""
    try:
        from streams.dashboards.dashboards import dashboard_files  # noqa: PLC0415  an extra
    except ImportError as error:
        what = f"grafana-foundation-sdk cannot be loaded ({error})"
        remedy = 'install the extra: pip install "kpi-monitor[dashboards]"'
        raise SettingsError("kpi dashboards", what, remedy) from error
    return dashboard_files(catalogue, rules, currency)


def write(files: Mapping[str, str], folder: Path) -> None:
    """Into a folder, which is made if it is not there; what else is in it stays. SettingsError if it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(str(folder), f"cannot be written ({error.strerror})", "give another --out") from error


def differing(files: Mapping[str, str], folder: Path) -> list[str]:
    """Names of the files that are missing or not what they should be."""
    return [name for name, text in files.items() if _read(folder / name) != text]


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None
