"""When somebody must know: decided without I/O or clock.

rule        what is watched, read by rules_file from alerts.yaml; condition, annotation are its parts
evaluation  evaluator: condition (what a value says) -> lifecycle (the table) -> alert (state kept, transition sent)
correction  what a revised value of a past window does to an alert
delivery    what follows from an attempt · notification: what a receiver is told · notifiers/ make a request of it
"""
