"""The calls of the Enterprise edition (contract §18) that make sense for one installation of one's own.

Other words for what the rooms have anyway: this installation is the one instance, `namespaces` are organizations,
and their `public` is the visibility that new repositories begin with. No rule of its own is here. `routes.py` is the
table, `left_out.py` says what is not served, and why.
"""
