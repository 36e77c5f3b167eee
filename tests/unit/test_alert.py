import msgspec
from msgspec.structs import replace

from alerting.alert import AlertState, Observation, fingerprint
from alerting.annotation import Annotation
from alerting.clause import below
from alerting.condition import Conditions, Level
from alerting.evaluator import evaluate
from alerting.lifecycle import State
from alerting.rule import Rule
from life import MINUTE_US, lived, observation, rule
from models.kpi_value import KpiValue, Series, Status, Unit

CONDITIONS = Conditions({Level.WARNING: below(0.025)})
VALUE = KpiValue(
    series=Series("conversion_rate", "5m", "channel", "Email"),
    start_us=0,
    end_us=5 * MINUTE_US,
    unit=Unit.RATIO,
    exponent=0,
    numerator=5,
    denominator=400,
    interval=(0.005, 0.03),
    status=Status.PROVISIONAL,
    revision=3,
    watermark_us=4 * MINUTE_US,
    definition="d",
    emitted_us=99 * MINUTE_US,
)
RULE = Rule(
    "Low",
    "conversion_rate",
    "5m",
    CONDITIONS,
    by="channel",
    labels={"team": "growth"},
    annotations={"summary": Annotation.parse("{value:.2%} in {segment}, {level} below {threshold:.2%}")},
)


def test_a_provisional_value_is_evaluated_at_the_watermark_any_other_at_its_windows_end() -> None:
    seen = Observation.of(VALUE)
    assert seen.at_us == 4 * MINUTE_US
    final = Observation.of(replace(VALUE, status=Status.FINAL))
    assert final.at_us == 5 * MINUTE_US


def test_on_firing_it_carries_its_explanation() -> None:
    _, told = evaluate(RULE, AlertState(), Observation.of(VALUE), 4 * MINUTE_US)
    assert told is not None
    assert (told.state, told.level, told.dimension, told.segment) == (State.FIRING, Level.WARNING, "channel", "Email")
    assert (told.value, told.threshold, told.numerator, told.denominator) == (0.0125, 0.025, 5, 400)
    assert (told.interval, told.last_values, told.sequence) == ((0.005, 0.03), (0.0125,), 1)
    assert (told.starts_at_us, told.ends_at_us) == (4 * MINUTE_US, None)
    assert told.annotations == {"summary": "1.25% in Email, warning below 2.50%"}


def test_the_fingerprint_is_of_rule_dimension_segment_and_labels_in_any_order() -> None:
    one = Rule("Low", "k", "5m", CONDITIONS, labels={"a": "1", "b": "2"})
    same = Rule("Low", "other", "1m", CONDITIONS, labels={"b": "2", "a": "1"})
    assert fingerprint(one, "all") == fingerprint(same, "all")
    others = [
        fingerprint(one, "Email"),
        fingerprint(Rule("High", "k", "5m", CONDITIONS, labels=one.labels), "all"),
        fingerprint(Rule("Low", "k", "5m", CONDITIONS, by="channel", labels=one.labels), "all"),
        fingerprint(Rule("Low", "k", "5m", CONDITIONS, labels={"a": "1"}), "all"),
    ]
    assert len({fingerprint(one, "all"), *others}) == 1 + len(others)


def test_a_fingerprint_never_changes_over_versions() -> None:
    assert fingerprint(RULE, "Email") == "500bc8bddd01cca4"


def test_a_state_is_the_same_after_a_table_has_kept_it() -> None:
    *_, (state, _) = lived(rule(below=2, critical=1, hold=2), "31110013")
    assert state == msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=AlertState)


def test_an_empty_array_is_a_state_of_long_ago() -> None:
    assert AlertState() == msgspec.msgpack.decode(b"\x90", type=AlertState)


def test_a_state_of_the_release_before_is_read_and_corrected() -> None:
    kept = [[minute * MINUTE_US, minute * MINUTE_US, minute * MINUTE_US, 1.0, 1_000] for minute in (1, 2)]
    fired = ["firing", "warning", {"warning": MINUTE_US}, {"warning": 2 * MINUTE_US}, None, MINUTE_US, MINUTE_US, 1]
    old = msgspec.msgpack.encode([*fired, 2 * MINUTE_US, kept])
    state = msgspec.msgpack.decode(old, type=AlertState)
    assert (state.state, state.data_us, state.identity, state.stale) == (State.FIRING, None, None, False)
    watched = rule(below=2)
    state, told = evaluate(watched, state, observation(1, "9", Status.CORRECTED), 2 * MINUTE_US)
    assert told is not None
    assert (told.reason, told.sequence, told.fingerprint) == ("recovered", 2, fingerprint(watched, "all"))
