"""What edges say to the center and hear from it: see `door.py`. Not for other programs; it may change."""
