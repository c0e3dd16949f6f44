"""A private copy of the toy scenario that a test may damage."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optimizer.scenario.errors import Fault, ScenarioErrors
from optimizer.scenario.load import load_scenario
from optimizer.scenario.scenario import Scenario

SHIPPED = Path(__file__).resolve().parents[2] / "scenarios"


@dataclass(frozen=True)
class ToyBox:
    """`toy.yaml` and its tables in a folder of their own."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> ToyBox:
        shutil.copy(SHIPPED / "toy.yaml", folder / "toy.yaml")
        shutil.copytree(SHIPPED / "data" / "toy", folder / "data" / "toy")
        return cls(folder)

    def file(self, name: str) -> Path:
        """`toy.yaml`, or the CSV of that name."""
        return self.folder / name if name.endswith(".yaml") else self.folder / "data" / "toy" / name

    def edit(self, name: str, old: str, new: str) -> None:
        """Replaces a piece of text where it stands first."""
        text = self.file(name).read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        self.file(name).write_text(text.replace(old, new, 1), encoding="utf-8")

    def line(self, name: str, text: str) -> int:
        """Line, from 1, on which `text` starts."""
        content = self.file(name).read_text(encoding="utf-8")
        assert text in content, f"{text!r} is not in {name}"
        return content[: content.index(text)].count("\n") + 1

    def load(self, *args: Any, **kwargs: Any) -> Scenario:
        return load_scenario(self.folder / "toy.yaml", *args, **kwargs)

    def faults(self, *args: Any, **kwargs: Any) -> tuple[Fault, ...]:
        """What is wrong; fails where nothing is."""
        try:
            self.load(*args, **kwargs)
        except ScenarioErrors as error:
            return error.faults
        raise AssertionError("the scenario loads, but it should not")
