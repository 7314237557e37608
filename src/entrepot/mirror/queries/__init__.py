"""SQL of the mirror room, by what it is about."""
