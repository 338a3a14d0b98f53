"""Embed the PNGs of one shard, unless the same PNGs were embedded by the same encoder before."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.compute["threads"])

    from safetensors.numpy import save_file
    from tqdm import tqdm

    from mammoflow import tables, work
    from mammoflow.models import embeddings, encoders, snapshots

    params = snakemake.params
    pngs = tables.read(snakemake.input.pngs, tables.PNGS)
    weights = snapshots.fingerprint(tables.read(snakemake.input.encoder, tables.MODEL_FILES))
    key = work.key_of(weights=weights, pngs=list(pngs["sha256"]), compute=params.compute, code=params.code)
    folder = Path(params.work) / key

    def embed(place: Path) -> None:
        """Embed all PNGs of the shard into this folder."""
        encoder = encoders.load(Path(params.folder))
        vectors = encoder.images(list(pngs["file"]), tqdm)
        save_file({embeddings.VECTORS: vectors}, place / embeddings.FILE)

    made = len(pngs) > 0 and work.result(folder, embed)
    log.info("encoded %d of %d images", len(pngs) if made else 0, len(pngs))
    tables.write(embeddings.index(pngs, folder), snakemake.output.embeddings, tables.EMBEDDINGS)
