"""What a process that computes may use: so many threads, and no network.

Sums depend on how they are divided among threads, so the number is a setting, part of the results, and not taken from
what Snakemake happens to grant. Libraries of models look for newer files on their hub unless they are told not to; only
the rules that fetch models may. Call it before the libraries are imported.
"""

import os


def limit_threads(threads: int) -> None:
    """Have OpenMP, BLAS and torch use this many threads in this process, and libraries of models no network."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ["HF_HUB_OFFLINE"] = "1"
