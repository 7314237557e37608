"""Intake: archives of images that somebody hands in, a file at a time; what is in them is pushed as that somebody.

An archive comes in pieces, which wait among the registry's uploads (`receive.py`). Once it is whole and handed in, a
worker reads it where it lies (`staged.py`), decides what its images are called (`placing.py`), looks at everything that
has a digest, and only then pushes with the registry's own verbs (`importing.py`). Then the archive is forgotten; a line
that says what became of it stays for some days.
"""
