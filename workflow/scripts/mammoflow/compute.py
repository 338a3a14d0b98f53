"""How many threads the numerical libraries use.

Sums depend on how they are divided among threads, so the number is a setting, part of the results, and not taken from
what Snakemake happens to grant. Call it before the libraries are imported.
"""

import os


def limit_threads(threads: int) -> None:
    """Have OpenMP, BLAS and torch use this many threads in this process."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)
