"""Who somebody is: domains, users, passwords, tokens; turns credentials into an `Actor`.

Calls `access` and `jobs`. Start reading at `login.py`, then `tokens.py`.
"""
