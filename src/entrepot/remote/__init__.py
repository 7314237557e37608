"""Remote: another registry, or this one from outside, by the distribution protocol.

`session.py` sends requests: it answers token challenges (`challenge.py`), tries again when a connection is lost
(`retries.py`) and turns refusals into our errors (`answers.py`). Over it, `blobs.py`, `manifests.py` and `referrers.py`
are what a client wants: go on with an upload or a download where it broke off, verify every digest, mount instead of
sending. `lists.py` lists repositories and tags. A `Shelf` (`shelf.py`) is a repository to read from, here or in files;
over it, `trees.py` and `attached.py` gather all that belongs to an image.

Knows neither command line nor database; whoever uses it brings address, credentials and bytes. The command line does,
and what mirrors other registries will. Calls `values` only.
"""
