"""When somebody must know: decided without I/O or clock.

rule        what is watched: condition (levels) of clauses, which may refer to what was or should be (reference,
            baseline); annotation: its texts
rules_file  rules from alerts.yaml, with conditions_file and versus_file
evaluation  evaluator: condition (what a value says) -> breach (how long) -> lifecycle (the table) -> alert (state
            kept) -> transition (sent)
correction  what a revised value of a past window does to an alert
silence     nothing comes, a segment is gone, a rule is removed
explanation how a KPI changed, at which step and in which segments (contribution: parts that add up)
delivery    what follows from an attempt · notification: what a receiver is told · notifiers/ make a request of it
"""
