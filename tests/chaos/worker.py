"""The worker under chaos: `kpi worker` as it is, which ends or stops itself at an ordered step of a commit.

CHAOS_BLOW=kill:visitors:acknowledge:3 kills it before that step of the third commit of that stage; `stop` instead of
`kill` leaves a zombie. What it is about to do it writes into the file CHAOS_DONE. CHAOS_BROKEN breaks one part.
"""

import os
import sys
from dataclasses import dataclass, field

import streams.worker
from chaos import broken
from chaos.blow import Blow
from streams import cli
from streams.engine.transaction import CommitStep


def _ordered() -> Blow | None:
    text = os.environ.get("CHAOS_BLOW")
    return Blow.parse(text) if text else None


@dataclass(slots=True)
class Fated(streams.worker.Measurements):
    """Measurements that know when the process ends."""

    blow: Blow | None = field(default_factory=_ordered)
    left: int = 0

    def __post_init__(self) -> None:
        self.left = self.blow.after if self.blow else 0

    def committing(self, task: str, step: CommitStep) -> None:
        """See Observer."""
        blow = self.blow
        if blow is None or step is not blow.step or task.rpartition("-")[0] != blow.stage:
            return
        self.left -= 1
        if self.left == 0:
            with open(os.environ["CHAOS_DONE"], "a", encoding="utf-8") as done:  # noqa: PTH123  one write, appended
                done.write(f"{os.environ['CHAOS_LIFE']} {blow} {task}\n")
            os.kill(os.getpid(), blow.signal)


def main() -> None:
    """`kpi worker`."""
    if part := os.environ.get("CHAOS_BROKEN"):
        broken.PARTS[part]()
    setattr(streams.worker, "Measurements", Fated)  # noqa: B010  mypy: it is a type
    sys.argv = ["kpi", "worker"]
    cli.main()


if __name__ == "__main__":
    main()
