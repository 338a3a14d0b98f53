"""Make a tiny untrained translation model in the layout of opus-mt-es-en."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables
    from mammoflow.models import random_models, snapshots

    folder = Path(snakemake.params.folder)
    sentences = Path(snakemake.input.sentences).read_text(encoding="utf-8").splitlines()
    random_models.make_translator(folder, sentences=sentences)
    tables.write(snapshots.account(folder, source="random"), snakemake.output.files, tables.MODEL_FILES)
