"""`python -m simulation --seed 7` prints every step of a seed; with `--seeds 3000` so many from there on are run."""

import argparse
import signal
import sys
from collections import Counter
from multiprocessing import Pool

from simulation.run import SeedError, simulate


def outcome(seed: int) -> tuple[Counter[str], str]:
    """What was seen, and what was found."""
    try:
        return simulate(seed), ""
    except SeedError as error:
        return Counter(), str(error)


def run_many(seeds: range) -> int:
    """In as many processes as there are cores; ends with the first seed that fails."""
    seen: Counter[str] = Counter()
    with Pool() as pool:
        for number, (its, failure) in enumerate(pool.imap(outcome, seeds), 1):
            if failure:
                print(failure)
                return 1
            seen += its
            if number % 100 == 0:
                print(f"{number} of {len(seeds)} seeds", file=sys.stderr)
    print(f"{len(seeds)} seeds from {seeds.start} on:", ", ".join(f"{n} {name}" for name, n in seen.most_common()))
    return 0


def run_one(seed: int) -> int:
    """With every step."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head`
    try:
        simulate(seed, echo=print)
    except SeedError as error:
        print(f"seed {seed}: {error.found}")
        return 1
    print(f"seed {seed}: everything as it must be")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="the seed, or the first one")
    parser.add_argument("--seeds", type=int, help="how many; without it one, step by step")
    asked = parser.parse_args()
    return run_one(asked.seed) if asked.seeds is None else run_many(range(asked.seed, asked.seed + asked.seeds))


if __name__ == "__main__":
    sys.exit(main())
