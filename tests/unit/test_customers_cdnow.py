"""The customers of CDNOW through the booking: the figures that are known of them."""

import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from customer_facts import WARSAW, Sums, booking, fact, of, sums
from models import measure
from models.clv import Rfm
from streams.measuring.additions import Additions
from streams.measuring.customers import Customers

LATER = 10
"""Years added to 1997: events before 2000 are invalid. None of the days is a 29 February."""

SAMPLED_TO = datetime(1997 + LATER, 9, 30, tzinfo=WARSAW)


@pytest.fixture(scope="module")
def booked(lifetimes: Path) -> tuple[Sums, Customers]:
    """CDNOW_master.txt: 69,659 lines of customer, day, number of CDs and dollars; each an order."""
    with zipfile.ZipFile(lifetimes) as archive:
        _, *lines = archive.read("lifetimes/datasets/CDNOW_master.txt").decode().splitlines()
    customers, additions = booking(), Additions()
    rows = customers.table()
    for number, (customer, day, _, dollars) in enumerate(line.split() for line in lines):
        moment = datetime.strptime(day, "%Y%m%d").replace(tzinfo=WARSAW)
        at_us = round(moment.replace(year=moment.year + LATER, hour=12).timestamp() * 1e6)
        cents = round(float(dollars) * 100)
        customers.book(rows, fact(at_us, cents, f"o{number}", customer=customer), additions)
    return sums(additions), rows


def test_all_customers_and_all_money_are_there(booked: tuple[Sums, Customers]) -> None:
    found, rows = booked
    assert sum(of(found, measure.NEW_CUSTOMERS).values()) == 23_570 == len(rows)
    assert sum(of(found, measure.CUSTOMER_NET_REVENUE).values()) == 250_031_563


@pytest.mark.parametrize(("cohort", "following", "percent"), [(1, 2, 14.75), (2, 3, 15.48), (3, 4, 14.24)])
def test_the_first_months_retention_of_every_cohort(
    booked: tuple[Sums, Customers], cohort: int, following: int, percent: float
) -> None:
    found, start = booked[0], f"2007-{following:02}-01 00:00"
    segment = ("cohort", f"2007-{cohort:02}")
    active, size = of(found, measure.COHORT_ACTIVE, *segment), of(found, measure.COHORT_SIZE, *segment)
    assert list(size) == [start]
    assert round(100 * active[start] / size[start], 2) == percent


def test_days_with_orders_are_those_of_the_data_set(booked: tuple[Sums, Customers]) -> None:
    """67,591 customer-days; 48.8587 % of the customers came on a second one."""
    end = datetime(2009, 1, 1, tzinfo=WARSAW)
    found = [row.rfm(round(end.timestamp() * 1e6), end.toordinal() - 1) for row in booked[1].rows.values()]
    figures = [rfm for rfm in found if rfm is not None]
    assert sum(rfm.frequency + 1 for rfm in figures) == 67_591
    assert round(100 * sum(rfm.frequency > 0 for rfm in figures) / len(figures), 4) == 48.8587


def test_recency_frequency_and_value_are_those_of_the_published_summary(lifetimes: Path) -> None:
    """2,357 customers up to 30 September; the summary has two digits after the point."""
    with zipfile.ZipFile(lifetimes) as archive:
        lines = archive.read("lifetimes/datasets/CDNOW_sample.txt").decode().splitlines()
        summary = archive.read("lifetimes/datasets/cdnow_customers_summary_with_transactions.csv").decode()
    customers, rows = booking(), booking().table()
    for number, (_, customer, day, _, dollars) in enumerate(line.split() for line in lines):
        moment = datetime.strptime(day, "%Y%m%d").replace(tzinfo=WARSAW)
        at_us = round(moment.replace(year=moment.year + LATER, hour=12).timestamp() * 1e6)
        if moment.replace(year=moment.year + LATER) <= SAMPLED_TO:
            cents = round(float(dollars) * 100)
            customers.book(rows, fact(at_us, cents, f"o{number}", customer=customer), Additions())
    end_us = round((SAMPLED_TO + timedelta(days=1)).timestamp() * 1e6)
    found = [row.rfm(end_us, SAMPLED_TO.toordinal()) for _, row in sorted(rows.rows.items())]
    expected = [line.split(",")[1:] for line in summary.splitlines()[1:]]
    assert [(str(rfm.frequency), *_hundredths(rfm)) for rfm in found if rfm] == [
        (x, *(pytest.approx(float(figure), abs=0.0051) for figure in figures)) for x, *figures in expected
    ]


def _hundredths(rfm: Rfm) -> tuple[float, float, float]:
    return rfm.recency_weeks, rfm.age_weeks, rfm.value / 100
