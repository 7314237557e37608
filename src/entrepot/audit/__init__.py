"""What happened, for those who may see it: listed, exported, read on by programs, and forgotten in time.

The event feed is the audit log: every change is there because it was written with the change, and what
changes nothing (logins, refusals) is noted. Operators see all events, administrators those of their
domain, managers those of their organization. Start reading at `look.py`.
"""
