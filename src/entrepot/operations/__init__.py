"""The installation as a whole, for those who operate it: its state now, and the work its workers do.

Start with `work.py`, runs of jobs and reactions, and `system.py`, what the installation is and how it does.
"""
