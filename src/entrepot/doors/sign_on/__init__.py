"""Sign-on: where browsers begin and end a sign-in by an identity provider. Start reading at `door.py`."""
