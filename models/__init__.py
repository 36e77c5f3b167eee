"""What things are: types and formulas, no I/O, no clock.

events     event click order social ad_spend: what arrives · outcome: what became of it, and the ledger
time       window: windows and the panes they are made of · sightings: distinct counts over them · duration
figures    measure kpi kpis_file kpi_value money slices
customers  customer: what is kept of one · clv: what one will bring (bg_nbd gamma_gamma hypergeometric
           clv_fit clv_record)
flow       stage: the contract with the engine · table: state that knows what changed · resting: its
           bytes while nobody asks · restoring: many records back at once · delta status: internal records
           topic_watermark: event time of a topic (announced: what it remembers)
outside    settings receiver receivers_file source (YAML that knows its lines) errors
"""
