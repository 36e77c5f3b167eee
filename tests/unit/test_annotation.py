import pytest

from alerting.annotation import NAMES, Annotation, BadAnnotation


def test_names_are_filled_in_with_their_format() -> None:
    text = Annotation.parse("{{{rule}}} {value:.2%} of {denominator:,} in {segment}")
    assert (
        text.filled({"rule": "Low", "value": 0.0173, "denominator": 12_345, "segment": "Email"})
        == "{Low} 1.73% of 12,345 in Email"
    )


def test_a_value_that_is_not_there_is_said() -> None:
    assert Annotation.parse("{value:.2%}").filled({"value": None}) == "no value"


def test_braces_in_a_segment_are_text() -> None:
    assert Annotation.parse("in {segment}").filled({"segment": "{value.__class__}"}) == "in {value.__class__}"


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{0}",
        "{numerator:c}",
        "{value.real}",
        "{value[0]}",
        "{value!r}",
        "{value:{segment}}",
        "{value:.999f}",
        "{segment:d}",
        "}",
        "{",
    ],
)
def test_anything_but_a_name_and_a_format_is_refused(text: str) -> None:
    with pytest.raises(BadAnnotation):
        Annotation.parse(text)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_can_stand_in_a_text(name: str) -> None:
    assert str(NAMES[name]) == Annotation.parse(f"{{{name}}}").filled(NAMES)
