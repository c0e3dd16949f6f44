"""How results are shown: the terminal."""
