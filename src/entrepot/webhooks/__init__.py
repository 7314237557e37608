"""Webhooks: what happens in an organization or a repository is told elsewhere, to programs and to people.

`gathering.py` follows the event feed and writes down, for each webhook that listens, what is to be delivered;
`courier.py` delivers it, in order for each repository, again and again until it succeeds. Payloads are in `shapes/`.
Calls `registry`, `accounts`, `access`, `jobs`. Start reading at `rules.py`, then `definitions.py`, then `courier.py`.
"""
