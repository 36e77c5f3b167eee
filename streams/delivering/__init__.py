"""Stage 3: alerts to those who must know. Knows the clock and the network.

notify        `kpi notify`: one consumer of the outbox a receiver
outbox        reads `kpi-alerts`, delivers in order, commits after delivery
post          attempts until it is delivered or refused
dead_letters  what no receiver will ever take
metrics       what became of it
"""
