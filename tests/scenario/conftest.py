from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.toybox import ToyBox


@pytest.fixture
def toy(tmp_path: Path) -> ToyBox:
    return ToyBox.make(tmp_path)
