"""The KPIs of the data sets of orders, Online Retail and CDNOW, computed from their files by DuckDB alone.

Of ours is one table, the codes of the countries' names. Neither set has visitors, channels or campaigns.
"""

from pathlib import Path

import duckdb

from broker.oracle import Catalogue, Family, Figures, Formula
from streams.tools.online_retail import COUNTRIES

DAY_US = 86_400 * 10**6

RETAIL = """
create table invoice as
select InvoiceNo as order_id, epoch_us(min(InvoiceDate)) as at_us, any_value(CustomerID)::bigint::varchar as customer,
       any_value(Country) as name,
       sum(Quantity::decimal(18, 0) * UnitPrice::varchar::decimal(18, 3)) as amount
from read_parquet(?) group by InvoiceNo having amount <> 0
"""
CDNOW = """
create table invoice as
with line as (
    select regexp_split_to_array(trim(text, ' ' || chr(13)), ' +') as word
    from read_csv(?, columns = {text: 'VARCHAR'}, delim = chr(1), quote = '', escape = '', header = true,
                  auto_detect = false)
)
select word[1] || '-' || word[2] as order_id,
       epoch_us(strptime(word[2], '%Y%m%d') + interval 6209 day + interval 12 hour) as at_us,
       word[1] as customer, null::varchar as name, sum(word[4]::decimal(18, 2)) as amount
from line group by all
"""
EVENTS = """
create table event as
select order_id, at_us, customer, code as country, null::varchar as channel, null::varchar as campaign,
       amount >= 0 as placed, (100 * round_even(amount, 2))::bigint as minor,
       if(customer is not null and placed,
          row_number() over (partition by customer, placed order by at_us, order_id), null) as nth
from invoice left join country using (name)
"""
ORDERS = Family(
    rows="select * from {windows}",
    dimensions=("channel", "country", "campaign"),
    measures={
        "orders": "count(*) filter (placed)",
        "revenue": "coalesce(sum(minor) filter (placed), 0)",
        "net": "sum(minor)",
        "refunds": "count(*) filter (not placed)",
    },
    kpis={
        "orders": Formula("orders"),
        "revenue": Formula("revenue"),
        "net_revenue": Formula("net"),
        "average_order_value": Formula("revenue", "orders"),
        "net_average_order_value": Formula("net", "orders"),
        "unmatched_refunds": Formula("refunds"),  # each has a number of its own
        "unattributed_orders": Formula("orders"),
    },
)
NEW_CUSTOMERS = Family(
    rows="select * from {windows} where nth = 1",
    dimensions=("channel", "campaign"),
    measures={"customers": "count(*)"},
    kpis={
        "new_customers": Formula("customers"),
        "customer_acquisition_cost": Formula("0", "customers"),  # nothing was spent
        "ad_spend": Formula("0"),
    },
)
CUSTOMERS = """
create table customer as select customer, channel, campaign, at_us as first_us from event where nth = 1;
create table active as
select distinct customer, date_trunc('month', make_timestamp(at_us)) as month from event where nth is not null;
create table month as
select unnest(generate_series(date_trunc('month', make_timestamp(min(at_us))), make_timestamp($until_us),
                              interval 1 month)) as month from event;
create table day as
select unnest(range(min(at_us) // $day_us * $day_us, $until_us, $day_us)) as start_us from event;
"""
RETENTION = Family(
    rows="""
        select '1M' as window_name, epoch_us(before.month + interval 1 month) as start_us, channel,
               again.customer is not null as again
        from active as before join customer using (customer)
        left join active as again on again.customer = before.customer
                                  and again.month = before.month + interval 1 month
    """,
    dimensions=("channel",),
    measures={"came_again": "count(*) filter (again)", "came_before": "count(*)"},
    kpis={"retention_rate": Formula("came_again", "came_before")},
)
COHORTS = Family(
    rows="""
        select '1M' as window_name, epoch_us(month.month) as start_us,
               strftime(make_timestamp(first_us), '%Y-%m') as cohort, active.customer is not null as active
        from customer join month on month.month > make_timestamp(first_us)
        left join active on active.customer = customer.customer and active.month = month.month
    """,
    dimensions=("cohort",),
    measures={"active": "count(*) filter (active)", "size": "count(*)"},
    kpis={"cohort_retention": Formula("active", "size")},
)
TO_DATE = Family(
    rows="""
        with gained as (
            select at_us // 86400000000 * 86400000000 as day_us, customer.channel,
                   count(*) filter (nth = 1) as customers, count(*) filter (nth = 2) as repeated, sum(minor) as net
            from event left join customer using (customer) where customer is not null group by all
        )
        select '1d' as window_name, start_us, channel, customers, repeated, net
        from day join gained on day_us <= start_us
    """,
    dimensions=("channel",),
    measures={"customers": "sum(customers)", "repeated": "sum(repeated)", "net": "sum(net)"},
    kpis={
        "repeat_customer_rate": Formula("repeated", "customers"),
        "customer_value_to_date": Formula("net", "customers"),
    },
)
FAMILIES = (ORDERS, NEW_CUSTOMERS, RETENTION, COHORTS, TO_DATE)


def retail_figures(file: Path, catalogue: Catalogue, until_us: int) -> Figures:
    """Of Online Retail, what is not 0 in the windows that end by `until_us`."""
    return _figures(RETAIL, file, catalogue, until_us)


def cdnow_figures(file: Path, catalogue: Catalogue, until_us: int) -> Figures:
    """Of CDNOW 17 years later, the same; an order is what a customer bought on a day, at noon."""
    return _figures(CDNOW, file, catalogue, until_us)


def _figures(invoices: str, file: Path, catalogue: Catalogue, until_us: int) -> Figures:
    with duckdb.connect() as database:
        database.execute("create table country (name varchar, code varchar)")
        database.executemany("insert into country values (?, ?)", list(COUNTRIES.items()))
        database.execute(invoices, [str(file)])
        database.execute(EVENTS)
        for statement in CUSTOMERS.split(";\n"):
            if statement.strip():
                database.execute(statement.replace("$until_us", str(until_us)).replace("$day_us", str(DAY_US)))
        found: Figures = {}
        for family in FAMILIES:
            found |= family.figures(database, catalogue, until_us)
        return found
