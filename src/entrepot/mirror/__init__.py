"""Mirror: other registries, and this installation's other regions.

An organization can mirror a registry (`upstreams.py`): what is pulled through it is asked for there (`manifests.py`,
`blobs.py`, `lists.py`), and layers come once for all who wait for them (`fetching.py`). Repositories can be
synchronised to regions (`regions.py`, `sync.py`); nothing is copied yet. Calls `registry`, `accounts`, `access`,
`jobs`, `remote`. Start reading at `manifests.py`.
"""
