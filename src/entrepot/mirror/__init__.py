"""Mirror: other registries.

So far what a repository is synchronised to: the regions of this installation (`regions.py`), rules for tags to come
and jobs for tags that are there (`sync.py`). Nothing is copied yet: the client of other registries comes with pulling
through them. Calls `registry`, `accounts`, `access`, `jobs`. Start reading at `sync.py`.
"""
