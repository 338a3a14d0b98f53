"""Draw pictures before and after the matching of a recipe, and the intensities of each device."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import splits, tables
    from mammoflow.figures import images as image_plots
    from mammoflow.figures import samples, style

    development = splits.development_images(
        tables.read(snakemake.input.labelled_images, tables.LABELLED_IMAGES),
        tables.read(snakemake.input.test_patients, tables.TEST_PATIENTS),
    )
    images = tables.read(snakemake.input.images, tables.IMAGES)
    pictures = images.loc[images["status"] == "accepted", ["image_id", "picture"]]
    pngs = tables.read_all(snakemake.input.pngs, tables.PNGS).set_index("image_id")["file"].to_dict()
    shown, distributions = samples.of_recipe(
        development.merge(pictures, on="image_id", validate="one_to_one"), pngs, Path(snakemake.params.work)
    )
    figure = image_plots.matching(
        shown,
        distributions,
        recipe=snakemake.wildcards.recipe,
        way=snakemake.params.matching,
        warning=snakemake.params.warning,
    )
    style.save(figure, png=snakemake.output.figure, pdf=snakemake.output.pdf)
