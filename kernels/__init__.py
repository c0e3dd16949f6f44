"""Number work on plain arrays, compiled by numba. This file stays empty of imports: ``import kernels`` costs nothing.

Another PyPI distribution also installs a top-level package called ``kernels``; ``DISTRIBUTION`` tells the two apart.
"""

DISTRIBUTION = "compute-grid-optimizer"
