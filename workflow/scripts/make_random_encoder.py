"""Make a tiny untrained encoder in the layout of BiomedCLIP's snapshot, or of timm's networks."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables
    from mammoflow.models import random_models, snapshots

    folder = Path(snakemake.params.folder)
    if snakemake.params.kind == "timm":
        random_models.make_network(folder, model="test_vit")
    else:
        sentences = Path(snakemake.input.vocabulary).read_text(encoding="utf-8").splitlines()
        random_models.make_encoder(folder, sentences=sentences)
    tables.write(snapshots.account(folder, source="random"), snakemake.output.files, tables.MODEL_FILES)
