"""One module a kind of receiver: what it is sent, as an `alerting.delivery.Request`; `streams.delivering` sends it.

alertmanager  Prometheus Alertmanager, API v2: the alerts of a moment
webhook       CloudEvents over HTTP, signed
pagerduty     PagerDuty, Events API v2
slack         an incoming webhook of Slack
"""
