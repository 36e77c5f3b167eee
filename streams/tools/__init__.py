"""What a person runs beside the flow; none of it is on the way of an event.

broker kafka_installation kafka_jars kafka_properties java   Apache Kafka as a child process
topics                                  create and check them
replay                                  files as events: datasets (online_retail ecom), ndjson, merge, shift, pace
generate                                a synthetic shop: shop visits market social_feed
publisher record delivery               how both are sent
values revisions live_table value_text  what is published · ledger status (caught_up group_lag) · dead_letters letter
rule_list                               a file of rules, checked
rules_tests rules_tests_file series_notation   and tested
backtest backtest_text recorded         and tried on the past · evaluation: the worker's evaluator for both
alert_list                              what fires, was told, and why
clv_fit erase kept_customers            what is done with the customers that are kept
topic_reader consumer terminal          how that is read and shown
demo                                    all of it at once: demo_* supervisor alert_inbox metrics_page quantile
demo_slice settings_page                make files of this repository
"""
