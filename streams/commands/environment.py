"""Settings and definitions of this process: the one place that reads the environment."""

import os
from collections.abc import Mapping
from pathlib import Path

from models.kpi import Catalogue
from models.settings import Settings
from streams.configuration import Definitions, load_catalogue, load_definitions, load_settings, rules_file_of

PACKAGE = Path(__file__).parents[1]
DEPLOY = (Path("deploy"), PACKAGE / "deploy", PACKAGE.parent / "deploy")
"""Where kpis.yaml and alerts.yaml are looked for: the working folder, the wheel, the source tree."""


def environment() -> Mapping[str, str]:
    """The variables of this process."""
    return os.environ


def settings() -> Settings:
    """The effective settings; raises SettingsError or DefinitionError."""
    return load_settings(os.environ)


def definitions(effective: Settings) -> Definitions:
    """KPIs and rules of these settings; raises SettingsError or DefinitionError."""
    return load_definitions(effective, DEPLOY)


def catalogue(effective: Settings) -> Catalogue:
    """The KPIs of these settings, whatever the rules are; raises SettingsError or DefinitionError."""
    return load_catalogue(effective, DEPLOY)


def rules_path(effective: Settings) -> Path:
    """The file of rules of these settings; raises SettingsError."""
    return rules_file_of(effective, DEPLOY)
