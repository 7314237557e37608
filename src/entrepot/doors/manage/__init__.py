"""The management API: the SWR contract, and what it has no call for in the same manner.

`routes.py` is the table of all calls. `door.py` stands around it: one place for sign-in, body
limits and errors. FastAPI is imported inside this package only, and only when the roof calls
`door.build`: a worker that serves nothing but pulls never loads it.
"""
