"""The table of all calls, by what they are about; `routes.py` joins it."""
