"""What all tests stand on."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Hear Ctrl-C even where the shell started the run in the background and told it not to: tests send it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
