"""Measure what a recipe's matching does to intensities: shares of bright tissue, and what intensities still tell."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.compute["threads"])

    from tqdm import tqdm

    from mammoflow import matching, quality, tables
    from mammoflow.recipes import Recipe

    given, params = snakemake.input, snakemake.params
    images = tables.read(given.images, tables.IMAGES)
    development = matching.development_images(
        tables.read(given.labelled_images, tables.LABELLED_IMAGES),
        tables.read(given.test_patients, tables.TEST_PATIENTS),
        tables.read(given.classes, tables.CLASSES),
        images,
    )
    pngs = tables.read_all(given.pngs, tables.PNGS)[["image_id", "file"]]
    files = images[["image_id", "picture"]].merge(pngs, on="image_id", validate="1:1")
    measured = quality.sample(development).merge(files, on="image_id", validate="1:1")
    log.info("%d of %d development images", len(measured), len(development))
    greys = quality.read_greys(measured, Recipe(**params.recipe), work=Path(params.work), progress=tqdm)
    tables.write(quality.bright_tissue(measured, greys), snakemake.output.bright_tissue, tables.BRIGHT_TISSUE)
    found = quality.measures(measured, greys, resamples=params.resamples)
    tables.write(found, snakemake.output.measures, tables.QUALITY)
