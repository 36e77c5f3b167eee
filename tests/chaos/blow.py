"""Where in its commits a worker is to be hit, as it is told in its environment."""

import signal
from typing import NamedTuple, Self

from streams.engine.transaction import CommitStep

SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class Blow(NamedTuple):
    """`after`: how many commits of the stage reach the step, this one included."""

    how: str
    stage: str
    step: CommitStep
    after: int

    @property
    def signal(self) -> signal.Signals:
        return SIGNALS[self.how]

    def __str__(self) -> str:
        return f"{self.how}:{self.stage}:{self.step.value}:{self.after}"

    @classmethod
    def parse(cls, text: str) -> Self:
        how, stage, step, after = text.split(":")
        return cls(how, stage, CommitStep(step), int(after))
