"""Make a tiny untrained network in the layout that timm loads."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables
    from mammoflow.models import random_models, snapshots

    folder = Path(snakemake.params.folder)
    random_models.make_network(folder)
    tables.write(snapshots.account(folder, source="random"), snakemake.output.files, tables.MODEL_FILES)
