"""Triggers: which pushed tag sets which workload to the pushed image.

Here a trigger is defined, checked, kept, switched and deleted, and what its firings did is read. Nothing fires yet:
what watches the event feed and speaks to clusters comes with them. Calls `registry`, `accounts`, `access`, `jobs`.
Start reading at `rules.py`, then `definitions.py`.
"""
