"""Kernels written in plain C, compiled when a benchmark asks for them: what a hand-written library would reach.

``load("break_even")`` compiles ``benchmarks/c/break_even.c`` with all that the machine can do and keeps the library in
the folder of temporary files, under a name made of its source, its options and the processor.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

OPTIONS = ("-O3", "-march=native", "-fopenmp", "-shared", "-fPIC")


def compiler() -> str | None:
    """The C compiler: ``CC``, else ``cc``; None where there is none."""
    return shutil.which(os.environ.get("CC", "cc"))


@cache
def load(name: str) -> ctypes.CDLL:
    """The compiled source ``name``; RuntimeError without a compiler, CalledProcessError for one that refuses it."""
    cc = compiler()
    if cc is None:
        raise RuntimeError("no C compiler")
    source = Path(__file__).parent / "c" / f"{name}.c"
    parts = (source.read_text(), cc, *OPTIONS, platform.machine(), platform.processor())
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"compute-grid-c-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    library = folder / f"{name}-{digest}.so"
    if not library.exists():
        with tempfile.TemporaryDirectory(dir=folder) as fresh:
            made = Path(fresh) / library.name
            subprocess.run([cc, *OPTIONS, "-o", str(made), str(source), "-lm"], check=True)
            made.replace(library)
    return ctypes.CDLL(str(library))


@contextmanager
def one_thread() -> Iterator[None]:
    """Peers run on one thread meanwhile; without a compiler there is no peer, and nothing to do."""
    if compiler() is None:
        yield
        return
    library = load("ceilings")
    before = library.threads()
    library.set_threads(1)
    try:
        yield
    finally:
        library.set_threads(before)


def pointer(array: NDArray[np.generic]) -> ctypes.c_void_p:
    """Where a contiguous array begins; the caller keeps the array alive."""
    if not array.flags.c_contiguous:
        raise ValueError("the array is not contiguous")
    return ctypes.c_void_p(array.ctypes.data)
