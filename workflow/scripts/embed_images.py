"""Embed the PNGs of one shard, but for those that the same encoder embedded before."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.compute["threads"])

    from math import ceil

    from tqdm import tqdm

    from mammoflow import tables, work
    from mammoflow.models import embeddings, snapshots

    given, params = snakemake.input, snakemake.params
    pngs = tables.read(given.pngs, tables.PNGS)
    files = tables.read(given.encoder, tables.MODEL_FILES)
    settings = params.encoder
    key = work.key_of(
        weights=snapshots.fingerprint(files),
        settings=settings,
        compute=params.compute,
        libraries=embeddings.libraries(),
        code=params.encoders,
    )
    batches: list[int] = []

    def encode(paths: list[str]) -> embeddings.Vectors:
        """Encode PNGs; torch is imported only where there are some."""
        from mammoflow.models import encoders

        folder = Path(params.folder)
        snapshots.check(folder, files)
        encoder = encoders.load(folder, kind=settings["kind"], resize=settings["resize"])
        batches.append(ceil(len(paths) / encoder.batch))
        return encoder.images(paths, tqdm)

    filled = embeddings.Filled(Path(params.work) / key, 0, "")
    if len(pngs):
        filled = embeddings.fill(
            Path(params.work) / key,
            pngs,
            origin=embeddings.origin(
                snakemake.wildcards.recipe, params.recipe, tables.read(given.matching, tables.MATCHING)
            ),
            encode=encode,
            precision=settings["precision"],
        )
    log.info("encoded %d of %d images in %d batches", filled.encoded, len(pngs), sum(batches))
    if filled.why:
        log.info(filled.why)
    tables.write(embeddings.index(pngs, filled.folder), snakemake.output.embeddings, tables.EMBEDDINGS)
