"""How events flow: what comes first in the flow is lower in the imports.

measuring     stage 1, pure: events of the input topics become deltas of measures
monitoring    stage 2, pure: deltas become values of KPIs, and alerts
delivering    stage 3: alerts reach their receivers
engine        Faust, transactions and the tick around the steps of the stages
app           topics, tables and agents: the whole flow on one page
publication   records of the public topics; metrics shows them to Prometheus; connection says how Kafka is reached
tools         what a person runs beside the flow
cli           reads file and environment, once
"""
