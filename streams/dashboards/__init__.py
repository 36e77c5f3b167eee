"""Grafana dashboards as data, made from the KPIs and the rules. Pure: definitions in, JSON out.

dashboards                               every dashboard by the name of its file
business incident pipeline explore       one dashboard each
frame        what all have: variables' order, links, ids, places on the grid
panels       the house's panels: charts, tiles, bars, tables
queries      PromQL
variables annotations                    what a reader chooses; what is marked on the charts
families thresholds units                of a KPI: its row, the colours its rules give, how Grafana writes it
"""
