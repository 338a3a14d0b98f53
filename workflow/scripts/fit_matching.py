"""Fit the lookup tables of a recipe on the development images."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from safetensors.numpy import save_file
    from tqdm import tqdm

    from mammoflow import matching, pictures, splits, tables
    from mammoflow.files import atomic

    work = Path(snakemake.params.work)
    images = tables.read(snakemake.input.images, tables.IMAGES).set_index("image_id")
    development = splits.development_images(
        tables.read(snakemake.input.labelled_images, tables.LABELLED_IMAGES),
        tables.read(snakemake.input.test_patients, tables.TEST_PATIENTS),
    )
    histograms = {
        image: pictures.load_histogram(work / images.loc[image, "picture"]) for image in tqdm(development["image_id"])
    }
    fitted = matching.fit(snakemake.params.matching, development, histograms)
    log.info("%d tables from %d images", len(fitted.arrays), len(development))
    with atomic(snakemake.output.tables) as temporary:
        save_file(fitted.arrays, temporary)
    tables.write(fitted.accounts, snakemake.output.matching, tables.MATCHING)
