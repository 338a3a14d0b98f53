"""Export the accepted images of one shard as PNGs of one recipe."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from tqdm import tqdm

    from mammoflow import export, matching, tables
    from mammoflow.recipes import Recipe

    recipe = Recipe(**snakemake.params.recipe)
    shard = tables.read(snakemake.input.shard, tables.IMAGES)
    withdrawn = tables.read(snakemake.input.withdrawn, tables.WITHDRAWN)
    fitted = matching.Matching(
        recipe,
        tables.read(snakemake.input.matching, tables.MATCHING),
        matching.load(snakemake.input.tables),
    )
    pngs = export.export(
        export.accepted(shard, withdrawn),
        fitted,
        work=Path(snakemake.params.work),
        folder=Path(snakemake.params.folder),
        progress=tqdm,
    )
    log.info("exported %d PNGs", len(pngs))
    for key, asked in (("tone", recipe.tone), ("matching", recipe.matching)):
        if others := int((pngs[key] != asked).sum()):
            log.warning("%d of them by another %s than %s: see the column %s", others, key, asked, key)
    tables.write(pngs, snakemake.output.pngs, tables.PNGS)
