"""The registry: organizations, repositories, uploads, push, pull, tags, referrers, delete, catalog.

The heart of the house, which knows nothing above itself and nothing of HTTP. Calls `access`,
`accounts`, `jobs`, `blobs`. Bytes are stored first (`uploads.py`), facts follow in one short
transaction (`push.py`). Start reading at `push.py` and `pull.py`.
"""
