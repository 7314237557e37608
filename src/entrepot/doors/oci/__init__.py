"""The registry protocol: OCI Distribution 1.1, what its next version adds, and Docker's tokens.

Start reading at `door.py`: the common pulls are answered in `fast.py`, everything else by the
table in `routes.py`.
"""
