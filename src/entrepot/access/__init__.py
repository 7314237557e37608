"""Who may do what: actions, levels 7/3/1, grants on names, one evaluator.

A grant joins a subject (`*`, `user:ID`, `group:ID`, `domain:ID`, `admins:DOMAIN`) to a scope (`org`
or `org/repo`) with a level. Visibility and sharing are grants too, so there is one table to read
and one question to ask. Start reading at `check.py`.
"""
