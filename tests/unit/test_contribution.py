"""What segments contribute to a change adds up to it, exactly, whatever the figures are."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from alerting.contribution import REST, Counts, parts

SUMS = st.dictionaries(st.sampled_from("abcde"), st.integers(-50, 50).map(lambda n: Counts(Fraction(n, 4))))
RATIOS = st.dictionaries(
    st.sampled_from("abcde"), st.builds(Counts, st.integers(0, 50).map(Fraction), st.integers(0, 50).map(Fraction))
)
WHOLE = st.builds(Counts, st.integers(0, 99).map(Fraction), st.integers(1, 99).map(Fraction))


def ratio(numerator: int, denominator: int) -> Counts:
    return Counts(Fraction(numerator), Fraction(denominator))


@given(WHOLE, WHOLE, RATIOS, RATIOS)
def test_the_parts_of_a_ratio_add_up_to_its_change(
    before: Counts, after: Counts, first: dict[str, Counts], then: dict[str, Counts]
) -> None:
    found = parts(before, after, first, then)
    assert before.value is not None
    assert after.value is not None
    assert sum(part.change for part in found) == after.value - before.value
    assert all(part.rate is not None and part.mix is not None for part in found)
    assert all((part.rate or 0) + (part.mix or 0) == part.change for part in found)
    assert [abs(part.change) for part in found] == sorted((abs(part.change) for part in found), reverse=True)


@given(st.integers(-99, 99), st.integers(-99, 99), SUMS, SUMS)
def test_the_parts_of_a_sum_add_up_to_its_change(
    before: int, after: int, first: dict[str, Counts], then: dict[str, Counts]
) -> None:
    found = parts(Counts(Fraction(before)), Counts(Fraction(after)), first, then)
    assert sum(part.change for part in found) == after - before


@given(RATIOS.filter(lambda one: sum(c.denominator or 0 for c in one.values()) > 0), st.integers(1, 5))
def test_a_mix_that_stays_shifts_nothing(first: dict[str, Counts], times: int) -> None:
    """All denominators grow by one factor: what changes is rates alone."""
    then = {name: Counts(Fraction(0), (one.denominator or Fraction(0)) * times) for name, one in first.items()}
    before, after = (Counts(sum((c.numerator for c in s.values()), Fraction(0)), _whole(s)) for s in (first, then))
    for part in parts(before, after, first, then):
        known = part.before.value is not None
        assert part.mix == 0 if known else part.change == part.mix


def _whole(segments: dict[str, Counts]) -> Fraction:
    return sum((one.denominator or Fraction(0) for one in segments.values()), Fraction(0))


def test_a_rate_that_falls_in_one_segment() -> None:
    """Mobile halves: 20 of 40 to 10 of 40; half of all sessions are mobile, so the total falls by 1/8."""
    first, then = (
        {"mobile": ratio(20, 40), "desktop": ratio(30, 40)},
        {"mobile": ratio(10, 40), "desktop": ratio(30, 40)},
    )
    mobile, desktop = parts(ratio(50, 80), ratio(40, 80), first, then)
    assert (mobile.segment, mobile.rate, mobile.mix) == ("mobile", Fraction(-1, 8), Fraction(0))
    assert (desktop.rate, desktop.mix) == (Fraction(0), Fraction(0))


def test_a_mix_that_shifts_with_all_rates_as_they_were() -> None:
    """Rates 1/2 and 1/10 stay, the poor one grows from 1/2 to 3/4 of all: 0.3 falls to 0.2, half by each of the two."""
    first, then = {"good": ratio(50, 100), "poor": ratio(10, 100)}, {"good": ratio(50, 100), "poor": ratio(30, 300)}
    good, poor = sorted(parts(ratio(60, 200), ratio(80, 400), first, then))
    assert (good.rate, poor.rate) == (Fraction(0), Fraction(0))
    # By the weight that moves, a quarter, times how much better or worse than the mean of 1/4 a segment is.
    assert (good.mix, poor.mix) == (Fraction(-1, 16), Fraction(-3, 80))


def test_a_segment_that_was_not_there_before_is_mix() -> None:
    (new, old) = sorted(
        parts(ratio(5, 10), ratio(5, 20), {"old": ratio(5, 10)}, {"old": ratio(5, 10), "new": ratio(0, 10)})
    )
    assert (new.segment, new.rate) == ("new", Fraction(0))
    assert new.change + old.change == Fraction(-1, 4)


def test_what_no_segment_explains_is_the_rest() -> None:
    (rest, a) = parts(Counts(Fraction(10)), Counts(Fraction(4)), {"a": Counts(Fraction(2))}, {"a": Counts(Fraction(1))})
    assert (rest.segment, rest.change, a.change) == (REST, Fraction(-5), Fraction(-1))


def test_a_ratio_over_nothing_has_no_parts() -> None:
    assert parts(ratio(0, 0), ratio(1, 2), {}, {}) == ()
