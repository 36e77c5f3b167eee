"""Stage 2, Monitor: deltas of measures become windows, KPI values and alerts. Pure.

stage        the way of a record of `kpi-deltas` through the files below
tables       what a task keeps
watermark    event time of a topic, from what its partitions announced
windows      the windowed table: measures of every slice in every window
shapes       a name of windows keeps its meaning
closing      which windows a move of the watermark closes, opens to the public and lets go
values       a window's measures as KPI values
goals        beside the values, what their targets say of them
paces        what was counted by the hour, and the pace that is learnt from it
definitions  what changed in kpis.yaml while windows were open
alerts       rules over the values
"""
