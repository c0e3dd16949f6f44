"""From rooms and arrays to a solved, certified linear program."""
