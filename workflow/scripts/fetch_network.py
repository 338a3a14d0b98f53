"""Fetch a timm network's weights from the hub."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables
    from mammoflow.models import snapshots

    files = snapshots.fetch_network(snakemake.wildcards.model, Path(snakemake.params.folder))
    tables.write(files, snakemake.output.files, tables.MODEL_FILES)
