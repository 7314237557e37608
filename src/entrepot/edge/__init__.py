"""`entrepot edge`: a regional node. It serves and keeps the images of a central installation, near those who pull them.

An edge is a house like others, with a folder and SQLite of its own, whose organizations all mirror the center
(`sources.py`). Who may pull what, the center says (`permits.py`); how the edge is, it reports (`reporting.py`); what it
keeps stays within its capacity (`keeping.py`); what it is told to, it fetches before anybody pulls it (`warming.py`).
`door.py` answers clients; `application.py` is what its process runs.
"""
