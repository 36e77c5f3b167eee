"""What the engine reads of the insides of Faust and aiokafka. An upgrade has to look at each."""

READ = {
    # faust: app, consumer, its thread, recovery, table manager
    "_acked",
    "_acked_index",
    "_committed_offset",
    "_read_offset",
    "_ensure_consumer",
    "_get_active_partitions",
    "_thread",
    "_update_channels",
    "_wait",
    # faust, its assignor
    "_get_changelog_distribution",
    "_get_client_metadata",
    "_get_external_topic_distribution",
    "_protocol_assignments",
    "_update_member_urls",
    # aiokafka: consumer, subscription, partition state, producer, its state and its client
    "_fetch_max_wait_ms",
    "_isolation_level",
    "_on_connection_closed",
    "_position",
    "_subscription",
    "_txn_manager",
    "_wait_on_metadata",
    # aiokafka: fetcher, its results and the records in them
    "_aborted_producers",
    "_check_crcs",
    "_consume_aborted_up_to",
    "_contains_abort_marker",
    "_fetcher",
    "_partition_records",
    "_records",
    "_topic_partition",
    "_tp",
    "_update_position",
    # the standard library
    "_exit",
}
"""Private names that streams/engine uses and does not define."""
