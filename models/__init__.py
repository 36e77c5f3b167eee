"""What things are: types and formulas, no I/O, no clock.

events     event click order social: what arrives · outcome: what became of it
time       window: windows and panes · session: which panes a session was seen in
figures    measure kpi kpi_value money channel
outside    settings source (YAML that knows its lines) errors
"""
