"""Regions: nodes of this installation in other places, each of which serves pulls and keeps what it serves.

An operator makes a token for a region (`tokens.py`), an edge joins with it (`joining.py`), says again and again how it
is and hears what to do (`reports.py`), and asks for each client and repository whether that may be pulled
(`decisions.py`). `view.py` is what a process knows of all nodes, without asking the database at each pull.
"""
