"""Stage 1, Measure: bytes of an input topic become counted events and deltas of measures. Pure.

stage       the way of a batch through the files below
watermark   event time of one input partition, and its promise while idle
dedup       ids seen within the horizon
dead_letter a record that cannot be counted, with its bytes
sessions orders social      what an event of each topic adds
session_booking             what a click adds to its session and visitor
session_measures            which measures of sessions are needed, and what a session contributes to them
visitor_table               how visitors and their sessions are stored
additions   what they add, combined until the commit, and the windows it counts in
deltas      the additions of a commit as records of kpi-deltas
tables      what a task keeps
"""
