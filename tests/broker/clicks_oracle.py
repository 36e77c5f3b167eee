"""The KPIs of the e-commerce clickstream, computed from its file by DuckDB alone."""

from pathlib import Path

import duckdb

from broker.oracle import Catalogue, Family, Figures, Formula

DAY_US = 86_400 * 10**6

EVENTS = """
create table event as
with line as (
    select epoch_us(timestamp) + $days * $day_us as at_us, user_id as visitor, session_id as session,
           platform as device,
           case event when 'product_view' then 'view_item' when 'shipping_details' then 'begin_checkout'
                      when 'payment_details' then 'add_payment_info' else event end as kind,
           event in ('home', 'catalog', 'promo_page', 'cart', 'account_page', 'review_page', 'error_page') as page,
           case acquisition_channel when 'organic' then 'Organic Search' when 'direct' then 'Direct'
                                    when 'email' then 'Email' when 'paid_search' then 'Paid Search'
                                    when 'social' then 'Organic Social' end as channel
    from read_csv(?)
), placed as (
    select *, at_us - lag(at_us) over by_time as gap_us, min(at_us) over whole as start_us,
           if(page, row_number() over (partition by session, page order by at_us), null) as nth_page
    from line window by_time as (partition by session order by at_us), whole as (partition by session)
)
select * exclude (start_us), null::varchar as country, null::varchar as campaign, null::varchar as landing_page,
       min(at_us) filter (at_us >= start_us + 10000000 or nth_page = 2 or kind = 'purchase')
           over (partition by session) as engaged_us
from placed
"""
STEPS = ("view_item", "add_to_cart", "begin_checkout", "add_payment_info", "purchase", "sign_up")
SESSIONS = Family(
    rows=f"""
        select window_name, start_us, session, any_value(visitor) as visitor, any_value(channel) as channel,
               any_value(device) as device, any_value(country) as country, any_value(campaign) as campaign,
               any_value(landing_page) as landing_page, sum(gap_us) as gaps_us, count(*) filter (page) as pages,
               coalesce(bool_or(at_us >= engaged_us), false) as engaged,
               {", ".join(f"bool_or(kind = '{step}') as {step}" for step in STEPS)}
        from {{windows}} group by all
    """,  # noqa: S608  ours
    dimensions=("channel", "device", "country", "campaign", "landing_page"),
    measures={
        "sessions": "count(*)",
        "visitors": "count(distinct visitor)",
        "time_us": "coalesce(sum(gaps_us), 0)",
        "pages": "sum(pages)",
        "engaged": "count(*) filter (engaged)",
        "purchases": "count(*) filter (purchase)",
        "sign_ups": "count(*) filter (sign_up)",
        "viewed": "count(*) filter (view_item)",
        "carts": "count(*) filter (add_to_cart)",
        "checkouts": "count(*) filter (begin_checkout)",
        "payments": "count(*) filter (add_payment_info)",
        "viewed_carts": "count(*) filter (view_item and add_to_cart)",
        "cart_checkouts": "count(*) filter (add_to_cart and begin_checkout)",
        "bought_checkouts": "count(*) filter (begin_checkout and purchase)",
        "bought_payments": "count(*) filter (add_payment_info and purchase)",
        "left_carts": "count(*) filter (add_to_cart and not purchase)",
    },
    kpis={
        "conversion_rate": Formula("purchases", "sessions"),
        "sign_up_rate": Formula("sign_ups", "sessions"),
        "visits": Formula("sessions"),
        "traffic_sources": Formula("sessions"),
        "unique_visitors": Formula("visitors"),
        "time_on_site": Formula("time_us", "sessions"),
        "pages_per_visit": Formula("pages", "sessions"),
        "bounce_rate": Formula("sessions - engaged", "sessions"),
        "site_engagement_rate": Formula("engaged", "sessions"),
        "view_to_cart_rate": Formula("viewed_carts", "viewed"),
        "cart_to_checkout_rate": Formula("cart_checkouts", "carts"),
        "checkout_to_purchase_rate": Formula("bought_checkouts", "checkouts"),
        "payment_success_rate": Formula("bought_payments", "payments"),
        "cart_abandonment_rate": Formula("left_carts", "carts"),
    },
)
FAMILIES = (SESSIONS,)


def ecom_figures(file: Path, catalogue: Catalogue, until_us: int, moved_days: int = 0) -> Figures:
    """What is not 0 in the windows that end by `until_us`, as if every event had come `moved_days` later."""
    with duckdb.connect() as database:
        database.execute(EVENTS.replace("$days", str(moved_days)).replace("$day_us", str(DAY_US)), [str(file)])
        return SESSIONS.figures(database, catalogue, until_us)
