import pytest

from models.errors import DefinitionError
from models.source import Node, load


def of(text: str) -> Node:
    return load(text, "kpis.yaml").entries()["a"]


def test_a_key_that_yaml_takes_for_a_bool_is_the_text_that_was_written() -> None:
    assert list(load("on: 1\nyes: 2", "f").entries()) == ["on", "yes"]


def test_values_are_what_the_reader_says_they_have_to_be() -> None:
    assert of("a: ratio").string() == "ratio"
    assert of("a: [1m, 5m]").strings() == ("1m", "5m")
    assert of("a: 0.025").number() == 0.025
    assert of("a: -3").integer() == -3
    assert of("a: true").boolean()
    assert of("a: 3m").duration_us() == 180_000_000
    assert of("a: 5m").choice(["1m", "5m"]) == "5m"


@pytest.mark.parametrize(
    ("text", "read", "message"),
    [
        ("a: NO", "string", 'kpis.yaml:1 a: `NO` is read as a bool, not as a text; write "NO"'),
        ("a: 5", "string", 'kpis.yaml:1 a: `5` is read as a number, not as a text; write "5"'),
        ("a:", "string", "kpis.yaml:1 a: `` is read as nothing, not as a text; write one or remove the key"),
        ("a: ''", "string", "kpis.yaml:1 a: an empty text; write one or remove the key"),
        ("a: [x]", "string", "kpis.yaml:1 a: a list instead of a text; write it on one line after the colon"),
        ("b: 1\na: '3'", "number", 'kpis.yaml:2 a: "3" is not a number; write it without quotes, like 0.025'),
        ("a: .nan", "number", 'kpis.yaml:1 a: ".nan" is not a number; write it without quotes, like 0.025'),
        ("a: 1.5", "integer", 'kpis.yaml:1 a: "1.5" is not a whole number; write it without quotes, like 200'),
        ("a: yes", "boolean", 'kpis.yaml:1 a: "yes" is not true or false; write it without quotes, like true'),
        ("a: 3", "duration_us", 'kpis.yaml:1 a: "3" has no unit; write 3m'),
        ("a: x", "items", "kpis.yaml:1 a: a text instead of a list; write `- ` before each element"),
        ("a: x", "entries", "kpis.yaml:1 a: a text instead of a mapping; write `key: value` lines below it"),
        ("a:\n- x\n- x", "strings", 'kpis.yaml:3 a[1]: "x" comes twice; keep one of them'),
        ("a:\n  b: 1\n  b: 2", "entries", "kpis.yaml:3 a.b: the key comes twice; keep one of them"),
        ("a:\n  [1]: 2", "entries", "kpis.yaml:2 a.?: a key that is no text; write a word before the colon"),
    ],
)
def test_a_wrong_value_is_named_with_file_line_and_key(text: str, read: str, message: str) -> None:
    with pytest.raises(DefinitionError) as wrong:
        getattr(of(text), read)()
    assert message == str(wrong.value)


def test_an_unknown_key_is_refused_at_its_own_line() -> None:
    with pytest.raises(DefinitionError, match=r"^f:2 c: unknown key; keys are a b$"):
        load("a: 1\nc:\n  d: 1", "f").fields(required=["a"], optional=["b"])


def test_a_missing_key_is_named() -> None:
    with pytest.raises(DefinitionError, match=r"^f:1 x: `b` is missing; add `b:`$"):
        load("a: 1", "f").named("x").fields(required=["a", "b"])


@pytest.mark.parametrize(
    ("text", "where"),
    [("", "f:1"), ("a: [1\nb: 2", "f:2"), ("a: 1\n\x00", "f:2"), ("a: 1\n---\na: 2", "f:2"), ("[" * 5_000, "f")],
    ids=["empty", "open bracket", "control character", "two documents", "nested 5000 deep"],
)
def test_what_is_no_yaml_is_an_error_with_its_line(text: str, where: str) -> None:
    with pytest.raises(DefinitionError) as wrong:
        load(text, "f")
    assert where == wrong.value.where


def test_a_tag_constructs_nothing() -> None:
    with pytest.raises(DefinitionError, match="instead of"):
        of("a: !!python/object/apply:os.getcwd []").string()


HOLDS_ITSELF = "a: &a [1, *a]"
MANY_BY_ALIAS = "\n".join(["a0: &a0 [1, 2]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (HOLDS_ITSELF, "holds itself"),
        (MANY_BY_ALIAS, "values with its aliases"),
        ('a: "\\uD800"', "half of a character"),
    ],
    ids=["holds itself", "2^40 by aliases", "surrogate"],
)
def test_what_would_stop_its_reader_is_refused(text: str, what: str) -> None:
    with pytest.raises(DefinitionError, match=what):
        load(text, "f")


def test_an_alias_is_what_it_stands_for() -> None:
    assert load("a: &a [x, y]\nb: *a", "f").entries()["b"].strings() == ("x", "y")


def test_a_number_beyond_all_others_is_none() -> None:
    with pytest.raises(DefinitionError, match=r"kpis.yaml:1 a: a number too great"):
        of("a: 1e999").number()
