"""Who somebody is: domains, users, passwords, keys, tokens, sessions; turns credentials into an `Actor`.

Calls `access` and `jobs`. Start reading at `login.py`, then `tokens.py` and `signed_requests.py`.
"""
