"""Finding scenario files: those that come with the optimizer, and the user's own."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from optimizer.scenario.document import Mark
from optimizer.scenario.errors import Fault, ScenarioErrors, name_list, nearest_name

SHIPPED_SUFFIXES = (".yaml", ".yml")


def shipped_root() -> Path | None:
    """The folder of the shipped scenarios: package data of an installed optimizer, else the checkout's `scenarios`."""
    packaged = Path(str(resources.files("optimizer").joinpath("_scenarios")))
    checkout = Path(__file__).resolve().parents[2] / "scenarios"
    return next((folder.resolve() for folder in (packaged, checkout) if folder.is_dir()), None)


def shipped_names() -> list[str]:
    """Names under which shipped scenarios can be loaded."""
    root = shipped_root()
    return [] if root is None else sorted(file.stem for file in root.glob("*.yaml"))


def locate(name: str | Path, written_in: Path | None, mark: Mark, path: str) -> tuple[Path, Path]:
    """File and root folder of a scenario that is named on the command line or, in `written_in`, under `extends`.

    A name without suffix is a shipped scenario. A path counts from the file that writes it, or from the working
    folder; a bare file name that is not there is looked for among the shipped ones. Raises ScenarioErrors.
    """
    text = str(name)
    root = shipped_root()
    base = written_in.parent if written_in else Path.cwd()
    is_file_name = Path(text).suffix.lower() in SHIPPED_SUFFIXES
    if is_file_name and (base / text).is_file():
        file = (base / text).resolve()
        return file, root if root is not None and file.is_relative_to(root) else file.parent
    if root is not None and Path(text).name == text:
        shipped = root / (text if is_file_name else f"{text}.yaml")
        if shipped.is_file():
            return shipped, root
    names = shipped_names()
    folder = (base / text).parent
    beside = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    yamls = [name for name in sorted(beside) if Path(name).suffix.lower() in SHIPPED_SUFFIXES]
    raise ScenarioErrors(
        [
            Fault(
                "no such scenario" if written_in is None else "this scenario does not exist",
                mark.file or (base / text if is_file_name else None),
                mark.line,
                path,
                repr(text),
                f"a YAML file, or a shipped scenario: {name_list(names)}",
                nearest_name(Path(text).name, [*yamls, *names] if is_file_name else names),
            )
        ]
    )
