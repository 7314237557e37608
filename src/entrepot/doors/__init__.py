"""Doors: protocols and pages. Parse a request into values, call one verb, render the outcome.

No rule and no SQL stands here. `oci` is the registry protocol, `manage` the management API; both
stand over `http`, which turns errors into answers.
"""
