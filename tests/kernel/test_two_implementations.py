"""The kernel and the Python code do the same, whatever comes."""

import pytest

from kernel.comparison import failure_of

TURNS = 300


@pytest.mark.parametrize("seed", range(60))
def test_both_do_the_same(seed: int) -> None:
    failure = failure_of(seed, TURNS)
    assert failure is None, failure
