"""How events flow: what comes first in the flow is lower in the imports.

measuring     stage 1, pure: events of the input topics become deltas of measures
kernel        what most clicks ask of stage 1, in Rust; a wheel of its own, and optional; native: whether there is one
monitoring    stage 2, pure: deltas become values of KPIs, and alerts
delivering    stage 3: alerts reach their receivers
engine        Faust, transactions and the tick around the steps of the stages
app           stages and topics: the whole flow on one page; worker and notifier are its processes
rehearsal     event files through all stages in memory
publication   records of kpi-values; publication_alerts those of kpi-alerts; topics: what each topic must be
clv_feed fx_feed   what every worker reads all of: the last CLV model, exchange rates
web           the live page and its API
metrics       one collector over one snapshot; histogram
connection    how Kafka is reached
tools         what a person runs beside the flow
configuration settings and definitions from environment and files; logs
cli           commands; the environment is read in commands/environment, once
"""
