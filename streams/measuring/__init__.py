"""Stage 1, Measure: bytes of an input topic become counted events and deltas of measures. Pure.

stage       the way of a batch through the files below
watermark   event time of one input partition, and its promise while idle
dedup       ids seen within the horizon
dead_letter a record that cannot be counted, with its bytes
sessions orders social ad_spend      what an event of each topic adds
customers   what the fact of an order adds to its customer
forecast    the predicted value of all customers at the end of a day
additions   what they add, combined until the commit, and the windows it counts in
deltas      the additions of a commit as records of kpi-deltas
tables      what a task keeps
"""
