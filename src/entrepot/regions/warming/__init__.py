"""Warming: images come to nodes of regions before anybody pulls them there.

Somebody asks for it (`asking.py`), or a rule does (`by_rule.py`) when a tag is pushed (`following.py`). Nodes hear with
their reports what to fetch, and say with the next ones how far they are (`orders.py`); `standing.py` tells people.
`rules.py` says which nodes are chosen, and when one that failed is told again.
"""
