"""Batch-native Faust with exactly-once commits: all that knows Faust, transactions and the tick.

A task is a stage (models.stage) on one partition number of its inputs. It owns state, outputs and source positions,
which change only together, in one synchronous step. A commit is a snapshot of the three, in one Kafka transaction
under `transactional.id = {app}-{stage}-{partition}`.

app            the Faust app: settings, agents, ticks, commits, fail-fast
scheduler      what a fetch is cut into: chunks of one partition
consumer       Faust's consumer: whole batches in, positions from the tasks, read_committed
task           one stage on one partition: step, tick, commit
transaction    the five steps of a commit
tasks          which tasks this worker has: opened, suspended, closed by rebalances
recovery       bulk reading of changelogs
commit_policy watchdog             when to commit, when to give up
health exporter observer           what a probe is told, the metrics port, what is measured
"""
