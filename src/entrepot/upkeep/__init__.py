"""Upkeep: what is no longer wanted goes, and what is wanted is still there.

Garbage collection: `collect.py` goes through the phases of one collection, each in a file of its own. Retention
policies are checked, kept and shown (`policies.py`); what one deletes is judged tag by tag (`retention.py`, pure), and
carried out (`retain.py`, `carrying.py`). Verification: `verify.py` goes through the phases of one, `deep.py` is the
worker of those that read all bytes, `findings.py` says what becomes of what is wrong. Calls `registry`, `accounts`,
`access`, `jobs`, `blobs`. Start reading at `collect.py`, `retain.py` and `verify.py`.
"""
