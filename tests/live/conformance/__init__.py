"""Our own OCI distribution conformance suite: black box, over the wire, authentication on.

What the two official suites assert (the one released with 1.1.1, the rewritten one with its
unreleased profile), and what the specification says that neither of them looks at. Start in
`client.py` (how a request looks on the wire), `builders.py` (what is pushed), then any
`test_*.py`: each file is one chapter, each test one sentence.

    pytest tests/live/conformance                      # against a server started for the run
    ENTREPOT_CONFORMANCE_URL=http://127.0.0.1:5000 pytest tests/live/conformance

With the variable set nothing is started. `ENTREPOT_CONFORMANCE_USER` and `…_PASSWORD` name an
administrator of that server; without them the suite speaks anonymously, creates no
organizations, and so also runs against other registries. A failing test prints the seed of its
random content; `ENTREPOT_CONFORMANCE_SEED` repeats it.
"""
