"""`kpi web`: the live page and its JSON API, over the public topics alone. Clock and network only where marked *.

row store spans         what is known of every series, in bounded memory · windows before a window
alert_book pipeline     what fires and was told, and why · the ledger, and whether the pipeline is behind
feed                    events with ids, a ring of the last ones, listeners that may be slow
tiles lines segments    what is answered · answers: its types · openapi: its document
desk                    all of it: takes records, answers questions, tells listeners
request access          what may be asked, and by whom
routes* page* metrics*  HTTP · the files of the page · what is exported
reading* past* server*  Kafka: what comes, what was long ago · the process
"""
