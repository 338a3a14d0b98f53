"""Export the accepted images of one shard as PNGs of one recipe."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from safetensors.numpy import load_file
    from tqdm import tqdm

    from mammoflow import export, tables
    from mammoflow.matching import Matching

    recipe = snakemake.params.recipe
    shard = tables.read(snakemake.input.shard, tables.IMAGES)
    images = tables.read(snakemake.input.images, tables.IMAGES)
    accepted = images[(images["status"] == "accepted") & images["file_id"].isin(shard["file_id"])]
    fitted = Matching(
        recipe["matching"],
        tables.read(snakemake.input.matching, tables.MATCHING),
        load_file(snakemake.input.tables),
    )
    pngs = export.export(
        accepted,
        fitted,
        crop=recipe["crop"],
        longest_side=recipe["longest_side"],
        work=Path(snakemake.params.work),
        folder=Path(snakemake.params.folder),
        progress=tqdm,
    )
    log.info("exported %d PNGs", len(pngs))
    tables.write(pngs, snakemake.output.pngs, tables.PNGS)
