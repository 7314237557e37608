"""SQL of the accounts room, by what it is about."""
