"""Batch-native Faust with exactly-once commits: all that knows Faust, transactions and the tick.

A task is a stage (models.stage) on one partition number of its inputs. It owns state, outputs and source positions,
which change only together, in one synchronous step. A commit is a snapshot of the three, in one Kafka transaction
under `transactional.id = {app}-{stage}-{partition}`.

app            the Faust app: settings, agents, ticks, commits, fail-fast
scheduler      what a fetch is cut into: chunks of one partition
consumer       Faust's consumer: whole batches in, positions from the tasks, read_committed
fetching       what aiokafka has fetched, by the record batch
inbox          which of a task's inputs is read next
task           one stage on one partition: step, tick, commit
transaction    the steps of a commit
hanging        transactions whose end the broker lost, ended as its notes say
transaction_log transaction_requests        those notes; two requests that aiokafka has not
tasks          which tasks this worker has: opened, suspended, closed by rebalances
opening        the order that makes a takeover safe: fence, positions, state
sharing assignor                   which worker has which task: evenly, with the fewest moves; told to Faust
recovery       bulk reading of changelogs
clock commit_policy watchdog       what time it is, when to commit, when to give up
allocator      what the C library does with memory that is freed
health exporter observer           what a probe is told, the metrics port, what is measured
"""
