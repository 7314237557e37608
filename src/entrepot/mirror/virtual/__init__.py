"""Virtual organizations: one that merges others, local ones and mirrors, in order, by rules.

It is defined in `definitions.py`. Which member answers for a name is decided in `rules.py`, of what `placing.py` read;
`pulls.py` and `lists.py` then ask that one, and `ages.py` says how old an image of a mirror is. `explaining.py` tells
all that.

A virtual organization holds nothing itself. Start reading at `rules.py`.
"""
