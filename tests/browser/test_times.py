"""Times as the page writes them: those of the shop, wherever the browser is."""

from typing import Any


def test_times_are_those_of_the_shop(script: Any) -> None:
    code = """() => { const f = new m.Format('en', 'GBP', 'Europe/Warsaw'), at = Date.UTC(2026, 6, 1, 22, 0) / 1000;
        return [f.time(at, at), f.span('1h', at, at + 3600, at), f.span('1d', at, at + 86400, at),
                f.span('1M', at, at + 28 * 86400, at), f.age(42), f.age(187), f.age(7500), f.age(200000)]; }"""
    assert script("format", code) == [
        "00:00", "00:00\u201301:00", "2 Jul", "July 2026", "42 sec", "3 min", "2 hr 5 min", "2 days",
    ]  # fmt: skip


def test_a_day_of_23_or_25_hours_is_a_day(script: Any) -> None:
    code = """() => { const f = new m.Format('en', 'GBP', 'Europe/Warsaw'), at = (...day) => Date.UTC(...day) / 1000;
        const [spring, autumn] = [at(2026, 2, 28, 23), at(2026, 9, 24, 22)], day = 86400;
        return [f.span('1d', spring, spring + 23 * 3600, 0), f.span('1d', spring, spring + day, 0),
                f.span('1d', autumn, autumn + 25 * 3600, 0), f.span('1d', autumn, autumn + day, 0),
                f.span('7d', spring - 6 * day, spring + 23 * 3600, 0)]; }"""
    assert script("format", code) == ["29 Mar", "29 Mar", "25 Oct", "25 Oct", "23 \u2013 29 Mar"]
