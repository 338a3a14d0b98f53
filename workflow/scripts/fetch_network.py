"""Fetch a timm network's weights from the hub, or take them from a file of the user's."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables
    from mammoflow.models import own_weights, snapshots

    own, folder = snakemake.params.own_weights, Path(snakemake.params.folder)
    if own:
        own_weights.make_snapshot(own["model"], Path(own["file"]), folder)
        files = snapshots.account(folder, source=f"file:{Path(own['file']).name}")
    else:
        files = snapshots.fetch_network(snakemake.wildcards.model, folder)
    tables.write(files, snakemake.output.files, tables.MODEL_FILES)
