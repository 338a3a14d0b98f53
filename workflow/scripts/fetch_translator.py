"""Fetch a translation model from the hub or a local folder."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables
    from mammoflow.models import snapshots

    params = snakemake.params
    files = snapshots.fetch_translator(params.source, params.revision, Path(params.folder))
    tables.write(files, snakemake.output.files, tables.MODEL_FILES)
