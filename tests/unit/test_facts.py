"""Facts find their way to the task that has the visitor, with the watermark behind them."""

from aiokafka.partitioner import murmur2 as theirs
from hypothesis import given
from hypothesis import strategies as st

from models.delta import Mark
from models.order_fact import BY_VISITOR, FactKind, OrderFact, decode_facts
from models.partition import murmur2, partition_of_key
from streams.measuring.facts import MAX_BYTES, Facts, FactSink

MARKS = {"orders": Mark(5, None, 7)}


def placed(number: int, visitor: str | None = None) -> OrderFact:
    return OrderFact(
        kind=FactKind.PLACED,
        order_id=f"o{number}",
        at_us=number,
        count=1,
        minor=100,
        customer_id=None,
        visitor_id=visitor,
        session_id=None,
        segments=(None, None, None),
    )


@given(st.binary(max_size=40))
def test_keys_are_hashed_as_by_kafkas_clients(key: bytes) -> None:
    assert murmur2(key) == theirs(key) & 0xFFFFFFFF


def test_a_fact_goes_to_the_partition_of_its_visitor_and_of_its_order_where_it_names_none() -> None:
    facts = Facts([placed(1, "v1"), placed(2), placed(3, "v3")])
    records = list(FactSink(BY_VISITOR, 4).records(0, facts, {}))
    found = {fact.order_id: record.partition for record in records for fact in decode_facts(record.value or b"").facts}
    assert found == {f"o{n}": partition_of_key(key, 4) for n, key in ((1, b"v1"), (2, b"o2"), (3, b"v3"))}


def test_the_mark_comes_last_and_to_every_target() -> None:
    facts = Facts(arrivals={13: 2, 17: 1})
    while facts.weight <= MAX_BYTES:
        facts.add(placed(len(facts.facts), "v"))
    records = list(FactSink(BY_VISITOR, 3).records(1, facts, MARKS))
    home = [r for r in records if r.partition == partition_of_key(b"v", 3)]
    assert {r.partition for r in records} == {0, 1, 2}
    assert [decode_facts(r.value or b"").marks for r in home] == [{}, MARKS]
    order = [fact.at_us for r in home for fact in decode_facts(r.value or b"").facts]
    assert order == list(range(len(facts.facts)))
    assert sum(n for r in records for _, n in decode_facts(r.value or b"").arrivals) == 3


def test_a_record_stays_small_whatever_clients_write() -> None:
    facts = Facts()
    for number, length in enumerate((65_000, 10, 99_000, 120_000, 10)):  # the fourth alone is more than a record
        facts.add(placed(number, "\N{GRINNING FACE}" * length))
    records = [record.value or b"" for record in FactSink(BY_VISITOR, 1).records(0, facts, {})]
    assert [[fact.at_us for fact in decode_facts(record).facts] for record in records] == [[0, 1], [2], [3], [4]]
    assert [len(record) <= MAX_BYTES for record in records] == [True, True, False, True]


def test_nothing_is_sent_of_nothing() -> None:
    assert list(FactSink(BY_VISITOR, 4).records(0, Facts(), {})) == []
