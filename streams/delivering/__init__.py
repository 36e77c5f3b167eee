"""Stage 3: alerts to those who must know. Knows the clock and the network.

notify        `kpi notify`: a line to every receiver
receivers     who is configured, with their secrets
outbox        reads `kpi-alerts` for one receiver, delivers in order, commits after delivery
post          attempts until it is delivered, refused or too old
roster        what one Alertmanager has to be told, by the moment
resending     tells it, again and again
follower      reads `kpi-alerts` from its beginning for the rosters
explaining    reads `kpi-values`, so that a page says why: figures (what was read), reasons (which windows, which step)
http          one POST, to addresses that are allowed
addresses     which are
dead_letters  what no receiver will ever take
metrics       what became of it
"""
