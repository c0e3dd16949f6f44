"""A validated scenario as named arrays: the only place where units meet."""
