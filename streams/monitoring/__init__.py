"""Stage 2, Monitor: deltas of measures become windows, KPI values and alerts. Pure.

stage        the way of a record of `kpi-deltas` through the files below
tables       what a task keeps
windows      the windowed table: measures of every slice in every window
segments     which segments of a dimension have series of their own
stocks       measures whose value is everything booked up to a window's end
shapes       a name of windows keeps its meaning
folding      how cells of deltas come into these tables, and when they go
keeping      how long the cells of a window are kept
closing      which windows a move of the watermark closes, and which are open to the public
publisher    what of a group of KPIs is published when, zeros among it
values       a window's measures as KPI values
goals        beside the values, what their targets say of them
paces        what was counted by the hour, and the pace that is learnt from it
definitions  what changed in kpis.yaml while windows were open
alerts       rules over the values
rule_book    the rules by the series they look at, and what is to be remembered for them
alert_tables what is kept for them: states, what was seen before (history), when silence means something (deadlines)
behind       the alert of a pipeline that is behind
"""
