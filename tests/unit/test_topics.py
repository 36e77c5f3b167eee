"""What `kpi topics check` finds wrong."""

from dataclasses import replace

import pytest

from models import fx
from streams.tools.topics import Found, mismatches
from streams.topics import TopicSpec, topic_specs

SPECS = topic_specs("kpi", 4)


def as_created(specs: tuple[TopicSpec, ...] = SPECS) -> dict[str, Found]:
    """A broker on which all is as `kpi topics create` makes it; inputs take records of 1 MiB."""
    limit = {"max.message.bytes": "1048588"}
    return {spec.name: Found(spec.partitions, limit | dict(spec.configs)) for spec in specs}


def test_what_was_created_is_right() -> None:
    assert list(mismatches(SPECS, as_created())) == []


@pytest.mark.parametrize(
    ("config", "value"),
    [
        pytest.param("retention.ms", "604800000", id="rates that are deleted after a week"),
        pytest.param("cleanup.policy", "compact", id="rates of which only the last is kept"),
    ],
)
def test_rates_must_be_kept_for_ever(config: str, value: str) -> None:
    found = as_created()
    rates = found[fx.TOPIC]
    found[fx.TOPIC] = replace(rates, configs={**rates.configs, config: value})
    [(where, what, remedy)] = mismatches(SPECS, found)
    assert (where, what) == ("topic fx-rates", f"{config} is {value!r}")
    assert f"--alter --topic {fx.TOPIC}" in remedy


def test_rates_may_have_any_partitions_and_no_rates_topic_is_said() -> None:
    found = as_created()
    found[fx.TOPIC] = replace(found[fx.TOPIC], partitions=3)
    assert list(mismatches(SPECS, found)) == []
    del found[fx.TOPIC]
    [(where, what, remedy)] = mismatches(SPECS, found)
    assert (where, what, remedy) == ("topic fx-rates", "does not exist", "run `kpi topics create`")
