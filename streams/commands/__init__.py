"""The commands of `kpi`, by what they are for; each imports what it runs only when it runs.

environment  settings and definitions of this process
running      broker worker notify web demo config
topics       create check
kpis         list
rules        check test backtest
dashboards   dashboards
clv          fit
customers    erase
feeding      replay generate
reading      values alerts ledger status · letters: dead-letters list replay
"""
