"""Record what the run was made with, and the hash of every file that it left."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from tqdm import tqdm

    from mammoflow import machine, provenance, run_record

    about = {
        "commit": provenance.code_commit(Path(provenance.__file__).parent),
        "configuration": snakemake.params.configuration,
        "machine": machine.about(),
        "packages": provenance.versions(),
    }
    for folder, path in snakemake.output.items():
        run_record.write(Path(path), about=about, folder=Path(folder), progress=tqdm)
