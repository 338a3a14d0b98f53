"""What tests share."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# No test holds a time: a busy machine is no failure.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

REPO = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def mammoflow_data():
    """The folder of real data; tests that need it are skipped where there is none."""
    folder = os.environ.get("MAMMOFLOW_DATA")
    if not folder:
        pytest.skip("needs real data: set MAMMOFLOW_DATA to the folder that holds it")
    if not Path(folder).is_dir():
        pytest.fail(f"MAMMOFLOW_DATA is {folder!r}, which is no folder")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def snakemake_run():
    """Runs the workflow as a user does, in a folder of its own: snakemake_run(directory, *arguments)."""

    def run(directory, *arguments, cores=2, timeout=1200):
        command = [sys.executable, "-m", "snakemake", "--snakefile", REPO / "Snakefile", "--directory", directory]
        return subprocess.run(
            [*map(str, command), "--cores", str(cores), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="surrogateescape",
            timeout=timeout,
            check=False,
        )

    return run
