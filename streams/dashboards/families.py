"""Which KPIs belong together: the rows of the business dashboard."""

from collections.abc import Iterable
from enum import StrEnum

from models import ad_spend, order, social
from models.kpi import Kpi
from models.measure import CONVERTING_SESSIONS, CUSTOMER_FEED, SIGN_UP_SESSIONS, STEPS


class Family(StrEnum):
    """In the order in which a shop looks at them."""

    CONVERSION = "Conversion"
    SALES = "Sales"
    FUNNEL = "Funnel"
    VISITS = "Visits"
    CUSTOMERS = "Customers"
    SOCIAL = "Social reach"


def family_of(kpi: Kpi) -> Family:
    """By what it is measured from."""
    over = {term.measure for term in kpi.denominator or ()}
    if social.TOPIC in kpi.feeds:
        return Family.SOCIAL
    if kpi.feeds & {CUSTOMER_FEED, ad_spend.TOPIC}:
        return Family.CUSTOMERS
    if over & STEPS.keys():
        return Family.FUNNEL
    if kpi.measures & {CONVERTING_SESSIONS, SIGN_UP_SESSIONS}:
        return Family.CONVERSION
    return Family.SALES if order.TOPIC in kpi.feeds else Family.VISITS


def families(kpis: Iterable[Kpi]) -> dict[Family, list[Kpi]]:
    """The KPIs of each family that has some, in the order of the catalogue."""
    found: dict[Family, list[Kpi]] = {family: [] for family in Family}
    for kpi in kpis:
        found[family_of(kpi)].append(kpi)
    return {family: its for family, its in found.items() if its}
