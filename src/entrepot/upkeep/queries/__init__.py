"""SQL of the upkeep room, a file for each question."""
