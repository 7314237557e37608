"""Upkeep: what is no longer wanted goes.

So far retention policies: checked, kept and shown (`policies.py`), and the plan of what one deletes (`retention.py`,
pure). Nothing carries a plan out yet; that, garbage collection, verification and backup come later. Calls `registry`,
`accounts`, `access`, `jobs`. Start reading at `retention.py`.
"""
