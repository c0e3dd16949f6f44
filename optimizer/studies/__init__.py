"""Studies: questions asked of several solves or of the tables alone, one file a kind."""
