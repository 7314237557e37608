"""Blobs: bytes by digest, in a folder, in a bucket, or in memory.

Calls `plumbing` and `values`. Start with `store.py`, the contract; `opening.py` finds the store a
URL names; `layout.py` draws where things lie.
"""
