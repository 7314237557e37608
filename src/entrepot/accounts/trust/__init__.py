"""Whom we trust to say who somebody is: identity providers for people, federations for robots.

Start reading at `assertions.py` (a signed token from outside becomes claims) and `issuers.py` (whose
keys count). `oidc.py` and `ldap.py` sign people in, `keyless.py` robots; `people.py` finds or makes
the account, `following.py` keeps its groups as the provider says. `providers.py` and `federations.py`
are the verbs of administrators.
"""
