"""Decode the PNGs of a recipe's labelled images once, into one array of squares."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from tqdm import tqdm

    from mammoflow import tables, work
    from mammoflow.models import arrays

    params, side = snakemake.params, int(snakemake.wildcards.side)
    labelled = tables.read(snakemake.input.labelled, tables.LABELLED_IMAGES)
    pngs = tables.read_all(snakemake.input.pngs, tables.PNGS)
    pngs = pngs[pngs["image_id"].isin(labelled["image_id"])].reset_index(drop=True)
    folder = Path(params.work) / work.key_of(pngs=list(pngs["sha256"]), side=side, code=params.stacking)
    made = work.result(folder, lambda place: arrays.stack(list(pngs["file"]), side, place / arrays.FILE, tqdm))
    log.info("decoded %d of %d PNGs", len(pngs) if made else 0, len(pngs))
    tables.write(arrays.index(pngs, folder), snakemake.output.squares, tables.ARRAYS)
