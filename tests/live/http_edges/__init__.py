"""Bad input on the registry paths, written onto the socket by hand.

Whatever arrives, the answer is a 4xx with an OCI error body, never a 5xx, never silence, and the
server serves the next client. Only what is no HTTP at all is answered by the HTTP layer itself,
with a bare 4xx. `ENTREPOT_CONFORMANCE_URL` works here as in `tests/live/conformance`.
"""
