"""The errors of the product, as a tree.

    KpiError
    ├── OutsideError        wrong from outside: what, where, remedy; exit code 2, one line, no traceback
    │   ├── SettingsError       environment, settings file, command line
    │   ├── DefinitionError     kpis.yaml, alerts.yaml
    │   ├── BrokerError         unreachable, a topic missing or with other partitions
    │   └── InputFileError      a file to replay
    └── EngineFault         our own state can no longer be trusted: exit code 70, the supervisor restarts

An expected outcome (a bad record, a late event) is a value, never one of these.
"""


class KpiError(Exception):
    """Anything that stops a command of the product."""


class OutsideError(KpiError):
    """Something given to us is wrong. Says `where` it is, `what` is wrong and what to do about it (`remedy`)."""

    def __init__(self, where: str, what: str, remedy: str) -> None:
        super().__init__(f"{where}: {what}; {remedy}")
        self.where = where
        self.what = what
        self.remedy = remedy


class SettingsError(OutsideError):
    """The environment, the settings file or the command line."""


class DefinitionError(OutsideError):
    """A KPI or a rule that makes no sense; `where` is file, line and key."""


class BrokerError(OutsideError):
    """The broker, or a topic on it."""


class InputFileError(OutsideError):
    """A file to replay that is missing or malformed."""


class EngineFault(KpiError):  # noqa: N818  (a fault, not an error of a caller)
    """State and log no longer agree; nothing may be committed any more."""
