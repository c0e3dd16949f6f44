"""``python -m optimizer.cli``."""

from . import app

app()
