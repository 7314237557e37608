"""Backups: an installation copied to another place while it works, checked there, and made anew from it.

A place (`places.py`) is a folder or a bucket. It keeps bytes by digest, blobs of images and pieces of the dump alike,
and snapshots, each a document that names what belongs to it (`snapshot.py`). So what two snapshots have in common is
there once, and whatever breaks off leaves litter, never half a snapshot. Calls `registry`, `upkeep`, `jobs`, `db`,
`blobs`. Start reading at `make.py`; then `check.py`, `prune.py` and `restore.py`.
An installation that moves (`moving.py`) is dumped and loaded in the same way, with its blobs copied beside.
"""
