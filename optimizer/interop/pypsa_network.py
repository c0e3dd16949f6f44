"""Reading a PyPSA network: a netCDF file or a folder of CSV files, through PyPSA itself.

PyPSA is not needed to plan or to solve, only here: its own reader knows the defaults of every version, the standard
types of lines and the periodised costs, and none of that is written twice. It is the extra `pypsa` of this package.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from optimizer.interop.errors import ExchangeError

Network = Any  # pypsa.Network; PyPSA is optional, so its types are not known here


def pypsa_module() -> Any:
    """PyPSA 1.x, or one clear sentence about how to get it."""
    try:
        import pypsa
    except ImportError as error:
        raise ExchangeError(
            'this needs PyPSA, which is not installed: pip install "pypsa>=1,<2" beside this package'
        ) from error
    major = str(pypsa.__version__).split(".")[0]
    if major != "1":
        raise ExchangeError(f"this needs PyPSA 1.x, found {pypsa.__version__}")
    return pypsa


@contextmanager
def quiet() -> Iterator[None]:
    """PyPSA speaks through logging and warnings; what matters here is said by the exchange itself."""
    logger = logging.getLogger("pypsa")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def read_network(path: str | Path) -> Network:
    """The network of a netCDF file or of a folder of CSV files. ExchangeError where there is none."""
    pypsa = pypsa_module()
    place = Path(path)
    if not place.exists():
        raise ExchangeError(f"there is no network at {place}")
    if place.is_dir() and not (place / "buses.csv").is_file():
        raise ExchangeError(f"{place} holds no buses.csv: a folder is read as PyPSA's CSV export")
    if place.is_file() and place.suffix not in (".nc", ".h5"):
        raise ExchangeError(f"{place} is no netCDF file (.nc) and no folder of CSV files")
    with quiet():
        try:
            if place.is_dir():
                network = pypsa.Network()
                network.import_from_csv_folder(place)
                return network
            return pypsa.Network(place)
        except Exception as error:  # whatever the reader stumbles over, the file is at fault
            raise ExchangeError(f"PyPSA cannot read {place}: {error}") from error
