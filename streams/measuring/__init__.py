"""Stage 1, Measure: bytes of an input topic become counted events and deltas of measures. Pure.

stage       the way of a batch through the files below
watermark   event time of one input partition, and its promise while idle
dedup       ids seen within the horizon
dead_letter a record that cannot be counted, with its bytes
sessions orders social ad_spend      what an event of each topic adds
customers   what the fact of an order adds to its customer
forecast    the predicted value of all customers at the end of a day
erasure     customers erased on request
order_stage visitor_stage customer_stage the stages of orders, of clicks with their orders, and of customers
attribution hearing facts    orders on their way to their visitor and customer
session_booking             what a click adds to its session and visitor
session_measures            which measures of sessions are needed, and what a session contributes to them
visitor_table               how visitors and their sessions are stored
additions   what they add, combined until the commit, and the windows it counts in
deltas      the additions of a commit as records of kpi-deltas
tables      what a task keeps
kernel kernel_tables         clicks by the kernel in Rust (streams/kernel), where it is installed
"""
